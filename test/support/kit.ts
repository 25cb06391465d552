/** The overlay's commands as real processes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endAll, keepRoot, MARK } from './processes.ts';
import { Program } from './program.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const pinnedNode = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
/** The Node.js that images get; where npm could not bring it, the one that runs the tests. */
export const IMAGE_NODE = existsSync(pinnedNode) ? pinnedNode : process.execPath;
type Environment = Readonly<Record<string, string>>;

/** A folder of its own, a copy of the overlay in it, and everything that is started there. */
export class Kit {
  readonly folder: string;

  constructor(t: TestContext) {
    const root = mkdtempSync(join(tmpdir(), 'ctrkit-it-'));
    this.folder = root;
    keepRoot(root);
    t.after(() => endAll(root));
  }

  /** dist/rootfs, elsewhere: as in an image, and no build that runs meanwhile pulls it from under a test. */
  get overlay(): string {
    const copy = join(this.folder, 'rootfs');
    if (existsSync(copy)) return copy;
    const built = join(repository, 'dist/rootfs');
    assert.ok(existsSync(built), 'dist/rootfs is missing: run npm run build first');
    cpSync(built, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${copy}.new`, copy);
    return copy;
  }

  /** Runs any program with nothing but `env` and a PATH in its environment; its stdin is a pipe. */
  run(command: readonly string[], env: Environment = {}): Program {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', CTRKIT_NODE: IMAGE_NODE, ...env, [MARK]: this.folder },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new Program(command.join(' ').replaceAll(this.folder, ''), child);
  }

  /** One container: its id, its run folder, its environment. */
  container(id: string, env: Environment = {}): Container {
    return new Container(this, id, env);
  }

  /**
   * Runs a program in a mount namespace of its own: the overlay is part of /usr as in an image, and /run is empty
   * but for `binds`, folders of ours that appear there under their names. Nobody outside sees any of it.
   */
  runInNamespace(command: readonly string[], env: Environment, binds: Environment = {}): Program {
    const mounts = Object.entries(binds).map(
      ([name, folder]) => `mkdir /run/${name}; mount --bind ${folder} /run/${name}`,
    );
    const script = [
      'set -e',
      `mount -t overlay overlay -o lowerdir=${this.overlay}/usr:/usr /usr`,
      'mount -t tmpfs tmpfs /run',
      ...mounts,
      'exec "$@"',
    ].join('\n');
    return this.run(
      ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...command],
      env,
    );
  }
}

export class Container {
  readonly id: string;
  readonly runFolder: string;
  readonly #kit: Kit;
  readonly #env: Environment;

  constructor(kit: Kit, id: string, env: Environment) {
    this.id = id;
    this.#kit = kit;
    this.runFolder = join(kit.folder, `run-${id}`);
    mkdirSync(this.runFolder, { recursive: true });
    this.#env = env;
  }

  get env(): Environment {
    return {
      CTRKIT_CONTAINER_ID: this.id,
      CTRKIT_RUN_DIR: this.runFolder,
      CTRKIT_HEARTBEAT_INTERVAL: '500ms',
      // Of this container, and not there, whatever runs on this machine.
      CTRKIT_CONFIG_DIR: join(this.runFolder, 'etc'),
      CTRKIT_SUPERVISOR_DIR: join(this.runFolder, 'etc'),
      SUPERVISOR_SERVER_URL: `unix://${this.runFolder}/supervisor.sock`,
      ...this.#env,
    };
  }

  /** `container_startup -f snmp -o OWNER -v VERSION`. */
  gate(owner: string, version: string, ...more: readonly string[]): Program {
    return this.command('container_startup', '-f', 'snmp', '-o', owner, '-v', version, ...more);
  }

  command(name: string, ...args: readonly string[]): Program {
    return this.#kit.run([join(this.#kit.overlay, 'usr/bin', name), ...args], this.env);
  }

  /** An agent without a supervisord: nothing is ever written to its stdin. */
  agent(): Program {
    return this.command('ctrkit_agent');
  }

  get claimPath(): string {
    return join(this.runFolder, 'claim.json');
  }

  get hasClaim(): boolean {
    return existsSync(this.claimPath);
  }

  /** `claim.json` as it lies there. */
  readClaim(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(this.claimPath, 'utf8')) as Record<string, unknown>;
  }
}

/** Whether this machine lets a test make a mount namespace: the reason to skip, or false. */
export const noNamespaces: string | false =
  process.getuid?.() === 0 ? false : 'needs root, for a mount namespace of its own';
