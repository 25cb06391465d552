import { CtrkitError } from '../../../contract/errors.ts';
import type { Ledger } from '../../../contract/images/ledger.ts';
import { describeSwitch } from '../../../contract/cluster/node-labels.ts';
import { DATABASE_BACKOFF, decideBackoffMs } from '../../../loop/backoff.ts';
import { decideMasterRecord, planMasterRecord } from '../../../decide/cluster/master-record.ts';
import { decideNodeLabels, gatherDesiredLabels } from '../../../decide/cluster/plan-node-labels.ts';
import {
  isTakenBack,
  recordDesiredLabels,
  startDesiredLabelsMemory,
  desiredLabelsSettleAtMs,
  type DesiredLabelsMemory,
} from '../../../decide/cluster/desired-labels-memory.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { Wakeup } from '../../../loop/wakeup.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, ClusterServer } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';
import type { TableChange } from '../../../ports/switch-tables.ts';
import type { DaemonComponent, Connection } from '../watch/daemon-component.ts';
import { LabelWriter } from './label-writer.ts';
import { MasterOutage } from './master-outage.ts';
import { NodeLink } from './node-link.ts';
import { readDesiredSwitchState, type DesiredSwitchState } from './desired-switch-state.ts';

/** A file of this switch is looked for: joining writes it. */
const LOOK_FOR_CONFIG_MS = 10_000;
/** Behind the events, for a server that sends none. */
const READ_EVERY_MS = 60_000;

/** The daemon tells of databases that are away, and closes them at once; what goes on is about these rows alone. */
const TELL_AFTER_FAILURES = 4;
const WAKING: ReadonlySet<string> = new Set(['KUBE_LABELS', 'KUBERNETES_MASTER', 'DEVICE_METADATA']);

export interface ClusterControllerPorts {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  ledger(): Ledger;
  /** Of the switch's own image, empty if nobody says. Asked once, when there is a master. */
  readSonicVersion(): Promise<string>;
  /** `problems` may be others now. */
  onProblems(): void;
}

/**
 * Brings the switch's labels to its node, and writes STATE_DB KUBERNETES_MASTER|SERVER. What is wished stands in the
 * databases: while the master is away it waits there, and whatever it is then is brought.
 */
export class ClusterController implements DaemonComponent {
  readonly #ports: ClusterControllerPorts;
  readonly #wakeup: Wakeup;
  readonly #stop = new AbortController();
  readonly #link: NodeLink;
  readonly #writer: LabelWriter;
  readonly #outage: MasterOutage;
  readonly #rowsLog: OutageLog;
  #connection: Connection | undefined;
  #memory: DesiredLabelsMemory;
  #sonicVersion: Promise<string> | undefined;
  /** Undefined: there is no kubeconfig. */
  #server: ClusterServer | undefined;
  #isNodeMissing = false;
  #isLeaving = false;
  /** How often in a row the databases did not give what the wishes are made of. */
  #rowFailures = 0;
  #problems: readonly string[] = [];

  constructor(ports: ClusterControllerPorts) {
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#link = new NodeLink({ ...bindPorts(ports), onChange: this.#wakeup.notify });
    this.#writer = new LabelWriter({ ...bindPorts(ports), link: this.#link });
    this.#outage = new MasterOutage(bindPorts(ports));
    this.#rowsLog = new OutageLog(ports.log, ports.clock);
    this.#memory = startDesiredLabelsMemory(ports.clock.bootMs());
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Looks again: what is golden, or whether to leave, may be otherwise. Bound, so that it can be handed out. */
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
    // While leaving, a label goes once its feature has another owner.
    if (WAKING.has(table) || (this.#isLeaving && table === 'FEATURE')) this.wake();
  }

  close(): void {
    this.#stop.abort();
    this.#connection = undefined;
    this.#ports.node.close();
    this.wake();
  }

  /** Until `close`. Throws for a defect only. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const connection = this.#connection;
      // The daemon says when there are databases, and tells people while there are none.
      const pauseMs = connection === undefined ? READ_EVERY_MS : await this.lookSafely(connection);
      if (!signal.aborted) await this.#wakeup.sleep(pauseMs);
    }
  }

  private async lookSafely(connection: Connection): Promise<number> {
    try {
      return await this.look(connection);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      if (error.code === 'cluster') {
        this.lose(error.message);
        return Math.max(0, this.nextLookMs() - this.#ports.clock.bootMs());
      }
      if (error.code !== 'database') throw error;
      this.#rowFailures += 1;
      if (this.#rowFailures >= TELL_AFTER_FAILURES)
        this.#rowsLog.fail(`no label is brought to the node: ${error.message}`);
      return decideBackoffMs(DATABASE_BACKOFF, 10, this.#ports.random());
    }
  }

  /** Returns how long nothing is to be done if nothing happens, milliseconds. */
  private async look(connection: Connection): Promise<number> {
    const { clock } = this.#ports;
    const wishes = await readDesiredSwitchState(connection, () => this.#connection === connection);
    this.#rowFailures = 0;
    this.#rowsLog.mend('the wishes for the node can be read again');
    this.#isLeaving = wishes.isDisabled;
    this.#memory = recordDesiredLabels(this.#memory, wishes.labels, clock.bootMs());
    if (this.#outage.isAskedNow) await this.reach(wishes);
    else await this.plan(wishes);
    this.show();
    // What was connected then may be closed by now.
    if (this.#connection === connection) await this.record(connection, wishes);
    return Math.max(0, this.nextLookMs() - clock.bootMs());
  }

  /** Asks the server whatever is to be asked. */
  private async reach(wishes: DesiredSwitchState): Promise<void> {
    const { node, log } = this.#ports;
    try {
      this.followServer(await node.findServer());
      if (this.#server === undefined) {
        this.#outage.forget();
        return;
      }
      const hasRefreshed = await this.#link.refresh();
      await this.plan(wishes);
      const { reading } = this.#link;
      const hasWritten =
        reading?.kind === 'found' && (await this.#writer.write(reading.node, this.#stop.signal));
      if (!hasRefreshed && !hasWritten && this.#outage.isOpen) return;
      this.#outage.mend();
      const isMissing = this.#link.reading?.kind === 'missing';
      if (isMissing && !this.#isNodeMissing) log.warn(this.describeMissing());
      this.#isNodeMissing = isMissing;
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
      if (this.#stop.signal.aborted) return;
      this.lose(error.message);
      await this.plan(wishes);
    }
  }

  private followServer(server: ClusterServer | undefined): void {
    const before = this.#server;
    this.#server = server;
    // Another cluster, or none: what was known of the node says nothing any more.
    if (before?.host !== server?.host || before?.port !== server?.port) {
      this.#link.close();
      this.#isNodeMissing = false;
    }
  }

  private async plan(wishes: DesiredSwitchState): Promise<void> {
    const { reading } = this.#link;
    if (reading?.kind !== 'found') {
      this.#writer.follow({ writes: [], refused: [] });
      return;
    }
    this.#sonicVersion ??= this.#ports.readSonicVersion();
    const description = describeSwitch(wishes.device, await this.#sonicVersion);
    const nowMs = this.#ports.clock.bootMs();
    const plan = decideNodeLabels({
      node: reading.node,
      wishes: gatherDesiredLabels({ labels: wishes.labels, ledger: this.#ports.ledger(), description }),
      isGone: (key) => isTakenBack(this.#memory, key, nowMs),
      isLeaving: wishes.isDisabled,
      stillNeeded: wishes.stillNeeded,
      features: wishes.features,
    });
    this.#writer.follow(plan);
  }

  private lose(text: string): void {
    this.#outage.fail(text);
    this.#link.doubt();
  }

  private async record({ store }: Connection, wishes: DesiredSwitchState): Promise<void> {
    const { isAway, isOpen: isFailing } = this.#outage;
    const { isDisabled, master } = wishes;
    const scene = { server: this.#server, node: this.#link.reading?.kind, isFailing, isAway, isDisabled };
    const wanted = decideMasterRecord(master, scene);
    const write = wanted && planMasterRecord(master, wanted, this.#ports.clock.wallMs());
    // Somebody has written since: that wakes this loop, which reads it.
    if (write !== undefined) await store.write([master], [write]);
  }

  private show(): void {
    const away = this.#outage.tell(this.#writer.waiting);
    const missing = this.#isNodeMissing ? this.describeMissing() : '';
    const unfollowed = this.#outage.isOpen ? '' : this.#link.problem;
    const problems = [away, missing, unfollowed, ...this.#writer.problems].filter((text) => text !== '');
    if (JSON.stringify(problems) === JSON.stringify(this.#problems)) return;
    this.#problems = problems;
    this.#ports.onProblems();
  }

  private describeMissing(): string {
    const { host = '', port = 0 } = this.#server ?? {};
    return `the Kubernetes master at ${host}:${port} has no node ${this.nodeName()}: the switch is not connected`;
  }

  /** The host may have got a name since that can be no node's. */
  private nodeName(): string {
    try {
      return this.#ports.node.name();
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
      return `of this switch's name (${error.message})`;
    }
  }

  /** Boot clock. */
  private nextLookMs(): number {
    const nowMs = this.#ports.clock.bootMs();
    const soonest = [nowMs + READ_EVERY_MS];
    if (this.#outage.isOpen) soonest.push(this.#outage.nextLookMs);
    else if (this.#server === undefined) soonest.push(nowMs + LOOK_FOR_CONFIG_MS);
    else {
      soonest.push(this.#link.nextRefreshMs, this.#writer.nextWriteMs ?? Infinity);
      soonest.push(desiredLabelsSettleAtMs(this.#memory, nowMs) ?? Infinity);
    }
    return Math.min(...soonest);
  }
}

const bindPorts = ({ node, clock, log, ...ports }: ClusterControllerPorts) => ({
  node,
  clock,
  log,
  random: () => ports.random(),
});
