import { CtrkitError } from '../../../contract/errors.ts';
import { describeSwitch } from '../../../contract/cluster/node-labels.ts';
import type { Ledger } from '../../../contract/images/ledger.ts';
import type { LadderFacts } from '../../../decide/images/ladder.ts';
import { gatherDesiredLabels } from '../../../decide/cluster/desired-labels.ts';
import type { MasterInput } from '../../../decide/cluster/master-record.ts';
import { planNodeLabels } from '../../../decide/cluster/plan-node-labels.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, ClusterServer } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';
import { ApiServerOutage } from './api-server-outage.ts';
import { describeMissingNode } from './describe-missing-node.ts';
import type { DesiredSwitchState } from './desired-switch-state.ts';
import { LabelWriter } from './label-writer.ts';
import { NodeInformer } from './node-informer.ts';

/** A kubeconfig is looked for this often: a join writes it, and no event tells. */
const FIND_SERVER_EVERY_MS = 10_000;

export interface LabelReconcilerPorts {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly ledger: () => Ledger;
  /** What the ledger does not say of a feature's images. */
  readonly findLadderFacts: (feature: string) => LadderFacts;
  /** The version of the switch's own image; empty if nobody knows. Asked once, when there is a Node. */
  readonly readSonicVersion: () => Promise<string>;
  /** The Node has changed, or the API server has to be asked. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** What is desired on the Node. */
export interface DesiredNode {
  readonly state: DesiredSwitchState;
  /** Whether a key that is not desired may be removed. */
  readonly isWithdrawn: (key: string) => boolean;
}

/** Brings the desired labels to this switch's Node, and knows how its API server is. */
export class LabelReconciler {
  readonly #ports: LabelReconcilerPorts;
  readonly #informer: NodeInformer;
  readonly #writer: LabelWriter;
  readonly #outage: ApiServerOutage;
  #sonicVersion: Promise<string> | undefined;
  /** Undefined: there is no kubeconfig. */
  #server: ClusterServer | undefined;
  #isNodeMissing = false;

  constructor(ports: LabelReconcilerPorts) {
    const { node, clock, log, random, onChange } = ports;
    this.#ports = ports;
    this.#informer = new NodeInformer({ node, clock, log, random, onChange });
    this.#writer = new LabelWriter({ node, clock, log, random, informer: this.#informer });
    this.#outage = new ApiServerOutage({ clock, log, random });
  }

  /** Logs an outage. Returns what can't be done at present, a line each. */
  reportProblems(): readonly string[] {
    const away = this.#outage.report(this.#writer.waitingCount);
    const missing = this.#isNodeMissing ? describeMissingNode(this.#server, this.#ports.node) : '';
    const unwatched = this.#outage.isOpen ? '' : this.#informer.problem;
    return [away, missing, unwatched, ...this.#writer.problems].filter((text) => text !== '');
  }

  /** Boot clock: when to reconcile again if nothing happens. */
  get requeueAtMs(): number {
    if (this.#outage.isOpen) return this.#outage.requeueAtMs;
    if (this.#server === undefined) return this.#ports.clock.bootMs() + FIND_SERVER_EVERY_MS;
    return Math.min(this.#informer.nextRefreshMs, this.#writer.nextWriteMs ?? Infinity);
  }

  /** What is known of the API server and of the Node. */
  get masterInput(): Omit<MasterInput, 'isDisabled'> {
    const { isOpen, isAway } = this.#outage;
    const node = this.#informer.reading?.kind;
    return { server: this.#server, node, isFailing: isOpen, isAway };
  }

  /** Asks the API server for whatever is due, and writes labels. An outage of it is recorded, not thrown. */
  async reconcile(desired: DesiredNode): Promise<void> {
    if (!this.#outage.isDue) return this.#plan(desired);
    try {
      await this.#reach(desired);
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
      if (this.#ports.signal.aborted) return;
      this.recordFailure(error.message);
      await this.#plan(desired);
    }
  }

  /** The API server, or the kubeconfig, can't be used: `text` is a line for people. */
  recordFailure(text: string): void {
    this.#outage.fail(text);
    this.#informer.markStale();
  }

  /** Throws CtrkitError('cluster'). */
  async #reach(desired: DesiredNode): Promise<void> {
    const { node, log, signal } = this.#ports;
    this.#setServer(await node.findServer());
    if (this.#server === undefined) return this.#outage.forget();
    const hasRefreshed = await this.#informer.refresh();
    await this.#plan(desired);
    const { reading } = this.#informer;
    const hasWritten = reading?.kind === 'found' && (await this.#writer.write(reading.node, signal));
    if (!hasRefreshed && !hasWritten && this.#outage.isOpen) return;
    this.#outage.recover();
    const isMissing = this.#informer.reading?.kind === 'missing';
    if (isMissing && !this.#isNodeMissing) log.warn(describeMissingNode(this.#server, node));
    this.#isNodeMissing = isMissing;
  }

  #setServer(server: ClusterServer | undefined): void {
    const last = this.#server;
    this.#server = server;
    if (last?.host === server?.host && last?.port === server?.port) return;
    // Another cluster, or none: what was known of the Node says nothing any more.
    this.#informer.reset();
    this.#isNodeMissing = false;
  }

  async #plan({ state, isWithdrawn }: DesiredNode): Promise<void> {
    const { reading } = this.#informer;
    if (reading?.kind !== 'found') return this.#writer.setPlan({ writes: [], refused: [] });
    const { ledger, findLadderFacts, readSonicVersion } = this.#ports;
    this.#sonicVersion ??= readSonicVersion();
    const description = describeSwitch(state.device, await this.#sonicVersion);
    const plan = planNodeLabels({
      node: reading.node,
      desired: gatherDesiredLabels({
        labels: state.labels,
        ledger: ledger(),
        findFacts: findLadderFacts,
        description,
      }),
      isWithdrawn,
      isLeaving: state.isDisabled,
      stillNeeded: state.stillNeeded,
      features: state.features,
    });
    this.#writer.setPlan(plan);
  }
}
