import { EXIT } from '../../../contract/exit-codes.ts';
import { shortenId, RUNNING_STATES } from '../../../contract/images/engine.ts';
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
} from '../../../decide/command/decide-wait.ts';
import { planGiveUp, planReady } from '../../../decide/command/plan-writes.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { RepeatLog } from '../../../loop/repeat-log.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import { WatchLoop, type ReconcileResult, type Session } from '../../../loop/watch-loop.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import { labelsRow } from '../../../contract/cluster/feature-labels.ts';
import { BlockGuard } from './block-labels.ts';
import { findRecordedContainer } from './feature-record.ts';
import type { ContainerPorts } from './ports.ts';
import { recordStableVersion } from './stable-version.ts';

/** The exit of a container that the engine does not know any more. */
const GONE: ContainerExit = { exitCode: undefined, hadOomKill: false };

/** The exit code is the result. */
type WaitResult = ReconcileResult<number>;
const AGAIN: WaitResult = { kind: 'requeue', afterMs: 0 };

/**
 * `container wait`: waits until a container runs the feature, and then for the end of that container. It also waits for
 * databases and an engine that are away. A signal ends the process, which systemd takes for a clean end.
 */
export class FeatureWait {
  readonly #name: string;
  readonly #ports: ContainerPorts;
  readonly #revertToLocalMs: number;
  readonly #outages: { readonly database: OutageLog; readonly engine: OutageLog };
  readonly #log: RepeatLog;
  /** What is odd, whatever is waited for. */
  readonly #odd: RepeatLog;
  readonly #guard: BlockGuard;
  #progress: WaitProgress;
  /** A container that was waited for without this process, and whose end is not known yet; empty for none. */
  #waited: string;
  /** The line that was reported last. */
  #reported = '';

  constructor(name: string, ports: ContainerPorts) {
    const { log, clock } = ports;
    this.#name = name;
    this.#ports = ports;
    this.#revertToLocalMs = ports.readRevertToLocalMs();
    this.#progress = { kind: 'waiting', sinceMs: clock.bootMs() };
    this.#waited = ports.waitedContainer;
    this.#outages = { database: new OutageLog(log, clock), engine: new OutageLog(log, clock) };
    this.#log = new RepeatLog((text) => log.info(`${name}: ${text}`), clock);
    this.#odd = new RepeatLog((text) => log.warn(`${name}: ${text}`), clock);
    this.#guard = new BlockGuard(name, ports, this.#odd);
  }

  /** Returns the exit code. */
  async run(): Promise<number> {
    const loop = new WatchLoop<Session, number>(
      {
        open: () => ({ store: this.#ports.openStore() }),
        reconcile: ({ store }) => this.#reconcile(store),
        isOutage: ({ code }) => code === 'database' || code === 'engine',
        reportOutage: ({ code, message }) =>
          this.#outages[code === 'engine' ? code : 'database'].logFailure(
            `${this.#name}: waiting: ${message}`,
          ),
        reportRecovery: () => this.#outages.database.logRecovery(`${this.#name}: the database is back`),
        reportRefusal: (refusal) =>
          this.#log.log(`the database refuses its events, asking it instead: ${refusal}`),
      },
      this.#ports,
    );
    return loop.run();
  }

  async #reconcile(store: RowStore): Promise<WaitResult> {
    if (this.#waited !== '') {
      const exitCode = await this.#findEnd(store);
      if (exitCode !== undefined) return { kind: 'done', value: exitCode };
    }
    const snapshot = await this.#read(store);
    const limits = { name: this.#name, revertToLocalMs: this.#revertToLocalMs };
    const isAskerBlocked = await this.#guard.isAskerBlocked(store, snapshot.status);
    const now = readTimestamps(this.#ports.clock);
    const { step, progress } = decideWait({ ...snapshot, isAskerBlocked }, this.#progress, limits, now);
    this.#progress = progress;
    return this.#run(step, snapshot, store);
  }

  async #run(step: WaitStep, snapshot: HostSnapshot, store: RowStore): Promise<WaitResult> {
    const { log } = this.#ports;
    switch (step.kind) {
      case 'ask-engine':
        return this.#askEngine(step.ids, snapshot, store);
      case 'answer': {
        const { guard, write } = planReady(this.#name);
        if (await store.write([guard], [write]))
          log.info(`${this.#name}: a container asks to run: it may (remote_state ready)`);
        return AGAIN;
      }
      case 'give-up':
        if (!(await store.write(snapshot.guards, [planGiveUp(this.#name)]))) return AGAIN;
        log.warn(`${this.#name}: ${step.text}`);
        return { kind: 'done', value: EXIT.gaveUp };
      case 'sleep':
        this.#report(step.text);
        return { kind: 'sleep', rows: addressesOf(this.#name), requeueAtMs: step.requeueAtMs };
      case 'end':
        return { kind: 'done', value: this.#logEnd(step) };
    }
  }

  /** The exit code for the container that was waited for without this process; undefined if it still runs. */
  async #findEnd(store: RowStore): Promise<number | undefined> {
    const engine = await this.#ports.openEngine();
    const found = await engine.findContainer(this.#waited);
    const snapshot = await this.#read(store);
    this.#waited = '';
    if (found !== undefined && RUNNING_STATES.has(found.state)) return undefined;
    return this.#logEnd(decideEnd(found ?? GONE, snapshot.status));
  }

  async #askEngine(ids: readonly string[], snapshot: HostSnapshot, store: RowStore): Promise<WaitResult> {
    const engine = await this.#ports.openEngine();
    const found = await findRecordedContainer(engine, ids);
    const seen = decideSeen(found, snapshot.status, this.#progress, this.#name);
    this.#outages.engine.logRecovery(`${this.#name}: the engine is back`);
    switch (seen.kind) {
      case 'follow':
        this.#progress = seen.progress;
        return AGAIN;
      case 'end':
        return { kind: 'done', value: this.#logEnd(seen) };
      case 'ended':
        return { kind: 'done', value: this.#logEnd(decideEnd(seen, snapshot.status)) };
      case 'wait': {
        this.#report(`waiting for the end of container ${shortenId(seen.id)}`);
        if (found !== undefined) await recordStableVersion(this.#name, found, store, this.#ports);
        // The container may run for months: no connection is kept open, and nothing wakes this process.
        store.close();
        if (found !== undefined) this.#ports.becomeLightWait(found);
        const exitCode = await engine.waitContainer(seen.id, new AbortController().signal);
        const after = await this.#read(store).catch(() => snapshot);
        return {
          kind: 'done',
          value: this.#logEnd(decideEnd({ exitCode, hadOomKill: false }, after.status)),
        };
      }
    }
  }

  async #read(store: RowStore): Promise<HostSnapshot> {
    const snapshot = decodeHostSnapshot(await store.read(selectHostRows(this.#name)));
    for (const problem of snapshot.problems) this.#odd.log(`not read: ${problem}`);
    return snapshot;
  }

  /** Returns the exit code. */
  #logEnd({ isWell, text }: WaitEnd): number {
    const { log } = this.#ports;
    if (isWell) log.info(`${this.#name}: ${text}`);
    else log.error(`${this.#name}: ${text}`);
    return isWell ? EXIT.ok : EXIT.refused;
  }

  /** Logs a changed line at once, and an unchanged one once a minute. */
  #report(text: string): void {
    if (text !== this.#reported) this.#log.forget();
    this.#reported = text;
    this.#log.log(text);
  }
}

/** With the labels: `ctrkit unblock` writes there. */
const addressesOf = (name: string) => [
  ...selectHostRows(name).map(({ address }) => address),
  labelsRow('state'),
];
