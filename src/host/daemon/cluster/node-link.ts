import { CtrkitError } from '../../../contract/errors.ts';
import { decideBackoffMs, type BackoffTiming } from '../../../loop/backoff.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, NodeReading, NodeState } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';

/** A watch this long, and as much again by chance, is ended by the server: then all is read anew. */
const WATCH_S = 240;
/** An API server sends a bookmark each minute; one that sends none is asked ever more seldom. */
const SILENCE: BackoffTiming = { firstMs: 75_000, longestMs: WATCH_S * 1_000 };
const WATCH_MORE_S = 120;
/** Thousands of switches notice at one instant that their server has ended. */
const REOPEN_WITHIN_MS = 2_000;
/** One that lasts longer was a watch, not a refusal. */
const SHORT_WATCH_MS = 5_000;
/** A server that is restarted refuses one or two. */
const TELL_AFTER_FAILURES = 3;
/** A node that is not there is registered by the kubelet, which takes its own time. */
const NODE_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 60_000 };

export interface NodeLinkPorts {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** The node has changed, or `refresh` has something to do. */
  onChange(): void;
}

/** This switch's node as the API server has it: read once, then followed. */
export class NodeLink {
  readonly #ports: NodeLinkPorts;
  readonly #outageLog: OutageLog;
  #reading: NodeReading | undefined;
  #unwatch: (() => void) | undefined;
  #openedMs = 0;
  #lastSignMs = 0;
  /** How often in a row silence turned out to be nothing: a server without bookmarks is not asked all the time. */
  #silentChecks = 0;
  #isDoubtful = false;
  /** How often in a row there was nothing to follow. */
  #failures = 0;
  /** How often in a row the server answered, and let nobody follow. */
  #watchFailures = 0;
  #watchFault = '';
  #nextOpenMs = 0;

  constructor(ports: NodeLinkPorts) {
    this.#ports = ports;
    this.#outageLog = new OutageLog(ports.log, ports.clock);
  }

  /** As of the last word of the server; undefined before the first one. */
  get reading(): NodeReading | undefined {
    return this.#reading;
  }

  /** Why the node is read now and then only, empty if it is followed: the server answers all the same. */
  get problem(): string {
    return this.#watchFailures < TELL_AFTER_FAILURES
      ? ''
      : `the node can't be followed, it is read now and then only: ${this.#watchFault}`;
  }

  /** Boot clock: when `refresh` has something to do. */
  get nextRefreshMs(): number {
    if (this.#isDoubtful) return 0;
    return this.#unwatch === undefined ? this.#nextOpenMs : this.#lastSignMs + this.silenceMs();
  }

  /** Reads or follows the node if that is due; true if the server was asked. Throws CtrkitError('cluster'). */
  async refresh(): Promise<boolean> {
    const { clock } = this.#ports;
    if (clock.bootMs() < this.nextRefreshMs) return false;
    const before = this.#reading;
    const reading = await this.#ports.node.read();
    this.#isDoubtful = false;
    this.#reading = reading;
    if (reading.kind === 'missing') this.lose();
    else if (this.#unwatch === undefined) await this.open(reading.node);
    else if (before?.kind === 'found' && before.node.resourceVersion === reading.node.resourceVersion) {
      this.#silentChecks += 1;
      this.#lastSignMs = clock.bootMs();
    } else {
      // It has changed, and the watch has not said so.
      this.stop();
      await this.open(reading.node);
    }
    return true;
  }

  /** What the server has answered to a write. */
  note(node: NodeState): void {
    this.#reading = { kind: 'found', node };
  }

  /** A call has failed, or the node is not as it was thought to be: the next `refresh` asks. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** Forgets all of it: there is no server any more, or another one. */
  close(): void {
    this.stop();
    this.#reading = undefined;
    this.#isDoubtful = false;
    this.#failures = 0;
    this.#watchFailures = 0;
    this.#nextOpenMs = 0;
  }

  /** That it can't be followed does not mean that the server is away: it has just been read. */
  private async open(state: NodeState): Promise<void> {
    try {
      await this.watch(state);
      this.#watchFailures = 0;
      this.#outageLog.mend('the node is followed again');
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
      this.#watchFailures += 1;
      this.#watchFault = error.message;
      if (this.problem !== '') this.#outageLog.fail(this.problem);
      const pauseMs = decideBackoffMs(NODE_BACKOFF, this.#watchFailures, this.#ports.random());
      this.#nextOpenMs = this.#ports.clock.bootMs() + pauseMs;
    }
  }

  private async watch({ resourceVersion }: NodeState): Promise<void> {
    const { node, clock } = this.#ports;
    const timeoutS = Math.round(WATCH_S + WATCH_MORE_S * this.#ports.random());
    this.#openedMs = clock.bootMs();
    this.#lastSignMs = this.#openedMs;
    let hasEnded = false;
    const stop = await node.watch(
      { resourceVersion, timeoutS },
      {
        onChange: (changed) => this.follow(changed),
        onSign: () => this.sign(),
        onEnd: () => {
          hasEnded = true;
          this.end();
        },
      },
    );
    if (!hasEnded) this.#unwatch = stop;
  }

  private follow(changed: NodeState | undefined): void {
    this.sign();
    if (changed === undefined) {
      this.#reading = { kind: 'missing' };
      this.lose();
    } else if (!isOlder(changed, this.#reading)) this.#reading = { kind: 'found', node: changed };
    this.#ports.onChange();
  }

  private sign(): void {
    this.#silentChecks = 0;
    this.#lastSignMs = this.#ports.clock.bootMs();
  }

  private end(): void {
    const nowMs = this.#ports.clock.bootMs();
    const chance = this.#ports.random();
    this.#unwatch = undefined;
    this.#failures = nowMs - this.#openedMs < SHORT_WATCH_MS ? this.#failures + 1 : 0;
    const pauseMs =
      this.#failures === 0
        ? REOPEN_WITHIN_MS * chance
        : decideBackoffMs(NODE_BACKOFF, this.#failures, chance);
    this.#nextOpenMs = nowMs + pauseMs;
    this.#ports.onChange();
  }

  private lose(): void {
    this.stop();
    this.#watchFailures = 0;
    this.#failures += 1;
    const pauseMs = decideBackoffMs(NODE_BACKOFF, this.#failures, this.#ports.random());
    this.#nextOpenMs = this.#ports.clock.bootMs() + pauseMs;
  }

  private stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  private silenceMs(): number {
    return decideBackoffMs(SILENCE, this.#silentChecks + 1);
  }
}

/** What the watch tells may be from before a write that was answered already. */
function isOlder(changed: NodeState, reading: NodeReading | undefined): boolean {
  if (reading?.kind !== 'found' || reading.node.uid !== changed.uid) return false;
  const versions = [changed.resourceVersion, reading.node.resourceVersion];
  if (!versions.every((version) => /^\d{1,18}$/.test(version))) return false;
  const [theirs = 0n, ours = 0n] = versions.map(BigInt);
  return theirs < ours;
}
