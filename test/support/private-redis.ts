/** A redis-server of one test, with clients of its two databases, and what people put into them. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { BOOT_ID, bootMs } from './boot-clock.ts';
import { RedisMonitor } from './redis-monitor.ts';
import { RedisServer, type RedisOptions } from './redis-server.ts';

const CONFIG_DB = 4;
export const STATE_DB = 6;

type Fields = Readonly<Record<string, string>>;

/** Ends with the test. */
export class PrivateRedis {
  readonly #server: RedisServer;
  readonly #password: string | undefined;
  #clients: Redis[] = [];

  private constructor(t: TestContext, options: RedisOptions) {
    this.#server = new RedisServer(options);
    this.#password = options.password;
    t.after(async () => {
      this.disconnect();
      await this.#server.stop();
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

  get socketPath(): string {
    return this.#server.socketPath;
  }

  get port(): number {
    return this.#server.port;
  }

  get url(): string {
    return this.#server.url;
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
    await this.#server.start();
    this.#clients = await Promise.all([this.connect(CONFIG_DB), this.connect(STATE_DB)]);
  }

  /** Ends it at once and for good, as by `docker kill`: with everything that was in it. */
  async kill(): Promise<void> {
    this.disconnect();
    await this.#server.kill();
  }

  /** From now on it takes connections and answers none. */
  freeze(): void {
    this.#server.freeze();
  }

  thaw(): void {
    this.#server.thaw();
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

  private disconnect(): void {
    for (const client of this.#clients) client.disconnect();
    this.#clients = [];
  }

  private async connect(db: number): Promise<Redis> {
    const client = new Redis({
      path: this.socketPath,
      db,
      ...(this.#password !== undefined && { password: this.#password }),
      lazyConnect: true,
      retryStrategy: () => null,
      // A frozen server is to fail a test, not to hang it.
      commandTimeout: 120_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
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

  /** Holds of snmp by so many containers, `c0` and on. */
  async putHolds(count: number): Promise<void> {
    const times = { since_ts: '1700000000', boot_id: BOOT_ID, renewed_ms: String(bootMs()) };
    const hold = {
      owner: 'kube',
      version: '3.0',
      reason: 'system-not-up',
      text: 'system_state is down',
      ...times,
    };
    const writes = this.state.pipeline();
    for (let i = 0; i < count; i += 1) writes.hset(`CONTAINER_HOLD|snmp|c${i}`, hold);
    await writes.exec();
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
