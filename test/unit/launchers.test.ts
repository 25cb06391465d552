import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
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

describe('what a shell of the kit says is plain', () => {
  for (const [path, env, args] of [
    ['rootfs/usr/lib/ctrkit/launch', { CTRKIT_NODE: '\u001b[31m' }, []],
    ['rootfs/usr/lib/ctrkit/health_probe', { CTRKIT_RUN_DIR: '/\u001b[31m' }, ['liveness']],
  ] as const)
    test(path, () => {
      const file = new URL(path, TOP).pathname;
      const { stdout, stderr } = spawnSync('sh', [file, ...args], {
        env: { PATH: process.env['PATH'], ...env },
      });
      const said = `${stdout.toString('latin1')}${stderr.toString('latin1')}`;
      assert.match(said, /^[ -~\n]+$/);
      assert.match(said, /not plain text/);
    });
});
