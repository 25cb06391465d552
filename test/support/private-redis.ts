/** A Redis of the test's own on a unix socket, set up as SONiC sets up its own, and what people put into it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { atExit, BOOT_ID, bootMs } from './kit.ts';
import { RedisMonitor } from './redis-monitor.ts';
import { until } from './until.ts';

const CONFIG_DB = 4;
export const STATE_DB = 6;

type Fields = Readonly<Record<string, string>>;

export interface RedisOptions {
  /** Where the socket is to be, in a folder that is there; without it in a folder of its own. */
  readonly socketPath?: string;
  readonly password?: string;
  /** Also on a TCP port of 127.0.0.1. */
  readonly tcp?: boolean;
  /** Keyspace events as SONiC has them; `false` is a server that sends none. */
  readonly events?: boolean;
}

const servers = new Set<ChildProcess>();
atExit.add(() => servers.forEach((server) => server.kill('SIGKILL')));

export class PrivateRedis {
  readonly socketPath: string;
  port = 0;
  readonly #options: RedisOptions;
  readonly #folder: string;
  #server: ChildProcess | undefined;
  #clients: Redis[] = [];

  private constructor(t: TestContext, options: RedisOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'ctrkit-redis-'));
    this.socketPath = options.socketPath ?? join(this.#folder, 'redis.sock');
    t.after(async () => {
      await this.kill();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** A server that is to be started by `start`. */
  static prepare(t: TestContext, options: RedisOptions = {}): PrivateRedis {
    return new PrivateRedis(t, options);
  }

  static async start(t: TestContext, options: RedisOptions = {}): Promise<PrivateRedis> {
    const redis = new PrivateRedis(t, options);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `unix://${this.socketPath}`;
  }

  /** CONFIG_DB, once started. */
  get config(): Redis {
    return this.client(CONFIG_DB);
  }

  /** STATE_DB, once started. */
  get state(): Redis {
    return this.client(STATE_DB);
  }

  /** Starts it, always empty; resolves when it answers. */
  async start(): Promise<void> {
    const { password, tcp = false, events = true } = this.#options;
    mkdirSync(this.#folder, { recursive: true });
    if (tcp) this.port ||= await findFreePort();
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--unixsocket', this.socketPath];
    const settings = ['--dir', this.#folder, '--databases', '32', '--save', '', '--appendonly', 'no'];
    settings.push('--notify-keyspace-events', events ? 'AKE' : '');
    const secret = password === undefined ? [] : ['--requirepass', password];
    const server = spawn('redis-server', [...args, ...settings, ...secret], { stdio: 'ignore' });
    servers.add(server);
    server.once('exit', () => servers.delete(server));
    let failure = '';
    server.on('error', (error) => (failure = error.message));
    this.#server = server;
    await until('redis-server answers', async () => {
      assert.equal(failure, '', 'redis-server is not to be started; is it installed?');
      assert.equal(server.exitCode, null, 'redis-server ended by itself');
      const clients = [await this.connect(CONFIG_DB), await this.connect(STATE_DB)];
      this.#clients = clients.filter((client) => client !== undefined);
      return this.#clients.length === 2;
    });
  }

  /** Ends it at once and for good, as by `docker kill`: with everything that was in it. */
  async kill(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#clients = [];
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await until('redis-server is gone', () => server.exitCode !== null || server.signalCode !== null);
    rmSync(this.socketPath, { force: true });
  }

  /** From now on it takes connections and answers none. */
  freeze(): void {
    this.#server?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#server?.kill('SIGCONT');
  }

  /** What MONITOR shows from now on: every command, and every one that a script calls, in their order. */
  async watchCommands(
    t: TestContext,
    onCommand: (command: readonly string[], db: number) => void,
  ): Promise<void> {
    const monitor = await RedisMonitor.start(this.socketPath, ({ words, db }) =>
      onCommand(words, Number(db)),
    );
    t.after(() => monitor.close());
  }

  private client(db: number): Redis {
    const client = this.#clients[db === CONFIG_DB ? 0 : 1];
    assert.ok(client, 'this Redis is not running');
    return client;
  }

  private async connect(db: number): Promise<Redis | undefined> {
    const { password } = this.#options;
    const client = new Redis({
      path: this.socketPath,
      db,
      ...(password === undefined ? {} : { password }),
      lazyConnect: true,
      retryStrategy: () => null,
      // A frozen server is to fail a test, not to hang it.
      commandTimeout: 30_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
      return client;
    } catch {
      client.disconnect();
      return undefined;
    }
  }

  /** A row of STATE_DB. */
  async row(key: string): Promise<Fields> {
    return this.state.hgetall(key);
  }

  async status(): Promise<Fields> {
    return this.row('FEATURE|snmp');
  }

  async hold(id: string): Promise<Fields> {
    return this.row(`CONTAINER_HOLD|snmp|${id}`);
  }

  /** Every key of CONFIG_DB and STATE_DB with all that is in it, byte for byte as Redis would save it. */
  async dump(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const [db, client] of [[CONFIG_DB, this.config] as const, [STATE_DB, this.state] as const]) {
      for (const key of (await client.keys('*')).toSorted()) {
        found[`${db} ${key}`] = (await client.dumpBuffer(key)).toString('base64');
      }
    }
    return found;
  }

  /** How many scripts it was asked to run. */
  async scriptCalls(): Promise<number> {
    const text = await this.state.info('commandstats');
    return Number(/cmdstat_eval:calls=(\d+)/.exec(text)?.[1] ?? 0);
  }

  async connectionsReceived(): Promise<number> {
    return Number(/total_connections_received:(\d+)/.exec(await this.state.info('stats'))?.[1]);
  }

  /** The switch wants snmp to be run by Kubernetes, and has started it. */
  async wantKube(more: { readonly config?: Fields; readonly status?: Fields } = {}): Promise<void> {
    await this.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled', ...more.config });
    await this.state.hset('FEATURE|snmp', { system_state: 'up', ...more.status });
  }

  /** Somebody else's record: a holder of the shipped kit, which knows neither tokens nor heartbeats. */
  async putShippedHolder(id: string, version: string): Promise<void> {
    await this.state.hset('FEATURE|snmp', {
      current_owner: 'kube',
      container_id: id,
      container_version: version,
      remote_state: 'running',
      update_time: '2026-01-02 03:04:05',
    });
  }

  /** A holder of the kit that has just made its claim, and beats if `beatMs` is given. */
  async putHolder(id: string, version: string, beat?: { intervalMs: number; beatMs: number }): Promise<void> {
    await this.state.hset('FEATURE|snmp', {
      current_owner: 'kube',
      docker_id: id,
      container_id: id,
      container_version: version,
      remote_state: 'running',
      claim_token: `token-of-${id}`,
      claim_boot_id: BOOT_ID,
      claim_ms: String(beat?.beatMs ?? bootMs()),
    });
    if (beat !== undefined) {
      await this.state.hset('CONTAINER_HEALTH|snmp', {
        token: `token-of-${id}`,
        version,
        beat_ms: String(beat.beatMs),
        interval_ms: String(beat.intervalMs),
      });
    }
  }

  async clearHolder(): Promise<void> {
    await this.state.hset('FEATURE|snmp', {
      current_owner: 'none',
      docker_id: '',
      container_id: '',
      remote_state: 'stopped',
      claim_token: '',
    });
  }
}

/** Free a moment ago, that is. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The host's side of the hand-shake: answers a `pending` with `ready`, reading first and writing then. */
export class HostStandIn {
  /** Boot clock: when each answer was given. */
  readonly answersMs: number[] = [];
  readonly #client: Redis;
  readonly #subscriber: Redis;
  readonly #key: string;
  #poll: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  private constructor(client: Redis, key: string) {
    this.#client = client.duplicate();
    this.#subscriber = client.duplicate({ db: 0 });
    this.#key = key;
  }

  /** `pollMs` for a server that sends no events. */
  static async start(
    t: TestContext,
    redis: PrivateRedis,
    options: { readonly key?: string; readonly pollMs?: number } = {},
  ): Promise<HostStandIn> {
    const { key = 'FEATURE|snmp', pollMs } = options;
    const host = new HostStandIn(redis.state, key);
    t.after(() => host.stop());
    for (const client of [host.#client, host.#subscriber]) {
      client.on('error', () => undefined);
      await client.connect();
    }
    const look = () => {
      host.#last = host.#last.then(() => host.answer()).catch(() => undefined);
    };
    host.#subscriber.on('message', look);
    await host.#subscriber.subscribe(`__keyspace@${STATE_DB}__:${key}`);
    if (pollMs !== undefined) host.#poll = setInterval(look, pollMs);
    look();
    return host;
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#client.disconnect();
    this.#subscriber.disconnect();
  }

  private async answer(): Promise<void> {
    if ((await this.#client.hget(this.#key, 'remote_state')) !== 'pending') return;
    await this.#client.hset(this.#key, 'remote_state', 'ready');
    this.answersMs.push(bootMs());
  }
}
