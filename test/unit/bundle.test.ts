import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What went into each bundle. */
const META = { container: 'dist/container.meta.json', http: 'dist/health-http.meta.json' } as const;
const OVERLAY = join(ROOT, 'dist/rootfs');

/** Everything an image gets: path, and mode or what it is a link to. */
const WANTED: Readonly<Record<string, string>> = {
  etc: 'folder 755',
  'etc/ctrkit': 'folder 755',
  'etc/ctrkit/checks': 'folder 755',
  'etc/ctrkit/checks.toml': 'file 644',
  'etc/ctrkit/checks/required.d': 'folder 755',
  'etc/ctrkit/checks/required.d/.keep': 'file 644',
  'etc/ctrkit/checks/wanted.d': 'folder 755',
  'etc/ctrkit/checks/wanted.d/.keep': 'file 644',
  'etc/supervisor': 'folder 755',
  'etc/supervisor/conf.d': 'folder 755',
  'etc/supervisor/conf.d/ctrkit.conf': 'file 644',
  usr: 'folder 755',
  'usr/bin': 'folder 755',
  'usr/bin/container_startup': 'link ../lib/ctrkit/launch',
  'usr/bin/container_state': 'link ../lib/ctrkit/launch',
  'usr/bin/ctrkit_agent': 'link ../lib/ctrkit/launch',
  'usr/bin/health_probe': 'link ../lib/ctrkit/health_probe',
  'usr/bin/readiness_probe.sh': 'link ../lib/ctrkit/health_probe',
  'usr/lib': 'folder 755',
  'usr/lib/ctrkit': 'folder 755',
  'usr/lib/ctrkit/container.cjs': 'file 644',
  'usr/lib/ctrkit/health-http.cjs': 'file 644',
  'usr/lib/ctrkit/health_probe': 'file 755',
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

/** Run beside the bundle: prints the metrics, and leaves the server open. */
const ASK_FOR_METRICS = `
  const { startHealthHttp } = require('./health-http.cjs');
  const answers = { startup: 0, readiness: 0, liveness: 0 };
  const report = { feature: 'f', version: '1', owner: 'kube', status: 'healthy', reason: '', answers,
    checks: [], restarts: 0, nowMs: 2, startedMs: 1, healthySinceMs: 1 };
  const log = { info() {}, warn: console.error, error: console.error };
  const address = 'unix://' + process.cwd() + '/http.sock';
  startHealthHttp({ address, readReport: () => report, log, clock: { bootMs: () => 0 } }).then(() =>
    require('node:http').get({ socketPath: 'http.sock', path: '/metrics', agent: false },
      (response) => response.pipe(process.stdout)));
`;

describe('what an image gets', { timeout: 120_000 }, () => {
  before(() => {
    if ([META.container, META.http, 'dist/rootfs'].every((path) => existsSync(join(ROOT, path)))) return;
    const { status, stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0, `the build failed: ${stderr}`);
  });

  const readMeta = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Metafile;
  const inputs = (path: string = META.container): string[] => Object.keys(readMeta(path).inputs);

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

  test('the container side has one bundle, and one for HTTP, which is off nearly everywhere', () => {
    const entryOf = (path: string) =>
      Object.values(readMeta(path).outputs).map(({ entryPoint }) => entryPoint);
    assert.deepEqual(entryOf(META.container), ['bin/container.ts']);
    assert.deepEqual(entryOf(META.http), ['src/container/adapters/http/health-http.ts']);
  });

  test('only the bundle for HTTP holds the HTTP server and prom-client, and of that nothing but what writes text', () => {
    const isHttp = (path: string) => /prom-client|adapters\/http\//.test(path);
    assert.deepEqual(
      inputs().filter((path) => isHttp(path)),
      [],
    );
    assert.doesNotMatch(
      readFileSync(join(OVERLAY, 'usr/lib/ctrkit/container.cjs'), 'latin1'),
      /already been registered/,
    );
    const held = inputs(META.http).filter((path) => path.includes('node_modules'));
    assert.ok(held.length > 0);
    for (const path of held) {
      assert.match(
        path,
        /prom-client\/(index|lib\/(registry|metric|counter|gauge|exemplar|util|validation))\.js$/,
      );
    }
  });

  test('the bundle for HTTP answers where nothing else is, and keeps no process alive', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctrkit-bundle-'));
    try {
      cpSync(join(OVERLAY, 'usr/lib/ctrkit/health-http.cjs'), join(folder, 'health-http.cjs'));
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', ASK_FOR_METRICS], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 30_000,
      });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^ctrkit_container_info\{feature="f",version="1",owner="kube"\} 1$/m);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
