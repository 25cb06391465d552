// Builds dist/rootfs, exactly what an image gets, dist/host, what the host gets, and dist/node, the pinned Node.js for
// images and hosts that have none.
// Built under temporary names and renamed: an interrupted build leaves the old one.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { build } from 'esbuild';
import {
  fewerCommands,
  lazyModules,
  noCluster,
  noDebug,
  noInspection,
  onlyEngine,
  onlyKubeconfig,
  separateHttp,
} from './build/bundle-plugins.mjs';

const ROOTFS = 'dist/rootfs.tmp';
const KIT = `${ROOTFS}/usr/lib/ctrkit`;
const HOST = 'dist/host.tmp';

/**
 * What load.cjs does for the container side: until a result is there the end of the process is a failure, and SIGUSR1
 * opens no debugger.
 */
const BEFORE_ALL_ELSE = "process.exitCode = 70; process.on('SIGUSR1', () => {});";
const HEALTH_HTTP = 'src/container/adapters/http/health-http.ts';
const HOST_METRICS = 'src/host/compose/host-metrics.ts';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/** Bundles `entry` into `folder`/`name`.cjs, and leaves what went into it in dist/`name`.meta.json. */
async function bundle(folder, { name, entry, plugins, banner = '', footer = '' }) {
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
    banner: { js: banner },
    footer: { js: footer },
    define: { BUILD_VERSION: JSON.stringify(version) },
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
await bundle(KIT, {
  name: 'container',
  entry: 'bin/container-side.ts',
  plugins: [...redis, separateHttp],
  // load.cjs calls it.
  banner: '(function (exports, require, module) {',
  footer: '})',
});
await bundle(KIT, { name: 'health-http', entry: HEALTH_HTTP, plugins: [] });
rmSync(HOST, { recursive: true, force: true });
cpSync('docker/host/rootfs', HOST, { recursive: true, verbatimSymlinks: true });
await bundle(`${HOST}/usr/lib/ctrkit-host`, {
  name: 'host',
  entry: 'bin/host-side.ts',
  plugins: [...redis, onlyEngine, noInspection, onlyKubeconfig, separateHttp],
  banner: BEFORE_ALL_ELSE,
});
await bundle(`${HOST}/usr/lib/ctrkit-host`, { name: 'host-metrics', entry: HOST_METRICS, plugins: [] });
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
