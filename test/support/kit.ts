/**
 * The overlay's commands as real processes. Every process a test starts, and whatever that starts, bears a mark in
 * its environment, so that all of them are found by id and ended when the test ends, however it ends.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const MARK = 'CTRKIT_TEST_ROOT';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const pinnedNode = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
/** The Node.js that images get; where npm could not bring it, the one that runs the tests. */
export const IMAGE_NODE = existsSync(pinnedNode) ? pinnedNode : process.execPath;
export const BOOT_ID = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** The kernel's boot clock, which the kit judges all durations by; its resolution is 10 ms. */
export const bootMs = (): number =>
  Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000);

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Undefined for a process that is gone, or dead and not yet fetched by its parent. */
function readProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = 'X', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), command };
  } catch {
    return undefined;
  }
}

const listProcesses = (): ProcessEntry[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);

export const isAlive = (pid: number): boolean => readProcess(pid) !== undefined;
export const childrenOf = (pid: number): ProcessEntry[] =>
  listProcesses().filter(({ parent }) => parent === pid);

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    return false;
  }
}

/** What runs of all that was started under `folder`, a test's own; supervisord and Redis are not among them. */
export const runningUnder = (folder: string): ProcessEntry[] =>
  listProcesses().filter(({ pid }) => hasMark(pid, `${MARK}=${folder}`));

const roots = new Set<string>();

function endAll(root: string): void {
  // Once more, for what was being started while the first were ended.
  for (let found = runningUnder(root); found.length > 0; found = runningUnder(root)) {
    for (const { pid } of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was quicker.
      }
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  roots.delete(root);
}

/** What has to go with the test file, however that ends. Must not wait for anything. */
export const atExit = new Set<() => void>([() => roots.forEach(endAll)]);
const cleanUp = (): void => atExit.forEach((end) => end());

process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    cleanUp();
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** How a process ended, as Node tells it: the one or the other. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under test: what it has said so far, and how it ended. */
export class Program {
  stdout = '';
  stderr = '';
  end: End | undefined;
  /** On the boot clock. */
  endedMs = 0;
  readonly name: string;
  readonly child: ChildProcess;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => (this.stderr += `(not started: ${error.message})\n`));
    child.once('exit', () => (this.endedMs = bootMs()));
    child.once('close', (code, signal) => (this.end = { code, signal }));
  }

  get pid(): number {
    assert.ok(this.child.pid, `${this.name} was not started: ${this.stderr}`);
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when it has ended and all its output is here. */
  async waitForEnd(): Promise<End> {
    return until(
      () => `it ends. ${this.said}`,
      () => this.end,
    );
  }

  /** Resolves when it has said `text`; what it said instead is in the error. */
  async waitForLine(text: string | RegExp): Promise<string> {
    const matches = (line: string) => (typeof text === 'string' ? line.includes(text) : text.test(line));
    return until(
      () => `it says ${String(text)}. ${this.said}`,
      () => {
        const found = this.stderrLines.find(matches);
        assert.ok(
          found !== undefined || this.end === undefined,
          `ended without ${String(text)}: ${this.said}`,
        );
        return found;
      },
    );
  }

  get stderrLines(): string[] {
    return this.stderr.split('\n').filter((line) => line !== '');
  }

  /** For messages. */
  get said(): string {
    return `${this.name}, ${this.end === undefined ? 'running' : JSON.stringify(this.end)}, said:\n${this.stdout}${this.stderr}`;
  }
}

type Environment = Readonly<Record<string, string>>;

/** A folder of its own, a copy of the overlay in it, and everything that is started there. */
export class Kit {
  readonly folder: string;

  constructor(t: TestContext) {
    const root = mkdtempSync(join(tmpdir(), 'ctrkit-it-'));
    this.folder = root;
    roots.add(root);
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

/** 0 and no signal: the gate let the application go. */
export const GO: End = { code: 0, signal: null };
