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
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readDaemonSettings } from '../../src/host/daemon/settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What went into each bundle. */
const META = {
  container: 'dist/container.meta.json',
  http: 'dist/health-http.meta.json',
  host: 'dist/host.meta.json',
  metrics: 'dist/host-metrics.meta.json',
} as const;
const OVERLAY = join(ROOT, 'dist/rootfs');
const HOST = join(ROOT, 'dist/host');
const UNIT = 'usr/lib/systemd/system/ctrkitd.service';

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
  'usr/lib/ctrkit/hold_caller': 'file 755',
  'usr/lib/ctrkit/launch': 'file 755',
  'usr/lib/ctrkit/load.cjs': 'file 644',
  'usr/lib/ctrkit/run_command': 'file 644',
  'usr/lib/ctrkit/start_command': 'file 644',
  'usr/share': 'folder 755',
  'usr/share/sonic': 'folder 755',
  'usr/share/sonic/scripts': 'folder 755',
  'usr/share/sonic/scripts/container_startup.py': 'file 755',
};
/** Everything a host gets. No folder `lib` beside `usr`: it would take the place of the host's link of that name. */
const WANTED_ON_HOST: Readonly<Record<string, string>> = {
  etc: 'folder 755',
  'etc/config-setup': 'folder 755',
  'etc/config-setup/config-migration-post-hooks.d': 'folder 755',
  'etc/config-setup/config-migration-post-hooks.d/50-ctrkit': 'file 755',
  'etc/config-setup/config-migration-pre-hooks.d': 'folder 755',
  'etc/config-setup/config-migration-pre-hooks.d/50-ctrkit': 'file 755',
  usr: 'folder 755',
  'usr/bin': 'folder 755',
  'usr/bin/container': 'link ../lib/ctrkit-host/launch',
  'usr/bin/ctrkit': 'link ../lib/ctrkit-host/launch',
  'usr/bin/ctrkitd': 'link ../lib/ctrkit-host/launch',
  'usr/lib': 'folder 755',
  'usr/lib/ctrkit-host': 'folder 755',
  'usr/lib/ctrkit-host/host-metrics.cjs': 'file 644',
  'usr/lib/ctrkit-host/host.cjs': 'file 644',
  'usr/lib/ctrkit-host/launch': 'file 755',
  'usr/lib/systemd': 'folder 755',
  'usr/lib/systemd/system': 'folder 755',
  [UNIT]: 'file 644',
  'usr/local': 'folder 755',
  'usr/local/bin': 'folder 755',
  // Where SONiC's service files call it.
  'usr/local/bin/container': 'link ../../lib/ctrkit-host/launch',
  'usr/local/bin/ctrmgr_tools.py': 'file 755',
};
/** Every package that is in the host side's bundle. */
const WANTED_PACKAGES = [
  '@colors/colors',
  '@ioredis/commands',
  '@kubernetes/client-node',
  '@pinojs/redact',
  'ansi-regex',
  'atomic-sleep',
  'cli-table3',
  'cluster-key-slot',
  'commander',
  'denque',
  'docker-modem',
  'dockerode',
  'emoji-regex',
  'inherits',
  'ioredis',
  'is-fullwidth-code-point',
  'js-yaml',
  'on-exit-leak-free',
  'pino',
  'pino-std-serializers',
  'quick-format-unescaped',
  'readable-stream',
  'redis-errors',
  'safe-buffer',
  'safe-stable-stringify',
  'semver',
  'sonic-boom',
  'standard-as-callback',
  'string-width',
  'string_decoder',
  'strip-ansi',
  'thread-stream',
  'util-deprecate',
  'valibot',
];
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

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

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

describe('what images and hosts get', { timeout: 600_000 }, () => {
  before(() => {
    if ([...Object.values(META), 'dist/rootfs', 'dist/host'].every((path) => existsSync(join(ROOT, path))))
      return;
    const { status, stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0, `the build failed: ${stderr}`);
  });

  const readMeta = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Metafile;
  const inputs = (path: string = META.container): string[] => Object.keys(readMeta(path).inputs);

  test('the container side’s bundle holds the container side', () => {
    const needed = [
      'bin/container-side.ts',
      'src/decide/gate/decide-startup.ts',
      'src/container/agent/agent.ts',
    ];
    for (const path of needed) assert.ok(inputs().includes(path), path);
  });

  test('the container side’s bundles hold nothing of a host side, of the tests, or of the tools', () => {
    const all = [...inputs(), ...inputs(META.http)];
    const foreign = all.filter((path) => /(^|:)(src\/host|test|docker)\//.test(path));
    assert.deepEqual(foreign, []);
    const tools = inputs().filter((path) =>
      /node_modules\/(tsx|typescript|fast-check|esbuild|oxlint)\//.test(path),
    );
    assert.deepEqual(tools, []);
  });

  test('the container side has one bundle, and one for HTTP, which is off nearly everywhere', () => {
    const entryOf = (path: string) =>
      Object.values(readMeta(path).outputs).map(({ entryPoint }) => entryPoint);
    assert.deepEqual(entryOf(META.container), ['bin/container-side.ts']);
    assert.deepEqual(entryOf(META.http), ['src/container/adapters/http/health-http.ts']);
  });

  test('only the bundle for HTTP holds the HTTP server and what writes metrics, and no package', () => {
    const isHttp = (path: string) => /adapters\/http\/|text\/exposition/.test(path);
    assert.deepEqual(
      inputs().filter((path) => isHttp(path)),
      [],
    );
    assert.ok(inputs(META.http).some((path) => isHttp(path)));
    assert.deepEqual(
      inputs(META.http).filter((path) => path.includes('node_modules')),
      [],
    );
  });

  test('the bundle for HTTP answers where nothing else is, and keeps no process alive', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctrkit-bundle-'));
    try {
      cpSync(join(OVERLAY, 'usr/lib/ctrkit/health-http.cjs'), join(folder, 'health-http.cjs'));
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', ASK_FOR_METRICS], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 120_000,
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

  for (const overlay of [OVERLAY, HOST]) {
    test(`every link of ${basename(overlay)} leads to a file in it, wherever it lies`, () => {
      for (const [path, what] of Object.entries(describeEntries(overlay))) {
        if (!what.startsWith('link ')) continue;
        const target = what.slice('link '.length);
        assert.ok(!target.startsWith('/'), path);
        assert.ok(statSync(join(overlay, path)).isFile(), path);
      }
    });

    test(`no file of ${basename(overlay)} knows where it was built`, () => {
      for (const [path, what] of Object.entries(describeEntries(overlay))) {
        // The compiled form names the files that it was compiled from; nothing is looked for there.
        if (what.startsWith('folder') || CACHE.test(path)) continue;
        assert.equal(readFileSync(join(overlay, path)).includes(ROOT), false, path);
      }
    });
  }

  test('the host gets exactly these files, with these modes and links', () => {
    assert.deepEqual(describeEntries(HOST), WANTED_ON_HOST);
  });

  test('the host side’s bundle holds all three commands, and nothing of the container side, the tests or the tools', () => {
    const held = inputs(META.host);
    for (const path of [
      'bin/container.ts',
      'bin/ctrkit.ts',
      'bin/ctrkitd.ts',
      'src/decide/images/certification.ts',
    ])
      assert.ok(held.includes(path), path);
    assert.deepEqual(
      held.filter((path) => /(^|:)(src\/container|test|docker)\//.test(path)),
      [],
    );
  });

  test('container loads nothing at its start that decodes a ledger, asks an engine or explains', () => {
    interface Input {
      readonly imports: readonly { readonly path: string; readonly kind: string }[];
    }
    const files = readMeta(META.host).inputs as Readonly<Record<string, Input>>;
    const loaded = new Set<string>();
    const walk = (path: string): void => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const { path: next, kind } of files[path]?.imports ?? [])
        if (kind !== 'dynamic-import') walk(next);
    };
    walk('bin/container.ts');
    assert.ok(loaded.has('src/host/adapters/known-blocks.ts'));
    const heavy = /valibot|adapters\/ledger\/|dockerode|commands\/ctrkit\/|js-yaml/;
    assert.deepEqual(
      [...loaded].filter((path) => heavy.test(path)),
      [],
    );
  });

  test('the host side has one bundle for HTTP and metrics, and nothing of either in the other', () => {
    const isOfMetrics = (path: string): boolean =>
      /adapters\/http\/|\/metrics\/|compose\/host-metrics|text\/exposition/.test(path);
    assert.deepEqual(
      inputs(META.host).filter((path) => isOfMetrics(path)),
      [],
    );
    const held = inputs(META.metrics);
    assert.ok(held.includes('src/adapters/http/http-server.ts'));
    assert.deepEqual(
      held.filter((path) => /node_modules|src\/container|start-daemon|adapters\/(?:redis|docker)/.test(path)),
      [],
    );
  });

  test('of dockerode the host side’s bundle holds what talks to a socket: no ssh, no gRPC, no tar files', () => {
    const packages = inputs(META.host).flatMap(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? [],
    );
    assert.deepEqual([...new Set(packages)].toSorted(), WANTED_PACKAGES);
  });

  test('the host side’s bundle looks at no socket for a debug line of docker-modem that nobody reads (H2)', () => {
    const bundle = readFileSync(join(HOST, 'usr/lib/ctrkit-host/host.cjs'), 'latin1');
    assert.match(bundle, /buildRequest=function/, 'docker-modem is in it');
    assert.doesNotMatch(bundle, /Sending: %s|showHidden/);
  });

  test('of the Kubernetes client it holds what reads a kubeconfig: not its generated API, nor its ways to log in', () => {
    const held = inputs(META.host).flatMap((path) => /client-node\/dist\/(.+)$/.exec(path)?.[1] ?? []);
    assert.deepEqual(held.toSorted(), ['config.js', 'config_types.js']);
  });

  for (const name of ['usr/bin/container', 'usr/local/bin/container', 'usr/bin/ctrkit', 'usr/bin/ctrkitd']) {
    test(`${name} runs from wherever the host’s files lie, through a link to it as well`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'ctrkit-host-'));
      try {
        cpSync(HOST, join(folder, 'host'), { recursive: true, verbatimSymlinks: true });
        symlinkSync(join(folder, 'host', name), join(folder, basename(name)));
        const env = { PATH: process.env['PATH'], CTRKIT_NODE: process.execPath };
        for (const path of [join(folder, 'host', name), join(folder, basename(name))]) {
          const { status, stdout, stderr } = spawnSync(path, ['--help'], { env, encoding: 'utf8' });
          assert.equal(status, 0, stderr);
          assert.match(stdout, new RegExp(`^Usage: ${basename(name)} `));
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  test('the unit starts a command that the host gets, with the folders that are the daemon’s defaults', () => {
    const unit = readFileSync(join(HOST, UNIT), 'utf8');
    const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    assert.ok(statSync(join(HOST, valueOf('ExecStart'))).mode & 0o111);
    const { runDir } = readDaemonSettings({});
    // systemd would make /var/lib/ctrkit, also where the state is in /host.
    assert.equal(valueOf('StateDirectory'), '');
    assert.equal(`/run/${valueOf('RuntimeDirectory')}`, runDir);
    // Its own name: a unit that conflicts with itself, or that needs a target which is SONiC's, would not start.
    assert.equal(valueOf('Alias'), 'ctrmgrd.service');
    assert.deepEqual([valueOf('Conflicts'), valueOf('BindsTo')], ['', '']);
  });

  test(
    'systemd finds nothing wrong with the unit',
    { skip: !hasSystemd && 'no systemd-analyze here' },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'ctrkit-unit-'));
      try {
        const unit = readFileSync(join(HOST, UNIT), 'utf8');
        const path = join(folder, 'ctrkitd.service');
        writeFileSync(path, unit.replace('ExecStart=/', `ExecStart=${HOST}/`));
        const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
        assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
