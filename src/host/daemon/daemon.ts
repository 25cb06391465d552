import { CtrkitError } from '../../contract/errors.ts';
import { Backoff, DATABASE_BACKOFF } from '../../loop/backoff.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { Wakeup } from '../../loop/wakeup.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { TableChange } from '../../ports/switch-tables.ts';
import type { FeatureController } from './feature/feature-controller.ts';
import type { FeatureQueue } from './feature/feature-queue.ts';
import { reconcileFeatures } from './feature/reconcile-features.ts';
import type { ViewPublisher } from './feature/view-publisher.ts';
import type { MemoryKeeper } from './memory/memory-keeper.ts';
import type { DaemonComponent } from './watch/daemon-component.ts';
import type { DatabaseSession } from './watch/database-session.ts';
import type { EngineWatch } from './watch/engine-watch.ts';
import { decideAffected } from './watch/watched-tables.ts';

/** To list the features takes a walk over all of CONFIG_DB. */
const LIST_EVERY_MS = 60_000;

export interface DaemonPorts {
  readonly session: DatabaseSession;
  readonly engine: EngineWatch;
  readonly features: FeatureQueue<FeatureController>;
  readonly components: readonly DaemonComponent[];
  readonly publisher: ViewPublisher;
  readonly memories: Pick<MemoryKeeper, 'save' | 'dueMs'>;
  /** Ends the sleep between two rounds. */
  readonly wakeup: Wakeup;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** The daemon's one loop: reads the rows of the features that may have changed, and lets each of them reconcile. */
export class Daemon {
  readonly #ports: DaemonPorts;
  readonly #outage: OutageLog;
  readonly #brokenRows: OutageLog;
  /** Boot clock: when the features are listed again. */
  #nextListMs = 0;
  /** What keeps the daemon from its databases, one line; empty if nothing does. */
  #problem = '';
  #isClosed = false;

  constructor(ports: DaemonPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#brokenRows = new OutageLog(ports.log, ports.clock);
  }

  /**
   * Runs until `signal` aborts. A step that is running then is left as it is: the next daemon finds what is still to be done.
   * Throws what is no outage.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { session, engine, components, wakeup } = this.#ports;
    const stop = (): void => {
      for (const component of components) component.close();
      // A call that waits for an answer could take all of its time limit.
      session.interrupt();
      wakeup.notify();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      void engine.start();
      await this.#runLoop(signal);
    } finally {
      // After a defect too: what is open would keep the process alive, though it does nothing any more.
      this.#close();
    }
  }

  async #runLoop(signal: AbortSignal): Promise<void> {
    const { wakeup, features, memories, clock, random } = this.#ports;
    const backoff = new Backoff(DATABASE_BACKOFF, random);
    while (!signal.aborted) {
      try {
        await this.#reconcileDue(signal);
        backoff.recordSuccess();
        memories.save();
        await wakeup.sleep(Math.max(0, Math.min(features.requeueAtMs, memories.dueMs) - clock.bootMs()));
      } catch (error) {
        if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
        if (signal.aborted) return;
        this.#problem = `${error.message}; nothing is decided meanwhile`;
        this.#outage.logFailure(this.#problem);
        this.#disconnect();
        this.publish();
        await wakeup.sleep(backoff.recordFailure());
      }
    }
  }

  async #reconcileDue(signal: AbortSignal): Promise<void> {
    const { features, session, clock } = this.#ports;
    await this.#openSession();
    const { store, tables } = session.connection;
    if (clock.bootMs() >= this.#nextListMs) {
      features.update(await tables.listFeatures());
      this.#nextListMs = clock.bootMs() + LIST_EVERY_MS;
    }
    features.addDue();
    for (let due = features.take(); due.length > 0 && !signal.aborted; due = features.take()) {
      await reconcileFeatures(due, store, (name, problem) =>
        this.#brokenRows.logFailure(`${name}: a key of it is no hash: ${problem}; nothing is decided for it`),
      );
      this.publish();
    }
    this.#outage.logRecovery('the databases answer again');
    if (this.#problem === '') return;
    this.#problem = '';
    this.publish();
  }

  async #openSession(): Promise<void> {
    const { session, features, components, wakeup } = this.#ports;
    const isNew = await session.open((change) => this.#observeChange(change), wakeup.notify);
    if (!isNew) return;
    // The watch began before anything is read, so a change in between is not lost.
    this.#nextListMs = 0;
    features.addAll();
    for (const component of components) component.connect(session.connection);
  }

  #observeChange(change: TableChange): void {
    const { features, components, wakeup } = this.#ports;
    for (const component of components) component.observeChange(change);
    const affected = decideAffected(change);
    if (affected === 'all') features.addAll();
    else if (affected === 'none') return;
    else if (features.features.has(change.row)) features.add(change.row);
    else if (change.db === 'config' && change.table === 'FEATURE') {
      this.#nextListMs = 0;
      wakeup.notify();
    }
  }

  /** Writes the view. To be called whenever something that the daemon or a component can't do may have changed. */
  publish(): void {
    // The view's file is removed then.
    if (this.#isClosed) return;
    const { engine, components, features, publisher, clock } = this.#ports;
    const problems = [
      this.#problem,
      engine.state.isAway ? 'the Docker engine is away' : '',
      ...components.flatMap((component) => component.problems),
      ...[...features.features.values()].flatMap(({ view }) => view?.problems ?? []),
    ];
    publisher.publish(
      problems.filter((text) => text !== ''),
      features.features,
      clock.bootMs(),
    );
  }

  #disconnect(): void {
    const { components, session } = this.#ports;
    // The components first: a use after the close would open the connection again.
    for (const component of components) component.disconnect();
    session.close();
  }

  #close(): void {
    const { components, engine, publisher, memories } = this.#ports;
    this.#isClosed = true;
    memories.save(true);
    for (const component of components) component.close();
    engine.close();
    this.#disconnect();
    publisher.close();
  }
}
