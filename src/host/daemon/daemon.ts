import { CtrkitError } from '../../contract/errors.ts';
import { Backoff, DATABASE_BACKOFF } from '../../loop/backoff.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import type { SwitchTables, TableChange } from '../../ports/switch-tables.ts';
import type { DaemonComponent, Connection } from './watch/daemon-component.ts';
import { EngineWatch } from './watch/engine-watch.ts';
import { FeatureController, type FeaturePorts } from './feature/feature-controller.ts';
import { reconcileFeatures } from './feature/reconcile-features.ts';
import { ViewPublisher, type ViewTarget } from './feature/view-publisher.ts';
import { decideAffected, WATCHED_TABLES } from './watch/watched-tables.ts';

/** Behind the events, for a server that sends none, and for a lock that was added. */
const POLL_MS = 10_000;
/** The list of features is a walk over all of CONFIG_DB. */
const LIST_EVERY_MS = 60_000;

export interface DaemonPorts extends Omit<FeaturePorts, 'engineState' | 'onDone' | 'startedMs'> {
  /** Throws CtrkitError('usage' or 'database'). Asked again after a failure: files and servers come and go. */
  connect(): Connection;
  /** What `connect` gave is closed: to use it now would open a connection that nobody closes. */
  onDisconnect(): void;
  readonly view: ViewTarget;
  /** Beside the features. */
  readonly components?: readonly DaemonComponent[];
  readonly random: () => number;
}

/** One loop: what may have changed is read, decided on, and acted on, a feature at a time. */
export class Daemon {
  readonly #ports: DaemonPorts;
  readonly #wakeup: Wakeup;
  readonly #outage: OutageLog;
  readonly #viewOutage: OutageLog;
  readonly #broken: OutageLog;
  readonly #features = new Map<string, FeatureController>();
  readonly #dirty = new Set<string>();
  /** Features that the last list did not have. */
  readonly #missing = new Set<string>();
  readonly #engine: EngineWatch;
  readonly #publisher: ViewPublisher;
  readonly #featurePorts: FeaturePorts;
  /** Boot clock: when everything is read again, whatever the events say, and when the features are listed again. */
  #nextPollMs = 0;
  #nextListMs = 0;
  #isWatching = false;
  #isClosed = false;
  #connection: Connection | undefined;
  #problem = '';

  constructor(ports: DaemonPorts) {
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#viewOutage = new OutageLog(ports.log, ports.clock);
    this.#broken = new OutageLog(ports.log, ports.clock);
    this.#engine = new EngineWatch({
      ...ports,
      onChange: () => this.markAll(),
      onEvent: (event) => {
        if (event.kind === 'die') for (const feature of this.#features.values()) feature.recordEnd(event);
      },
    });
    const startedMs = ports.clock.bootMs();
    this.#publisher = new ViewPublisher(
      ports.view,
      {
        isShadow: ports.isShadow,
        bootId: ports.clock.bootId(),
        startedMs,
      },
      (text) => this.#viewOutage.fail(text),
    );
    this.#featurePorts = {
      ...ports,
      startedMs,
      engineState: () => this.#engine.state,
      onDone: (feature) => this.mark(feature),
    };
  }

  /** Runs until `signal` aborts. What was being done is left as it is: whoever starts next takes it up. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => {
      for (const companion of this.companions) companion.close();
      // An answer that is waited for now could take all of its time.
      this.#connection?.close();
      this.#wakeup.notify();
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      void this.#engine.start();
      await this.lookUntil(signal);
    } finally {
      // For a defect too: what is open would keep the process, which does nothing any more.
      this.close();
    }
  }

  private async lookUntil(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(DATABASE_BACKOFF, this.#ports.random);
    while (!signal.aborted) {
      try {
        await this.lookAround(signal);
        backoff.succeed();
        await this.#wakeup.sleep(this.untilNextLookMs());
      } catch (error) {
        if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
        if (signal.aborted) return;
        this.lose(`${error.message}; nothing is decided meanwhile`);
        await this.#wakeup.sleep(backoff.fail());
      }
    }
  }

  private async lookAround(signal: AbortSignal): Promise<void> {
    const { store, tables } = await this.connected();
    const nowMs = this.#ports.clock.bootMs();
    if (nowMs >= this.#nextListMs) await this.list(tables);
    if (nowMs >= this.#nextPollMs) this.markAll();
    for (const [name, { requeueAtMs }] of this.#features)
      if (requeueAtMs !== undefined && requeueAtMs <= nowMs) this.#dirty.add(name);
    while (this.#dirty.size > 0 && !signal.aborted) {
      const features = [...this.#dirty].flatMap((name) => this.#features.get(name) ?? []);
      this.#dirty.clear();
      await reconcileFeatures(features, store, (name, why) =>
        this.#broken.fail(`${name}: a key of it is no hash: ${why}; nothing is decided for it`),
      );
      this.publish();
    }
    this.#outage.mend('the databases answer again');
    if (this.#problem === '') return;
    this.#problem = '';
    this.publish();
  }

  private async connected(): Promise<Connection> {
    this.#connection ??= this.#ports.connect();
    if (!this.#isWatching) {
      // First the watch, then the reading: what changes between the two is read.
      await this.#connection.tables.watch(
        WATCHED_TABLES,
        (change) => this.note(change),
        () => {
          this.#isWatching = false;
          this.#wakeup.notify();
        },
      );
      this.#isWatching = true;
      this.#nextListMs = 0;
      this.#nextPollMs = 0;
      for (const companion of this.companions) companion.connect(this.#connection);
    }
    return this.#connection;
  }

  private async list(tables: SwitchTables): Promise<void> {
    const names = await tables.listFeatures();
    this.#nextListMs = this.#ports.clock.bootMs() + LIST_EVERY_MS;
    for (const [name, feature] of this.#features) {
      if (names.includes(name)) this.#missing.delete(name);
      // `config reload` empties the table for a moment: what is remembered of a feature, and done for it, goes on.
      else if (feature.isBusy || !this.#missing.has(name)) this.#missing.add(name);
      else {
        this.#features.delete(name);
        this.#missing.delete(name);
      }
    }
    for (const name of names) {
      if (this.#features.has(name)) continue;
      this.#features.set(name, new FeatureController(name, this.#featurePorts));
    }
    for (const name of names) this.#dirty.add(name);
  }

  private note(change: TableChange): void {
    const { db, table, row } = change;
    for (const companion of this.companions) companion.observeChange(change);
    const affected = decideAffected(change);
    if (affected === 'all') this.markAll();
    else if (affected === 'none') return;
    else if (this.#features.has(row)) this.mark(row);
    else if (db === 'config' && table === 'FEATURE') {
      this.#nextListMs = 0;
      this.#wakeup.notify();
    }
  }

  private mark(name: string): void {
    this.#dirty.add(name);
    this.#wakeup.notify();
  }

  private markAll(): void {
    for (const name of this.#features.keys()) this.#dirty.add(name);
    this.#nextPollMs = this.#ports.clock.bootMs() + POLL_MS;
    this.#wakeup.notify();
  }

  private untilNextLookMs(): number {
    const looks = [...this.#features.values()].flatMap(({ requeueAtMs }) => requeueAtMs ?? []);
    return Math.max(0, Math.min(this.#nextPollMs, ...looks) - this.#ports.clock.bootMs());
  }

  private get companions(): readonly DaemonComponent[] {
    return this.#ports.components ?? [];
  }

  /** What the daemon, or a companion of it, can't do may be something else now. */
  publish(): void {
    // The view's file is gone then.
    if (this.#isClosed) return;
    const engine = this.#engine.state.isAway ? 'the Docker engine is away' : '';
    const problems = [this.#problem, engine, ...this.companions.flatMap((one) => one.problems)];
    this.#publisher.publish(
      problems.filter((text) => text !== ''),
      this.#features,
      this.#ports.clock.bootMs(),
    );
  }

  private lose(text: string): void {
    this.#outage.fail(text);
    this.#problem = text;
    this.disconnect();
    this.publish();
  }

  private disconnect(): void {
    // First those who could use it once more, which would open it again.
    for (const companion of this.companions) companion.disconnect();
    this.#connection?.close();
    this.#connection = undefined;
    this.#isWatching = false;
    this.#ports.onDisconnect();
  }

  private close(): void {
    this.#isClosed = true;
    for (const companion of this.companions) companion.close();
    this.#engine.close();
    this.#ports.engine.close();
    this.disconnect();
    this.#publisher.close();
  }
}
