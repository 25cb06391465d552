// Builds dist/rootfs, exactly what an image gets, dist/host, what the host gets, and dist/node, the pinned Node.js for
// images and hosts that have none.
// Built under temporary names and renamed: an interrupted build leaves the old one.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { build } from 'esbuild';

const ROOTFS = 'dist/rootfs.tmp';
const KIT = `${ROOTFS}/usr/lib/ctrkit`;
const HOST = 'dist/host.tmp';

/** The Redis commands that the kit, and ioredis on connecting, may send. */
const COMMANDS = new Set([
  'auth',
  'client',
  'disconnect',
  'eval',
  'hello',
  'info',
  'ping',
  'quit',
  'select',
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'sunsubscribe',
  'script',
  'evalsha',
  'multi',
  'exec',
]);

/** ioredis makes two methods of every command Redis ever had, at every start: 8 ms of the gate's 15. */
const fewerCommands = {
  name: 'fewer-commands',
  setup({ onLoad }) {
    onLoad({ filter: /@ioredis[\\/]commands[\\/].*commands\.json$/ }, ({ path }) => {
      const all = Object.entries(JSON.parse(readFileSync(path, 'utf8')));
      return {
        contents: JSON.stringify(Object.fromEntries(all.filter(([name]) => COMMANDS.has(name)))),
        loader: 'json',
      };
    });
  },
};

/** Modules of Node.js that cost milliseconds and are used on a few paths only (TLS, cluster) load when used. */
const LAZY = /^(?:node:)?(tls|crypto|assert|dns|tty|url|worker_threads|diagnostics_channel)$/;
const lazyModules = {
  name: 'lazy-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: LAZY }, ({ path, namespace }) => {
      const name = path.replace('node:', '');
      return namespace === 'lazy'
        ? { path: `node:${name}`, external: true }
        : { path: name, namespace: 'lazy' };
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: `const load = () => require('node:${path}');
        module.exports = new Proxy(() => {}, {
          // An import by name copies the names: that is use.
          ownKeys: () => Reflect.ownKeys(load()),
          getOwnPropertyDescriptor: (_, key) => ({ get: () => load()[key], enumerable: true, configurable: true }),
          get: (_, key) => load()[key],
          has: (_, key) => key in load(),
          apply: (_, self, args) => Reflect.apply(load(), self, args),
        });`,
    }));
  },
};

/** ioredis' debug output needs a library that reads the terminal and the environment at every start. */
const noDebug = {
  name: 'no-debug',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'no-debug' }));
    onLoad({ filter: /.*/, namespace: 'no-debug' }, () => ({
      contents: `const debug = () => Object.assign(() => {}, { enabled: false });
        module.exports = Object.assign(debug, { default: debug });`,
    }));
  },
};

/** Parts of ioredis that a switch has no use for: its Redis is neither a cluster nor watched by sentinels. */
const UNUSED =
  /ioredis[\\/]built[\\/](?:cluster[\\/]index|connectors[\\/]SentinelConnector[\\/]index|constants[\\/]TLSProfiles)\.js$/;
const noCluster = {
  name: 'no-cluster',
  setup({ onLoad }) {
    onLoad({ filter: UNUSED }, () => ({ contents: 'exports.default = class {};' }));
  },
};

const HEALTH_HTTP = 'src/container/adapters/http/health-http.ts';
/** HTTP is off nearly everywhere: it is a file of its own, looked for beside load.cjs, whose require() this is. */
const separateHttp = {
  name: 'separate-http',
  setup({ onResolve }) {
    onResolve({ filter: /adapters[\\/]http[\\/]health-http\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './health-http.cjs', external: true } : undefined,
    );
  },
};

/** Of prom-client only what writes the text: the rest loads https, zlib and OpenTelemetry's interface. */
const onlyExposition = {
  name: 'only-exposition',
  setup({ onLoad }) {
    onLoad({ filter: /prom-client[\\/]index\.js$/ }, () => ({
      contents: `exports.Registry = require('./lib/registry');
        exports.Counter = require('./lib/counter');
        exports.Gauge = require('./lib/gauge');`,
    }));
  },
};

/**
 * Of dockerode and its modem only what talks to an engine over its socket: not ssh, nor tar files of builds, nor the gRPC
 * of BuildKit, 800 kB and 5 MB of memory that nothing here uses.
 */
const ENGINE_UNUSED =
  /^(?:ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore|split-ca)$/;
const onlyEngine = {
  name: 'only-engine',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: ENGINE_UNUSED }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Of the Kubernetes client only its reader of kubeconfigs: not the generated API, nor the ways to log in and the proxies
 * that src/host/adapters/kubernetes refuses, 770 kB and 15 MB of memory.
 */
const CLIENT = /[\\/]@kubernetes[\\/]client-node[\\/]/;
const CLIENT_NAMES = {
  'node-fetch': ['Headers'],
  'socks-proxy-agent': ['SocksProxyAgent'],
  hpagent: ['HttpProxyAgent', 'HttpsProxyAgent'],
  './gen/index.js': ['createConfiguration', 'ServerConfiguration'],
  './azure_auth.js': ['AzureAuth'],
  './gcp_auth.js': ['GoogleCloudPlatformAuth'],
  './oidc_auth.js': ['OpenIDConnectAuth'],
  './exec_auth.js': ['ExecAuth'],
  './file_auth.js': ['FileAuth'],
};
const onlyKubeconfig = {
  name: 'only-kubeconfig',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:\.\/.*\.js|[a-z-]+)$/ }, ({ path, importer }) =>
      CLIENT.test(importer) && path in CLIENT_NAMES ? { path, namespace: 'unused-client' } : undefined,
    );
    // An authenticator is made before anybody knows whether it is needed.
    onLoad({ filter: /.*/, namespace: 'unused-client' }, ({ path }) => ({
      contents: CLIENT_NAMES[path]
        .map((name) => `export class ${name} { isAuthProvider() { return false; } }`)
        .join('\n'),
    }));
  },
};

/** Bundles `entry` into `folder`/`name`.cjs, and leaves what went into it in dist/`name`.meta.json. */
async function bundle(folder, { name, entry, plugins }) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: `${folder}/${name}.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // load.cjs runs the bundle as a script, and a script has no import() of its own.
    supported: { 'dynamic-import': false },
    minify: true,
    // An uncaught error shows the line it is in.
    lineLimit: 160,
    legalComments: 'none',
    metafile: true,
    plugins,
    logLevel: 'warning',
  });
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(metafile));
}

/** Has the bundle compiled, and run once, by the Node.js that images get: load.cjs finds the result. */
function compile(node) {
  const { status, stderr } = spawnSync(node, ['test/support/compile-cache.cjs', KIT], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`compiling with ${node} failed:\n${stderr.slice(-2000)}`);
}

/** The modes an image gets, whatever the umask of the machine that builds. */
function setModes(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
    if (entry.isSymbolicLink()) continue;
    chmodSync(path, entry.isDirectory() || statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
  chmodSync(folder, 0o755);
}

/** Puts `folder`.tmp in the place of `folder`. */
function replace(folder) {
  rmSync(folder, { recursive: true, force: true });
  renameSync(`${folder}.tmp`, folder);
}

const architecture = { x64: 'x64', arm64: 'arm64' }[process.arch];
const pinnedNode = `node_modules/node-linux-${architecture}/bin/node`;

rmSync('dist/rootfs.tmp', { recursive: true, force: true });
rmSync('dist/node.tmp', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });
cpSync('rootfs', ROOTFS, { recursive: true, verbatimSymlinks: true });
const redis = [fewerCommands, lazyModules, noDebug, noCluster];
await bundle(KIT, { name: 'container', entry: 'bin/container.ts', plugins: [...redis, separateHttp] });
await bundle(KIT, { name: 'health-http', entry: HEALTH_HTTP, plugins: [onlyExposition] });
rmSync(HOST, { recursive: true, force: true });
cpSync('docker/host/rootfs', HOST, { recursive: true, verbatimSymlinks: true });
await bundle(`${HOST}/usr/lib/ctrkit-host`, {
  name: 'host',
  entry: 'bin/host.ts',
  plugins: [...redis, onlyEngine, onlyKubeconfig],
});
if (existsSync(pinnedNode)) {
  compile(pinnedNode);
  mkdirSync('dist/node.tmp/usr/lib/ctrkit', { recursive: true });
  cpSync(pinnedNode, 'dist/node.tmp/usr/lib/ctrkit/node');
  chmodSync('dist/node.tmp/usr/lib/ctrkit/node', 0o755);
  replace('dist/node');
} else {
  console.warn(
    `build: no pinned Node.js for ${process.arch} in node_modules: dist/node is left out (npm ci brings it)`,
  );
}
setModes(ROOTFS);
setModes(HOST);
replace('dist/rootfs');
replace('dist/host');
const kilobytes = (path) => Math.round(statSync(path).size / 1024);
console.log(`build: dist/rootfs (container.cjs ${kilobytes('dist/rootfs/usr/lib/ctrkit/container.cjs')} kB)`);
console.log(`build: dist/host (host.cjs ${kilobytes('dist/host/usr/lib/ctrkit-host/host.cjs')} kB)`);
