// What the bundles leave out of the packages they are made from, and load only when used; each with what that saves.
import { readFileSync } from 'node:fs';

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
export const fewerCommands = {
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
export const lazyModules = {
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
export const noDebug = {
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
export const noCluster = {
  name: 'no-cluster',
  setup({ onLoad }) {
    onLoad({ filter: UNUSED }, () => ({ contents: 'exports.default = class {};' }));
  },
};

/**
 * HTTP is off nearly everywhere: it is a file of its own on each side, looked for beside the bundle that asks for it (beside load.cjs,
 * whose require() this is).
 */
export const separateHttp = {
  name: 'separate-http',
  setup({ onResolve }) {
    onResolve({ filter: /[\\/](?:health-http|host-metrics)\.ts$/ }, ({ kind, path }) => {
      if (kind !== 'dynamic-import') return undefined;
      return { path: `./${path.replaceAll(/^.*[\\/]|\.ts$/g, '')}.cjs`, external: true };
    });
  },
};

/**
 * Of dockerode and its modem only what talks to an engine over its socket: not ssh, nor tar files of builds, nor the gRPC
 * of BuildKit, 800 kB and 5 MB of memory that nothing here uses.
 */
const ENGINE_UNUSED =
  /^(?:ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore|split-ca)$/;
export const onlyEngine = {
  name: 'only-engine',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: ENGINE_UNUSED }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * docker-modem makes the text of a debug line out of each request, also where nobody reads it: `util.inspect` of the whole
 * agent, with every socket that is open. The cost of n calls at the same time was their square. The build fails where the
 * text is not found: a newer docker-modem has to be looked at.
 */
const MODEM_DEBUG =
  /^ {2}debug\('Sending: %s', util\.inspect\(options, \{\n {4}showHidden: true,\n {4}depth: null\n {2}\}\)\);\n/m;
export const noInspection = {
  name: 'no-inspection',
  setup({ onLoad }) {
    onLoad({ filter: /docker-modem[\\/]lib[\\/]modem\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!MODEM_DEBUG.test(text))
        throw new Error(`${path} has no debug line where it had one: look at noInspection`);
      return { contents: text.replace(MODEM_DEBUG, '') };
    });
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
export const onlyKubeconfig = {
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
