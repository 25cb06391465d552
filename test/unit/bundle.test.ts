import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const META = join(ROOT, 'dist/container.meta.json');
const OVERLAY = join(ROOT, 'dist/rootfs');

/** Everything an image gets: path, and mode or what it is a link to. */
const WANTED: Readonly<Record<string, string>> = {
  etc: 'folder 755',
  'etc/supervisor': 'folder 755',
  'etc/supervisor/conf.d': 'folder 755',
  'etc/supervisor/conf.d/ctrkit.conf': 'file 644',
  usr: 'folder 755',
  'usr/bin': 'folder 755',
  'usr/bin/container_startup': 'link ../lib/ctrkit/launch',
  'usr/bin/container_state': 'link ../lib/ctrkit/launch',
  'usr/bin/ctrkit_agent': 'link ../lib/ctrkit/launch',
  'usr/lib': 'folder 755',
  'usr/lib/ctrkit': 'folder 755',
  'usr/lib/ctrkit/container.cjs': 'file 644',
  'usr/lib/ctrkit/launch': 'file 755',
  'usr/lib/ctrkit/load.cjs': 'file 644',
  'usr/share': 'folder 755',
  'usr/share/sonic': 'folder 755',
  'usr/share/sonic/scripts': 'folder 755',
  'usr/share/sonic/scripts/container_startup.py': 'file 755',
};
/** The bundle compiled for one Node.js; there is one where the build found that Node.js. */
const CACHE = /^usr\/lib\/ctrkit\/container\.v\d+\.\d+\.\d+-(x64|arm64)\.cache$/;

function describeEntries(folder: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const name = join(prefix, entry.name);
    const path = join(folder, name);
    const mode = (): string => (statSync(path).mode & 0o7777).toString(8);
    if (entry.isSymbolicLink()) found[name] = `link ${readlinkSync(path)}`;
    else if (entry.isDirectory())
      Object.assign(found, { [name]: `folder ${mode()}` }, describeEntries(folder, name));
    else found[name] = `file ${mode()}`;
  }
  return found;
}

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, { readonly entryPoint?: string }>>;
}

describe('what an image gets', { timeout: 120_000 }, () => {
  before(() => {
    if (existsSync(META) && existsSync(OVERLAY)) return;
    const { status, stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0, `the build failed: ${stderr}`);
  });

  const inputs = (): string[] => Object.keys((JSON.parse(readFileSync(META, 'utf8')) as Metafile).inputs);

  test('the container side’s bundle holds the container side', () => {
    const needed = ['bin/container.ts', 'src/decide/startup.ts', 'src/container/agent/agent.ts'];
    for (const path of needed) assert.ok(inputs().includes(path), path);
  });

  test('the container side’s bundle holds nothing of a host side, of the tests, or of the tools', () => {
    const foreign = inputs().filter((path) => /(^|:)(src\/node|test|docker)\//.test(path));
    assert.deepEqual(foreign, []);
    const tools = inputs().filter((path) =>
      /node_modules\/(tsx|typescript|fast-check|esbuild|oxlint)\//.test(path),
    );
    assert.deepEqual(tools, []);
  });

  test('the container side has one bundle', () => {
    const { outputs } = JSON.parse(readFileSync(META, 'utf8')) as Metafile;
    assert.deepEqual(
      Object.values(outputs).map(({ entryPoint }) => entryPoint),
      ['bin/container.ts'],
    );
  });

  test('the overlay has exactly these files, with these modes and links', () => {
    const found = describeEntries(OVERLAY);
    const caches = Object.keys(found).filter((path) => CACHE.test(path));
    assert.ok(caches.length <= 1, caches.join(', '));
    for (const path of caches) {
      assert.equal(found[path], 'file 644', path);
      delete found[path];
    }
    assert.deepEqual(found, WANTED);
  });

  test('every link of the overlay leads to a file in it, wherever the overlay lies', () => {
    for (const [path, what] of Object.entries(describeEntries(OVERLAY))) {
      if (!what.startsWith('link ')) continue;
      const target = what.slice('link '.length);
      assert.ok(!target.startsWith('/'), path);
      assert.ok(statSync(join(OVERLAY, path)).isFile(), path);
    }
  });

  test('no file of the overlay knows where it was built', () => {
    for (const [path, what] of Object.entries(describeEntries(OVERLAY))) {
      // The compiled form names the files that it was compiled from; nothing is looked for there.
      if (what.startsWith('folder') || CACHE.test(path)) continue;
      assert.equal(readFileSync(join(OVERLAY, path)).includes(ROOT), false, path);
    }
  });
});
