import { toOneLine } from '../../../text/printable.ts';
import { decideBackoffMs, type BackoffTiming } from '../../../loop/backoff.ts';
import type { NodeLabelPlan } from '../../../decide/cluster/plan-node-labels.ts';
import { findTryMs, noteTry, type LabelTries } from '../../../decide/cluster/label-pace.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, NodeState } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';
import type { NodeLink } from './node-link.ts';

/** More would fill a screen. */
const MOST_PROBLEMS = 5;
/** Of a server that has too much to do, by which thousands of switches are turned away. */
const BUSY_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 60_000 };

type PlannedWrite = NodeLabelPlan['writes'][number];

export interface LabelWriterPorts {
  readonly node: ClusterNode;
  readonly link: NodeLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Brings labels to the node one by one, and remembers which ones did not get there. */
export class LabelWriter {
  readonly #ports: LabelWriterPorts;
  #tries: LabelTries = new Map();
  #plan: NodeLabelPlan = { writes: [], refused: [] };
  /** What was said of labels that can't be brought, and still holds. */
  #told: ReadonlySet<string> = new Set();
  /** How often in a row the server had too much to do. */
  #busyCount = 0;
  /** Boot clock. */
  #busyUntilMs = 0;

  constructor(ports: LabelWriterPorts) {
    this.#ports = ports;
  }

  /** What is to be written from here on. */
  follow(plan: NodeLabelPlan): void {
    this.#plan = plan;
    const problems = this.listProblems();
    for (const problem of problems) if (!this.#told.has(problem)) this.#ports.log.warn(problem);
    this.#told = new Set(problems);
  }

  /** Labels that are not on the node, a line each, and how many more. */
  get problems(): readonly string[] {
    const all = this.listProblems();
    const rest = all.length - MOST_PROBLEMS;
    return rest > 0 ? [...all.slice(0, MOST_PROBLEMS), `and ${rest} more labels like these`] : all;
  }

  /** How many writes are planned that nobody has refused. */
  get waiting(): number {
    return this.#plan.writes.filter((write) => this.refusalOf(write) === undefined).length;
  }

  /** Boot clock: when the next one may be written; undefined for none. */
  get nextWriteMs(): number | undefined {
    const nowMs = this.#ports.clock.bootMs();
    const times = this.#plan.writes.map((write) => findTryMs(this.#tries, write, nowMs));
    return times.length === 0 ? undefined : Math.max(this.#busyUntilMs, Math.min(...times));
  }

  /** Writes what is due; true if the server was asked. Throws CtrkitError('cluster'). */
  async write(node: NodeState, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports;
    if (clock.bootMs() < this.#busyUntilMs) return false;
    let { resourceVersion } = node;
    let hasAsked = false;
    for (const write of this.#plan.writes) {
      const nowMs = clock.bootMs();
      if (signal.aborted || findTryMs(this.#tries, write, nowMs) > nowMs) continue;
      hasAsked = true;
      const version = await this.writeOne(write, resourceVersion);
      if (version === undefined) break;
      resourceVersion = version;
    }
    if (hasAsked) this.follow(this.#plan);
    return hasAsked;
  }

  /** Version of the node behind it; undefined if the node is not what the plan was made for. */
  private async writeOne({ key, value }: PlannedWrite, resourceVersion: string): Promise<string | undefined> {
    const { node, link, clock, log } = this.#ports;
    // Somebody may have taken it over since: then it is not ours to take away.
    const guard = value === undefined ? { resourceVersion } : {};
    const result = await node.writeLabel({ key, value, ...guard });
    const isFailed = result.kind === 'failed';
    const refusal = isFailed || result.kind === 'refused' ? toOneLine(result.text, 300) : undefined;
    this.#tries = noteTry(this.#tries, { key, value, refusal, isFailed }, clock.bootMs());
    this.noteBusy(isFailed && result.isBusy);
    switch (result.kind) {
      case 'written':
        log.info(
          value === undefined ? `label ${key} is off the node` : `label ${key}=${value} is on the node`,
        );
        link.note(result.node);
        return result.node.resourceVersion;
      case 'refused':
        return resourceVersion;
      case 'failed':
        // Whether the server is well is for a reading to say.
        link.doubt();
        return result.isBusy ? undefined : resourceVersion;
      case 'conflict':
      case 'missing':
        link.doubt();
        return undefined;
    }
  }

  private noteBusy(isBusy: boolean): void {
    this.#busyCount = isBusy ? this.#busyCount + 1 : 0;
    if (!isBusy) return;
    const pauseMs = decideBackoffMs(BUSY_BACKOFF, this.#busyCount, this.#ports.random());
    this.#busyUntilMs = this.#ports.clock.bootMs() + pauseMs;
  }

  private listProblems(): string[] {
    const { writes, refused } = this.#plan;
    return [
      ...refused.map(
        ({ key, value, why }) =>
          `label ${toOneLine(key, 80)}=${toOneLine(value, 80)} is not brought to the node: ${why}`,
      ),
      ...writes.flatMap((write) => {
        const refusal = this.refusalOf(write);
        return refusal === undefined
          ? []
          : [`label ${write.key}=${write.value ?? ''} is refused by the Kubernetes master: ${refusal}`];
      }),
    ];
  }

  private refusalOf({ key, value }: PlannedWrite): string | undefined {
    const last = this.#tries.get(key);
    return last?.value === value ? last?.refusal : undefined;
  }
}
