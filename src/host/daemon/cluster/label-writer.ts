import { findEarliest } from '../../../contract/timestamps.ts';
import { toOneLine } from '../../../text/printable.ts';
import { type BackoffTiming } from '../../../contract/backoff.ts';
import { Backoff } from '../../../loop/backoff.ts';
import type { NodeLabelPlan } from '../../../decide/cluster/plan-node-labels.ts';
import {
  findNextTryMs,
  findRefusal,
  recordLabelTry,
  type LabelTries,
  type LabelValue,
} from '../../../decide/cluster/label-pace.ts';
import { listLabelProblems, shortenProblems } from '../../../decide/cluster/label-problems.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, NodeState } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';
import type { NodeInformer } from './node-informer.ts';

/** For an API server that has too much to do, and that turns thousands of switches away. */
const BUSY_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 60_000 };

export interface LabelWriterPorts {
  readonly node: ClusterNode;
  readonly informer: Pick<NodeInformer, 'record' | 'markStale'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** Writes labels to the Node one by one, so that a label that is refused stops no other. */
export class LabelWriter {
  readonly #ports: LabelWriterPorts;
  readonly #busyBackoff: Backoff;
  #tries: LabelTries = new Map();
  #plan: NodeLabelPlan = { writes: [], refused: [] };
  /** Problems that were logged and still hold. */
  #logged: ReadonlySet<string> = new Set();
  /** Boot clock. */
  #busyUntilMs = 0;

  constructor(ports: LabelWriterPorts) {
    this.#ports = ports;
    this.#busyBackoff = new Backoff(BUSY_BACKOFF, ports.random);
  }

  /** Replaces the plan: what is to be written from here on. */
  setPlan(plan: NodeLabelPlan): void {
    this.#plan = plan;
    const problems = listLabelProblems(plan, this.#tries);
    for (const problem of problems) if (!this.#logged.has(problem)) this.#ports.log.warn(problem);
    this.#logged = new Set(problems);
  }

  /** Labels that are not on the Node, a line each, and how many more there are. */
  get problems(): readonly string[] {
    return shortenProblems(listLabelProblems(this.#plan, this.#tries));
  }

  /** How many planned writes the API server has not refused. */
  get waitingCount(): number {
    return this.#plan.writes.filter((write) => findRefusal(this.#tries, write) === undefined).length;
  }

  /** Boot clock: when the next write is due; undefined for none. */
  get nextWriteMs(): number | undefined {
    const nowMs = this.#ports.clock.bootMs();
    const times = this.#plan.writes.map((write) => findNextTryMs(this.#tries, write, nowMs));
    const dueMs = findEarliest(times);
    return dueMs === undefined ? undefined : Math.max(this.#busyUntilMs, dueMs);
  }

  /** Writes what is due; true if the API server was asked. Throws CtrkitError('cluster'). */
  async write(node: NodeState, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports;
    if (clock.bootMs() < this.#busyUntilMs) return false;
    let { resourceVersion } = node;
    let hasAsked = false;
    for (const label of this.#plan.writes) {
      const nowMs = clock.bootMs();
      if (signal.aborted || findNextTryMs(this.#tries, label, nowMs) > nowMs) continue;
      hasAsked = true;
      const nextVersion = await this.#writeLabel(label, resourceVersion);
      if (nextVersion === undefined) break;
      resourceVersion = nextVersion;
    }
    if (hasAsked) this.setPlan(this.#plan);
    return hasAsked;
  }

  /** Returns the version of the Node after the write; undefined if the plan was made for another Node, or must wait. */
  async #writeLabel({ key, value }: LabelValue, resourceVersion: string): Promise<string | undefined> {
    const { node, informer, clock, log } = this.#ports;
    // Another writer may have taken the label over since the Node was read: then ctrkitd may not remove it.
    const guard = value === undefined ? { resourceVersion } : {};
    const result = await node.writeLabel({ key, value, ...guard });
    const isFailed = result.kind === 'failed';
    const refusal = isFailed || result.kind === 'refused' ? toOneLine(result.text, 300) : undefined;
    this.#tries = recordLabelTry(this.#tries, { key, value, refusal, isFailed }, clock.bootMs());
    if (isFailed && result.isBusy) this.#busyUntilMs = clock.bootMs() + this.#busyBackoff.recordFailure();
    else this.#busyBackoff.recordSuccess();
    switch (result.kind) {
      case 'written':
        log.info(
          value === undefined ? `label ${key} is off the node` : `label ${key}=${value} is on the node`,
        );
        informer.record(result.node);
        return result.node.resourceVersion;
      case 'refused':
        return resourceVersion;
      case 'failed':
        // A reading will show whether the API server works at all.
        informer.markStale();
        return result.isBusy ? undefined : resourceVersion;
      case 'conflict':
      case 'missing':
        informer.markStale();
        return undefined;
    }
  }
}
