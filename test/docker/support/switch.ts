/** What the docker tests share: one switch, its databases, the feature containers on it, and the host's part. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { readVersion } from '../../support/application-version.ts';
import { docker, dockerOutput } from '../../support/docker.ts';
import {
  execIn,
  makeDirectory,
  readLogs,
  removeAll,
  startContainer,
  startDatabase,
  stopContainer,
  type Container,
  type ContainerOptions,
  type Database,
  type Feature,
  type FeatureTag,
} from '../../support/images.ts';
import type { ProbeName } from '../../../src/contract/health/health-line.ts';
import { Recorder } from './recorder.ts';
import { until } from '../../support/until.ts';

const CONFIG_DB = 4;
const STATE_DB = 6;

/** How long a condition may take on a busy machine; where time is the point, the test measures it by itself. */
const DEADLINE_MS = 60_000;
/** The shipped host side asks so often, answers what it finds, and never sees an event. */
const HOST_POLL_MS = 2_000;
/**
 * Of owner kube, whose first container on a database waits until that is three intervals old: 30 s as shipped. Short, and
 * long enough for a busy machine, on which a holder must not become overdue.
 */
const KUBE_TIMES = { CTRKIT_HEARTBEAT_INTERVAL: '2s' };
/** For `start`: as a switch has them. */
export const SHIPPED_TIMES = { CTRKIT_HEARTBEAT_INTERVAL: '10s' };

export type Row = Readonly<Record<string, string>>;

/**
 * A test with a switch of its own, about one feature. Its failure shows the log of every container it started, and what
 * STATE_DB says; afterwards nothing of it is left.
 */
export function scenario(
  title: string,
  play: (here: Switch, t: TestContext) => Promise<void>,
  { feature = 'snmp' }: { readonly feature?: Feature } = {},
): void {
  test(title, async (t) => {
    const here = new Switch(await makeDirectory(), feature);
    try {
      await play(here, t);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${message}\n${await here.describe()}`, { cause: error });
    } finally {
      here.close();
      await removeAll();
    }
  });
}

export class Switch {
  /** Of the host: /var/run/redis in every container here. */
  readonly directory: string;
  /** The one that this scenario is about. */
  readonly feature: Feature;
  readonly #containers: Container[] = [];
  #database: Database | undefined;
  #clients: Redis[] = [];
  #recorders: Recorder[] = [];
  #host: NodeJS.Timeout | undefined;

  constructor(directory: string, feature: Feature) {
    this.directory = directory;
    this.feature = feature;
  }

  get #row(): string {
    return `FEATURE|${this.feature}`;
  }

  get database(): Database {
    assert.ok(this.#database, 'this switch has no database');
    return this.#database;
  }

  get config(): Redis {
    return this.client(0);
  }

  get state(): Redis {
    return this.client(1);
  }

  /** The container called `database`, or what the test wants to have in its place. */
  async startDatabase(): Promise<void> {
    this.#database = await startDatabase(this.directory);
    this.#containers.push(this.#database);
    await this.connect();
  }

  async killDatabase(): Promise<void> {
    this.disconnect();
    await kill(this.database);
  }

  /** The same container again: with nothing on a disk it comes back empty. Resolves as soon as it answers. */
  async restartDatabase(): Promise<void> {
    await dockerOutput(['start', this.database.id]);
    await this.until('the database answers', () => this.connect(), 5);
  }

  /** A database, and what it takes for owner kube: the switch wants it and the host has started the feature. */
  async startDatabaseForKube(): Promise<void> {
    await this.startDatabase();
    await this.wantKube();
  }

  async wantKube(): Promise<void> {
    await this.config.hset(this.#row, { set_owner: 'kube', state: 'enabled' });
    await this.state.hset(this.#row, { system_state: 'up' });
  }

  /** Starts the feature's container, and waits for nothing. Owner kube beats every 2 s unless told otherwise. */
  async start(owner: 'local' | 'kube', options: ContainerOptions = {}): Promise<Container> {
    const env = { ...(owner === 'kube' ? KUBE_TIMES : {}), ...options.env };
    const container = await startContainer(this.feature, { database: this, owner, ...options, env });
    this.#containers.push(container);
    return container;
  }

  /** A kube container that the host has let in and whose application answers. */
  async startRunning(version: FeatureTag, env: Row = {}): Promise<Container> {
    const container = await this.start('kube', { tag: version, env });
    this.startHost();
    await this.untilRuns(container, version);
    return container;
  }

  /** `docker stop`: within its grace period, the container ended by itself. Returns how long it took. */
  async stop(container: Container): Promise<number> {
    const { tookMs, exitCode } = await stopContainer(container);
    assert.equal(exitCode, 0, `${container.id} was killed or failed, after ${tookMs} ms`);
    return Math.round(tookMs);
  }

  /** What the host's `container wait` does: looks, answers `pending` with `ready`, sleeps 2 s. */
  startHost(): void {
    this.stopHost();
    const look = () => void this.answer().catch(() => undefined);
    look();
    this.#host = setInterval(look, HOST_POLL_MS);
  }

  stopHost(): void {
    clearInterval(this.#host);
  }

  async record(): Promise<Recorder> {
    const recorder = await Recorder.start(this.state, this.database.socketPath);
    this.#recorders.push(recorder);
    return recorder;
  }

  status(): Promise<Row> {
    return this.state.hgetall(this.#row);
  }

  health(): Promise<Row> {
    return this.state.hgetall(`CONTAINER_HEALTH|${this.feature}`);
  }

  hold(container: Container): Promise<Row> {
    return this.state.hgetall(`CONTAINER_HOLD|${this.feature}|${container.id}`);
  }

  /** What `look` returns, as soon as that is neither false nor undefined. */
  /** Docker, a database or a container that does not answer yet is no failure. */
  until<T>(
    what: string,
    look: () => Promise<T | false | undefined>,
    everyMs = 20,
  ): Promise<Exclude<T, false | undefined>> {
    return until(what, look, { everyMs, retriesErrors: true });
  }

  untilHeld(container: Container, reason: string): Promise<Row> {
    return this.until(`${container.id} is held: ${reason}`, async () => {
      const row = await this.hold(container);
      return row['reason'] === reason && row;
    });
  }

  untilLogs(container: Container, text: string): Promise<true> {
    return this.until(`${container.id} says ${text}`, async () =>
      (await readLogs(container)).includes(text) ? true : undefined,
    );
  }

  /** Recorded as the holder, and its application answers. */
  async untilRuns(container: Container, version = '1.0.0'): Promise<void> {
    await this.until(
      `${container.id} is recorded`,
      async () => (await this.status())['docker_id'] === container.id,
    );
    await this.untilAnswers(container, version);
  }

  async untilAnswers(container: Container, version = '1.0.0'): Promise<void> {
    await this.until(
      `the ${this.feature} application of ${container.id} answers`,
      async () => (await readVersion(this.feature, container)) === version,
    );
  }

  /** The heartbeat of this container, as soon as it says so. */
  untilStatus(container: Container, status: string): Promise<Row> {
    return this.until(`${container.id} is ${status}`, async () => {
      const row = await this.health();
      return row['docker_id'] === container.id && row['status'] === status && row;
    });
  }

  /** The log of every container, and what STATE_DB says; for failure messages, so it never fails itself. */
  async describe(): Promise<string> {
    const lines: string[] = [];
    for (const container of this.#containers) {
      const log = await readLogs(container, 60).catch((error: Error) => error.message);
      lines.push(`--- log of ${container.name} (${container.id})`, log);
    }
    const state = this.#clients[1];
    for (const key of (await state?.keys('*').catch(() => [])) ?? []) {
      const row = await state?.hgetall(key).catch((error: Error) => error.message);
      lines.push(`--- STATE_DB ${key} ${JSON.stringify(row)}`);
    }
    return lines.join('\n');
  }

  close(): void {
    this.stopHost();
    for (const recorder of this.#recorders) recorder.close();
    this.disconnect();
  }

  private client(index: 0 | 1): Redis {
    const client = this.#clients[index];
    assert.ok(client, 'the database of this switch does not run');
    return client;
  }

  /** False while there is nobody to connect to. */
  private async connect(): Promise<boolean> {
    const clients = [CONFIG_DB, STATE_DB].map((db) => {
      const path = this.database.socketPath;
      // A database that does not answer is to fail a test, not to hang it.
      const options = { path, db, lazyConnect: true, commandTimeout: DEADLINE_MS } as const;
      return new Redis({ ...options, retryStrategy: () => null }).on('error', () => undefined);
    });
    try {
      for (const client of clients) {
        await client.connect();
        await client.ping();
      }
      this.#clients = clients;
      return true;
    } catch {
      for (const client of clients) client.disconnect();
      return false;
    }
  }

  private disconnect(): void {
    for (const client of this.#clients) client.disconnect();
    this.#clients = [];
  }

  private async answer(): Promise<void> {
    const remoteState = await this.state.hget(this.#row, 'remote_state');
    if (remoteState === 'pending') await this.state.hset(this.#row, 'remote_state', 'ready');
  }
}

/** `docker kill`; resolves when nothing of the container runs any more. */
export async function kill(container: Container): Promise<void> {
  await dockerOutput(['kill', container.id]);
  await docker(['wait', container.id]);
}

/** What kubelet would get: `health_probe` in the container, its exit code and what it prints. */
export async function probe(
  container: Container,
  name: ProbeName,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const { code, stdout } = await execIn(container, ['health_probe', name]);
  return { code, stdout };
}
