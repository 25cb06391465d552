import { readTimestamps } from '../../../loop/timestamps.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { CtrkitError } from '../../../contract/errors.ts';
import { RUNNING_STATES } from '../../../contract/images/engine.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { DATABASE_BACKOFF, decideBackoffMs } from '../../../loop/backoff.ts';
import {
  decodeHostSnapshot,
  selectHostRows,
  type HostSnapshot,
} from '../../../decide/command/host-snapshot.ts';
import {
  decideEnd,
  decideSeen,
  decideWait,
  type ContainerExit,
  type WaitEnd,
  type WaitProgress,
  type WaitStep,
} from '../../../decide/command/host-wait.ts';
import { planGiveUp, planReady } from '../../../decide/command/host-writes.ts';
import { OutageLog, SAY_AGAIN_MS } from '../../../loop/outage-log.ts';
import { Wakeup } from '../../../loop/wakeup.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import { findFirst } from './feature-record.ts';
import type { ContainerPorts } from './ports.ts';

/** The engine does not know it any more. */
const GONE: ContainerExit = { exitCode: undefined, hadOomKill: false };

/** Behind the events, for a server that sends none. */
const SLOW_POLL_MS = 5_000;

/**
 * Waits for the end of whoever runs the feature, and until somebody does for that. What is out of order is waited for too:
 * only the feature's own end is one. A signal ends it as it ends any process, which systemd takes for a clean end.
 */
export class FeatureWait {
  readonly #name: string;
  readonly #ports: ContainerPorts;
  readonly #revertToLocalMs: number;
  readonly #wakeup: Wakeup;
  readonly #outages: { readonly database: OutageLog; readonly engine: OutageLog };
  /** Since everything that was asked last answered. */
  #failures = 0;
  #progress: WaitProgress;
  /** Whose end is still to be asked for. */
  #waited: string;
  /** When, on the boot clock, what was last said. */
  #said = { text: '', ms: 0 };

  constructor(name: string, ports: ContainerPorts) {
    this.#name = name;
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#revertToLocalMs = ports.readRevertToLocalMs();
    this.#progress = { kind: 'waiting', sinceMs: ports.clock.bootMs() };
    this.#waited = ports.waitedContainer;
    const { log, clock } = ports;
    this.#outages = { database: new OutageLog(log, clock), engine: new OutageLog(log, clock) };
  }

  /** Returns the exit code. */
  async run(): Promise<number> {
    for (;;) {
      let store: RowStore | undefined;
      try {
        store = this.#ports.openStore();
        return await this.waitWith(store);
      } catch (error) {
        if (!(error instanceof CtrkitError) || !(error.code === 'database' || error.code === 'engine'))
          throw error;
        this.#failures += 1;
        this.#outages[error.code].fail(`${this.#name}: waiting: ${error.message}`);
      } finally {
        store?.close();
      }
      await sleep(decideBackoffMs(DATABASE_BACKOFF, this.#failures, this.#ports.random()));
    }
  }

  private async waitWith(store: RowStore): Promise<number> {
    const ended = this.#waited === '' ? undefined : await this.askForEnd(store);
    if (ended !== undefined) return ended;
    for (;;) {
      const snapshot = await this.read(store);
      const { clock } = this.#ports;
      const now = readTimestamps(clock);
      const limits = { name: this.#name, revertToLocalMs: this.#revertToLocalMs };
      const { step, progress } = decideWait(snapshot, this.#progress, limits, now);
      this.#progress = progress;
      const exitCode = await this.take(step, snapshot, store);
      if (exitCode !== undefined) return exitCode;
    }
  }

  /** The exit code if that was the last step. */
  private async take(step: WaitStep, snapshot: HostSnapshot, store: RowStore): Promise<number | undefined> {
    switch (step.kind) {
      case 'ask-engine':
        return this.askEngine(step.ids, snapshot, store);
      case 'answer':
        return this.answer(store);
      case 'give-up':
        if (!(await store.write(snapshot.guards, [planGiveUp(this.#name)]))) return undefined;
        this.#ports.log.warn(`${this.#name}: ${step.text}`);
        return EXIT.gaveUp;
      case 'sleep':
        this.#failures = 0;
        this.say(step.text);
        // A change between the reading and the subscription would be lost: read once more, then sleep.
        if (store.isWatching) await this.sleepUntil(step.requeueAtMs);
        else await this.watch(store);
        return undefined;
      case 'end':
        return this.end(step);
    }
  }

  /** How the container ended that was waited for lightly; undefined if it has not. */
  private async askForEnd(store: RowStore): Promise<number | undefined> {
    const engine = await this.#ports.openEngine();
    const found = await engine.findContainer(this.#waited);
    const snapshot = await this.read(store);
    this.#waited = '';
    if (found !== undefined && RUNNING_STATES.has(found.state)) return undefined;
    return this.end(decideEnd(found ?? GONE, snapshot));
  }

  private async askEngine(
    ids: readonly string[],
    snapshot: HostSnapshot,
    store: RowStore,
  ): Promise<number | undefined> {
    const engine = await this.#ports.openEngine();
    const found = await findFirst(engine, ids);
    const seen = decideSeen(found, snapshot, this.#progress, this.#name);
    this.#outages.engine.mend(`${this.#name}: the engine is back`);
    switch (seen.kind) {
      case 'follow':
        this.#progress = seen.progress;
        return undefined;
      case 'end':
        return this.end(seen);
      case 'ended':
        return this.end(decideEnd(seen, snapshot));
      case 'wait': {
        this.say(`waiting for the end of container ${seen.id.slice(0, 12)}`);
        // It may run for months: nothing else is kept open, and nothing wakes this process.
        store.close();
        if (found !== undefined) this.#ports.becomeLightWait(found);
        const exitCode = await engine.waitContainer(seen.id, new AbortController().signal);
        return this.end(
          decideEnd({ exitCode, hadOomKill: false }, await this.read(store).catch(() => snapshot)),
        );
      }
    }
  }

  private async answer(store: RowStore): Promise<undefined> {
    const { guard, write } = planReady(this.#name);
    if (await store.write([guard], [write]))
      this.#ports.log.info(`${this.#name}: a container asks to run: it may (remote_state ready)`);
  }

  private async read(store: RowStore): Promise<HostSnapshot> {
    const rows = await store.read(selectHostRows(this.#name));
    this.#outages.database.mend(`${this.#name}: the database is back`);
    return decodeHostSnapshot(rows);
  }

  private async watch(store: RowStore): Promise<void> {
    await store.watch(
      selectHostRows(this.#name).map(({ address }) => address),
      this.#wakeup.notify,
    );
  }

  private async sleepUntil(requeueAtMs = Infinity): Promise<void> {
    const leftMs = requeueAtMs - this.#ports.clock.bootMs();
    await this.#wakeup.sleep(Math.max(0, Math.min(leftMs, SLOW_POLL_MS)));
  }

  private end({ isWell, text }: WaitEnd): number {
    if (isWell) this.#ports.log.info(`${this.#name}: ${text}`);
    else this.#ports.log.error(`${this.#name}: ${text}`);
    return isWell ? EXIT.ok : EXIT.refused;
  }

  /** What has not changed is said at once, and then once a minute. */
  private say(text: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (text === this.#said.text && nowMs < this.#said.ms + SAY_AGAIN_MS) return;
    this.#said = { text, ms: nowMs };
    this.#ports.log.info(`${this.#name}: ${text}`);
  }
}
