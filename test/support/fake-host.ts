/** The host of one switch in memory: databases, engine, disk, locks and services, and the daemon as it is put together. */
import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import type { FeatureLedger } from '../../src/contract/images/ledger.ts';
import type { DaemonStart } from '../../src/host/daemon/start-daemon.ts';
import { startDaemon } from '../../src/host/daemon/start-daemon.ts';
import { findStanding, NO_FACTS } from '../../src/decide/images/ladder.ts';
import { selectFeatureLedger } from '../../src/decide/images/ledger-changes.ts';
import type { RowAddress } from '../../src/contract/rows.ts';
import type { UnitState } from '../../src/contract/feature/unit-state.ts';
import type { RowStore } from '../../src/ports/row-store.ts';
import { FakeBlockStore } from './fake-block-store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeLedgerStore } from './fake-ledger-store.ts';
import { FakeLockStore } from './fake-lock-store.ts';
import { FakeLog } from './fake-log.ts';
import { FakeDatabases } from './fake-row-store.ts';
import { FakeSwitchTables } from './fake-switch-tables.ts';

type Values = Readonly<Record<string, string>>;

export const LOCAL = 'docker-snmp';
export const REMOTE = 'registry:5000/docker-snmp';
export const BEAT_EVERY_MS = 10_000;

const row = (db: RowAddress['db'], table: string, name: string): RowAddress => ({ db, table, row: name });
export const CONFIG_ROW = row('config', 'FEATURE', 'snmp');
export const STATUS_ROW = row('state', 'FEATURE', 'snmp');
const BEAT_ROW = row('state', 'CONTAINER_HEALTH', 'snmp');
export const LABELS_ROW = row('state', 'KUBE_LABELS', 'SET');
export const POLICY_ROW = row('config', 'IMAGE_MGMT', 'GLOBAL');

interface RestartOptions {
  readonly isKilled?: boolean;
  /** The fields of the heartbeat that the next daemon finds. */
  readonly beat?: Values;
}

/** Image 1 is local and golden by default, image 2 is deployed by Kubernetes and well. Time stands still but for `pass`. */
export class FakeHost {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(() => this.clock.bootMs());
  readonly engine = new FakeEngine();
  readonly disk = new FakeLedgerStore();
  readonly locks = new FakeLockStore();
  readonly blocks = new FakeBlockStore();
  readonly log = new FakeLog();
  readonly restarts: string[] = [];
  /** SONiC's list of image names. */
  readonly mapped = new Map([['snmp', LOCAL]]);
  /** What is wrong with every restart, empty if nothing. */
  restartFailure = '';
  /** What systemd says of the feature's unit. */
  unit: UnitState | undefined;
  view: DaemonView | undefined;
  /** Thrown by the view's file, if set. */
  viewFailure: Error | undefined;
  /** What is thrown by a connection to the databases, if set. */
  connectFailure: Error | undefined;
  readonly tables: FakeSwitchTables[] = [];
  /** How often a connection to the databases was used that had been given up. */
  usesAfterClose = 0;
  readonly image1 = this.engine.putImage('1', [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
  readonly image2 = this.engine.putImage('2', [`${REMOTE}:2.0`]);
  #token = 'token-a';
  #seq = 0;
  #pokes = 0;
  #healthySinceMs = 0;
  /** What is started in place of the daemon as it is put together here. */
  observe: (start: DaemonStart) => DaemonStart = (start) => start;
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** What is in the daemon's memory file, and of which boot. */
  memory: { readonly bootId: string; readonly features: Readonly<Record<string, unknown>> } | undefined;
  memoryWrites = 0;
  readonly #shadow: boolean;
  /** Of the pod. */
  id = '';

  constructor({ isShadow = false } = {}) {
    this.#shadow = isShadow;
    this.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    this.databases.put(POLICY_ROW, {
      active_time_to_mark_good: '60s',
      fail_time_to_fallback: '2m',
      tag_new_as_local: 'true',
    });
    this.databases.put(row('state', 'KUBERNETES_MASTER', 'SERVER'), { connected: 'true' });
    this.databases.put(STATUS_ROW, { system_state: 'up' });
  }

  /** What is reported as golden. */
  goldenId(): string | undefined {
    return findStanding(this.ledger(), NO_FACTS)?.image.imageId;
  }

  ledger(): FeatureLedger {
    return selectFeatureLedger(this.disk.read().ledger, 'snmp');
  }

  status(): Values {
    return this.databases.row(STATUS_ROW) ?? {};
  }

  /** Kubernetes' container of this image runs and has claimed. */
  deploy(image = this.image2, token = 'token-a'): void {
    if (this.id !== '' && this.engine.find(this.id) !== undefined) this.engine.destroy(this.id);
    this.id = this.engine.run({ name: `k8s_snmp_${token}`, image });
    this.claim(token);
    this.beat();
  }

  claim(token: string): void {
    this.#token = token;
    this.#seq = 0;
    this.#healthySinceMs = this.clock.bootMs();
    this.databases.put(STATUS_ROW, {
      current_owner: 'kube',
      docker_id: this.id.slice(0, 12),
      container_id: this.id.slice(0, 12),
      container_version: '2.0',
      remote_state: 'running',
      claim_token: token,
      claim_boot_id: this.clock.bootId(),
      claim_ms: `${this.clock.bootMs()}`,
    });
  }

  beat(changes: Values = {}): void {
    this.#seq += 1;
    this.databases.put(BEAT_ROW, {
      token: this.#token,
      docker_id: this.id.slice(0, 12),
      owner: 'kube',
      version: '2.0',
      boot_id: this.clock.bootId(),
      status: 'healthy',
      reason: '',
      seq: `${this.#seq}`,
      interval_ms: `${BEAT_EVERY_MS}`,
      beat_ms: `${this.clock.bootMs()}`,
      started_ms: `${this.#healthySinceMs}`,
      healthy_since_ms: `${this.#healthySinceMs}`,
      restarts: '0',
      ...changes,
    });
  }

  /** Time passes, with a heartbeat each interval. */
  async beatFor(ms: number, changes: Values = {}): Promise<void> {
    for (let left = ms; left > 0; left -= BEAT_EVERY_MS) {
      await this.clock.pass(Math.min(left, BEAT_EVERY_MS));
      this.beat(changes);
      await this.settle();
    }
  }

  /** Time passes, and a field of CONFIG_DB is written: all features reconcile. */
  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
    this.#pokes += 1;
    this.databases.put(POLICY_ROW, { poke: `${this.#pokes}` });
    await this.settle();
  }

  /** Everything that can be done without time passing is done. */
  async settle(): Promise<void> {
    await this.clock.pass(0);
  }

  /** Runs until `stop`. */
  start(): Promise<void> {
    const { clock, log, engine, disk, locks, blocks } = this;
    const start: DaemonStart = {
      isShadow: this.#shadow,
      engine: engine.open(),
      ledger: disk,
      locks,
      blocks,
      service: { restart: (feature) => this.#restart(feature), readState: async () => this.unit },
      view: {
        write: (view) => {
          if (this.viewFailure !== undefined) throw this.viewFailure;
          this.view = view;
        },
        remove: () => (this.view = undefined),
      },
      memory: {
        read: (bootId) => ({
          features: this.memory?.bootId === bootId ? this.memory.features : {},
          problem: '',
        }),
        write: (bootId, features) => {
          this.memoryWrites += 1;
          this.memory = structuredClone({ bootId, features });
        },
      },
      clock,
      log,
      timing: { coolDownMs: 1_800_000, daemonGraceMs: 0 },
      mappedRepositories: this.mapped,
      signal: this.#stop.signal,
      connect: () => this.#connect(),
      random: () => 0,
    };
    this.#ended = startDaemon(this.observe(start));
    return this.#ended;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Another daemon after `awayMs`, in which the container beat on, as nobody saw. What is killed writes nothing at its end. */
  async restart(awayMs: number, { isKilled = false, ...changes }: RestartOptions = {}): Promise<void> {
    const left = this.memory;
    this.stop();
    await this.#ended;
    if (isKilled) this.memory = left;
    await this.clock.pass(awayMs);
    this.#seq += Math.floor(awayMs / BEAT_EVERY_MS);
    this.beat(changes.beat);
    this.#stop = new AbortController();
    void this.start();
    await this.settle();
  }

  async #restart(feature: string): Promise<void> {
    this.restarts.push(feature);
    if (this.restartFailure !== '') throw new CtrkitError('service', this.restartFailure);
  }

  #connect(): ReturnType<DaemonStart['connect']> {
    if (this.connectFailure !== undefined) throw this.connectFailure;
    const tables = new FakeSwitchTables(this.databases);
    this.tables.push(tables);
    const store = this.#openStore();
    return {
      store,
      tables,
      listFields: async (address) => {
        this.databases.assertUp();
        return Object.keys(this.databases.row(address) ?? {});
      },
      close: () => {
        store.close();
        tables.close();
      },
    };
  }

  /** A real one that is used after it was closed opens a connection that nobody closes. */
  #openStore(): RowStore {
    const store = this.databases.open();
    let isClosed = false;
    const use = <T>(call: () => T): T => {
      if (isClosed) this.usesAfterClose += 1;
      return call();
    };
    return {
      read: (rows) => use(() => store.read(rows)),
      readWithCondition: (rows, probe) => use(() => store.readWithCondition(rows, probe)),
      list: (table, prefix) => use(() => store.list(table, prefix)),
      write: (guards, writes) => use(() => store.write(guards, writes)),
      watch: (rows, onChange) => use(() => store.watch(rows, onChange)),
      isWatching: false,
      close: () => {
        isClosed = true;
        store.close();
      },
    };
  }
}
