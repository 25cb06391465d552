import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  DEFAULTS,
  type DatabaseLocation,
  type Databases,
  type Endpoint,
} from '../../src/contract/databases.ts';
import { atExit } from './processes.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** A server that neither answers nor refuses must not hang a test. */
const CLI_TIMEOUT_MS = 60_000;

/** A test that ends without its hooks leaves no server behind. */
const running = new Set<ChildProcess>();
atExit.add(() => running.forEach((child) => child.kill('SIGKILL')));

export interface RedisOptions {
  /** Where the socket is to be, in a folder that is there; without it in a folder of its own. */
  readonly socketPath?: string;
  readonly password?: string;
  /** Also on a TCP port of 127.0.0.1. */
  readonly tcp?: boolean;
  /** Keyspace events as SONiC has them; `false` is a server that sends none. */
  readonly events?: boolean;
  /** For redis-server as they are: `--maxclients`, `2`, … */
  readonly words?: readonly string[];
}

/**
 * A redis-server of the test's own, as SONiC runs it (keyspace events AKE, no disk), on a unix socket in a
 * directory of its own. `stop` ends it and removes the directory; `start` after `kill` brings it back empty.
 */
export class RedisServer {
  readonly directory: string;
  readonly socketPath: string;
  /** 0 unless it was started with `tcp`. */
  port = 0;
  readonly #options: RedisOptions;
  #process: ChildProcess | undefined;

  constructor(options: RedisOptions = {}) {
    this.directory = mkdtempSync(join(tmpdir(), 'ctrkit-redis-'));
    this.socketPath = options.socketPath ?? join(this.directory, 'redis.sock');
    this.#options = options;
  }

  get endpoint(): Endpoint {
    return { path: this.socketPath };
  }

  /** CONFIG_DB and STATE_DB of a single-ASIC switch, both here. */
  get databases(): Databases {
    const { configId, stateId } = DEFAULTS;
    return { config: this.at(configId), state: this.at(stateId), asic: '', source: 'a test', warnings: [] };
  }

  get url(): string {
    return `unix://${this.socketPath}`;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#process?.pid : undefined;
  }

  at(id: number): DatabaseLocation {
    return { endpoint: this.endpoint, id, separator: DEFAULTS.separator };
  }

  /** Resolves when it answers; `LOADING` and `NOAUTH` are answers. */
  async start(): Promise<void> {
    if (this.#options.tcp === true) this.port ||= await findFreePort();
    this.launch();
    await until('redis-server answers', async () => {
      if (!this.isRunning) throw new Error(`redis-server did not start: ${this.log()}`);
      return this.cli('PING').then(
        (text) => /^(PONG|LOADING|NOAUTH)/.test(text),
        () => false,
      );
    });
  }

  /** Starts the process, and waits for nothing. */
  launch(): void {
    const { password, events = true, words = [] } = this.#options;
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      unixsocket: this.socketPath,
      dir: this.directory,
      logfile: join(this.directory, 'redis.log'),
      databases: '32',
      save: '',
      appendonly: 'no',
      'notify-keyspace-events': events ? 'AKE' : '',
      ...(password !== undefined && { requirepass: password }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#process = spawn('redis-server', [...args, ...words], { stdio: 'ignore' });
    running.add(this.#process);
    // A missing program shows as an exit; the reason is in the message of start.
    this.#process.on('error', () => undefined);
  }

  /** The answer of redis-cli, an error text of the server included; rejects if there is none. */
  async cli(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-s', this.socketPath, '--no-auth-warning', ...args], {
      timeout: CLI_TIMEOUT_MS,
    });
    return stdout.trimEnd();
  }

  async flush(): Promise<void> {
    await this.cli('FLUSHALL');
  }

  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** As a crash: at once, and nothing is kept. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await until('redis-server is gone', () => !this.isRunning);
    if (this.#process !== undefined) running.delete(this.#process);
    rmSync(this.socketPath, { force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get isRunning(): boolean {
    const child = this.#process;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  private log(): string {
    try {
      return readFileSync(join(this.directory, 'redis.log'), 'utf8');
    } catch {
      return '(no log; is redis-server installed?)';
    }
  }
}

/** Free a moment ago, that is. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
