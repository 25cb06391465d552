import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  DEFAULTS,
  type DatabaseLocation,
  type Databases,
  type Endpoint,
} from '../../src/contract/databases.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** A server that neither answers nor refuses must not hang a test. */
const CLI_TIMEOUT_MS = 60_000;

/** A test that ends without its hooks leaves no server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * A redis-server of the test's own, as SONiC runs it (keyspace events AKE, no disk), on a unix socket in a
 * directory of its own. `stop` ends it and removes the directory; `start` after `kill` brings it back empty.
 */
export class RedisServer {
  readonly directory: string;
  readonly socketPath: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  /** `options` go to redis-server as they are: `--requirepass`, `secret`, ... */
  constructor(options: readonly string[] = []) {
    this.directory = mkdtempSync(join(tmpdir(), 'ctrkit-redis-'));
    this.socketPath = join(this.directory, 'redis.sock');
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
    const fixed = {
      port: '0',
      unixsocket: this.socketPath,
      dir: this.directory,
      logfile: join(this.directory, 'redis.log'),
      save: '',
      appendonly: 'no',
      'notify-keyspace-events': 'AKE',
    };
    const args = Object.entries(fixed).flatMap(([name, value]) => [`--${name}`, value]);
    this.#process = spawn('redis-server', [...args, ...this.#options], { stdio: 'ignore' });
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
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get isRunning(): boolean {
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

/** A new server that already answers. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const server = new RedisServer(options);
  await server.start();
  return server;
}
