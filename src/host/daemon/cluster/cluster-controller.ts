import { CtrkitError } from '../../../contract/errors.ts';
import { labelsRow } from '../../../contract/cluster/feature-labels.ts';
import { masterConfigRow } from '../../../contract/cluster/master-config.ts';
import { deviceMetadataRow } from '../../../contract/cluster/node-labels.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import { decideBackoffMs } from '../../../contract/backoff.ts';
import { DATABASE_BACKOFF } from '../../../loop/backoff.ts';
import {
  decideMasterRecord,
  planMasterRecord,
  type MasterInput,
} from '../../../decide/cluster/master-record.ts';
import {
  findSettleAtMs,
  isWithdrawn,
  recordDesiredLabels,
  startDesiredLabelsMemory,
  type DesiredLabelsMemory,
} from '../../../decide/cluster/desired-labels-memory.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { Wakeup } from '../../../loop/wakeup.ts';
import type { TableChange } from '../../../ports/switch-tables.ts';
import type { DaemonComponent, Connection } from '../watch/daemon-component.ts';
import { readDesiredSwitchState, type DesiredSwitchState } from './desired-switch-state.ts';
import { LabelReconciler, type LabelReconcilerPorts } from './label-reconciler.ts';

/** Poll interval, for a database that sends no events. */
const RECONCILE_EVERY_MS = 60_000;
/** The daemon reports databases that are away, and closes them at once. What goes on longer is about these rows alone. */
const REPORT_AFTER_FAILURES = 4;
/** Tables whose changes wake the controller. */
const WATCHED: ReadonlySet<string> = new Set([
  labelsRow('state').table,
  masterConfigRow.table,
  deviceMetadataRow.table,
]);
const FEATURE_TABLE = featureStatusRow('').table;

export interface ClusterControllerPorts extends Omit<LabelReconcilerPorts, 'onChange' | 'signal'> {
  /** `problems` are others now. */
  readonly onProblems: () => void;
}

/**
 * Brings the switch's labels to its Node, and writes STATE_DB KUBERNETES_MASTER|SERVER. What is desired stands in the databases:
 * while the API server is away nothing is queued, and what is desired when it is back is brought.
 */
export class ClusterController implements DaemonComponent {
  readonly #ports: ClusterControllerPorts;
  readonly #wakeup: Wakeup;
  readonly #stop = new AbortController();
  readonly #labels: LabelReconciler;
  readonly #rowsLog: OutageLog;
  #connection: Connection | undefined;
  #memory: DesiredLabelsMemory;
  #isLeaving = false;
  /** How often in a row the databases did not give what is desired. */
  #rowFailures = 0;
  #problems: readonly string[] = [];

  constructor(ports: ClusterControllerPorts) {
    const { node, clock, log, random, ledger, findLadderFacts, readSonicVersion } = ports;
    this.#ports = ports;
    this.#wakeup = new Wakeup(clock);
    this.#labels = new LabelReconciler({
      node,
      clock,
      log,
      random,
      ledger,
      findLadderFacts,
      readSonicVersion,
      onChange: this.#wakeup.notify,
      signal: this.#stop.signal,
    });
    this.#rowsLog = new OutageLog(log, clock);
    this.#memory = startDesiredLabelsMemory(clock.bootMs());
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Reconciles: the golden images, or whether to leave, may have changed. Bound, so that it can be handed out. */
  readonly wake = (): void => this.#wakeup.notify();

  connect(connection: Connection): void {
    this.#connection = connection;
    this.#rowFailures = 0;
    this.wake();
  }

  disconnect(): void {
    this.#connection = undefined;
    // Redis may come back empty.
    this.#memory = startDesiredLabelsMemory(this.#ports.clock.bootMs());
  }

  observeChange({ table }: TableChange): void {
    // While the switch leaves, a label goes once its feature has another owner.
    if (WATCHED.has(table) || (this.#isLeaving && table === FEATURE_TABLE)) this.wake();
  }

  close(): void {
    this.#stop.abort();
    this.#connection = undefined;
    this.#ports.node.close();
    this.wake();
  }

  /** Runs until `close`. Throws for a defect only. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const connection = this.#connection;
      // While no database is open there is nothing to do until the daemon connects, and the daemon tells people.
      const pauseMs =
        connection === undefined
          ? RECONCILE_EVERY_MS
          : await this.#reconcile(connection).catch((error: unknown) => this.#recordFailure(error));
      if (!signal.aborted) await this.#wakeup.sleep(pauseMs);
    }
  }

  /** Returns after how many milliseconds to reconcile again if nothing happens. */
  async #reconcile(connection: Connection): Promise<number> {
    const { clock, onProblems } = this.#ports;
    const state = await readDesiredSwitchState(connection, () => this.#connection === connection);
    this.#rowFailures = 0;
    this.#rowsLog.logRecovery('the desired labels can be read again');
    this.#isLeaving = state.isDisabled;
    this.#memory = recordDesiredLabels(this.#memory, state.labels, clock.bootMs());
    await this.#labels.reconcile({
      state,
      isWithdrawn: (key) => isWithdrawn(this.#memory, key, clock.bootMs()),
    });
    const problems = this.#labels.reportProblems();
    if (JSON.stringify(problems) !== JSON.stringify(this.#problems)) {
      this.#problems = problems;
      onProblems();
    }
    // The connection may have been closed meanwhile.
    if (this.#connection === connection)
      await writeMasterRecord(connection, state, this.#labels.masterInput, clock.wallMs());
    return findPauseMs(this.#labels, this.#memory, clock.bootMs());
  }

  /** Returns after how many milliseconds to reconcile again. Throws for a defect. */
  #recordFailure(error: unknown): number {
    if (!(error instanceof CtrkitError)) throw error;
    const { clock, random } = this.#ports;
    if (error.code === 'cluster') {
      this.#labels.recordFailure(error.message);
      return findPauseMs(this.#labels, this.#memory, clock.bootMs());
    }
    if (error.code !== 'database') throw error;
    this.#rowFailures += 1;
    if (this.#rowFailures >= REPORT_AFTER_FAILURES)
      this.#rowsLog.logFailure(`no label is brought to the node: ${error.message}`);
    // The longest wait at once: where the databases are away, the daemon closes and opens the connection.
    return decideBackoffMs(DATABASE_BACKOFF, Infinity, random());
  }
}

async function writeMasterRecord(
  { store }: Pick<Connection, 'store'>,
  { masterRow: master, isDisabled }: DesiredSwitchState,
  { server, node, isFailing, isAway }: Omit<MasterInput, 'isDisabled'>,
  wallMs: number,
): Promise<void> {
  const record = decideMasterRecord(master, { server, node, isFailing, isAway, isDisabled });
  const write = record && planMasterRecord(master, record, wallMs);
  // A write that is refused is made up for: the other writer's change wakes the controller.
  if (write !== undefined) await store.write([master], [write]);
}

/** Milliseconds until time alone changes something. */
function findPauseMs(labels: LabelReconciler, memory: DesiredLabelsMemory, nowMs: number): number {
  const settleAtMs = findSettleAtMs(memory, nowMs) ?? Infinity;
  return Math.max(0, Math.min(RECONCILE_EVERY_MS, labels.requeueAtMs - nowMs, settleAtMs - nowMs));
}
