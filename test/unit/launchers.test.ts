import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const TOP = new URL('../../', import.meta.url);
const LAUNCHERS = ['rootfs/usr/lib/ctrkit/launch', 'docker/host/rootfs/usr/lib/ctrkit-host/launch'];

/** Nothing that a command of the kit runs into: certificates, the prompt of Node.js, which nobody sees here, and colours. */
const LEFT = /^(?:NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|NODE_REPL_\w+|FORCE_COLOR|NO_COLOR|TZ)$/;

/** The variables that this Node.js says it reads. */
function listVariables(): string[] {
  const help = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' });
  const [, part = ''] = help.split(/^Environment variables:$/m);
  return [...part.matchAll(/^([A-Z][A-Z\d_]+)/gm)].map(([, name = '']) => name);
}

describe("launchers keep Node.js' settings from the kit", () => {
  for (const path of LAUNCHERS) {
    test(path, () => {
      const text = readFileSync(new URL(path, TOP), 'utf8');
      const names = listVariables().filter((name) => !LEFT.test(name));
      assert.ok(names.length > 10, names.join());
      const missing = names.filter(
        (name) => !new RegExp(`\\s(?:${name}|${name.replace('NODE_', '')})[\\s;]`).test(text),
      );
      assert.deepEqual(missing, []);
    });
  }
});
