import { CtrkitError } from '../../../contract/errors.ts';
import {
  decideWatchTimeoutS,
  findNextReadMs,
  isWatchRefused,
  recordEnd,
  recordMissing,
  recordOpened,
  recordOpening,
  recordRefusal,
  recordSign,
  recordSilentCheck,
  startWatchPace,
} from '../../../decide/cluster/watch-pace.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, NodeState } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';

export interface NodeWatcherPorts {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The Node has changed; undefined: it was deleted. */
  readonly onChange: (node: NodeState | undefined) => void;
  /** The API server has ended the watch. */
  readonly onEnd: () => void;
}

/** The one watch of this switch's Node: opens it, and paces what comes after its end. */
export class NodeWatcher {
  readonly #ports: NodeWatcherPorts;
  readonly #outageLog: OutageLog;
  #stopWatch: (() => void) | undefined;
  #pace = startWatchPace();
  /** Why the API server last refused a watch. */
  #refusal = '';

  constructor(ports: NodeWatcherPorts) {
    this.#ports = ports;
    this.#outageLog = new OutageLog(ports.log, ports.clock);
  }

  /** Why the Node is only read now and then; empty if it is watched. The API server answers all the same. */
  get problem(): string {
    return isWatchRefused(this.#pace)
      ? `the node can't be followed, it is read now and then only: ${this.#refusal}`
      : '';
  }

  /** Boot clock: when the Node is to be read. */
  get nextReadMs(): number {
    return findNextReadMs(this.#pace, this.#stopWatch !== undefined);
  }

  /** Watches the Node from a reading on. `isUnchanged`: an open watch has missed nothing, and goes on. Throws for a defect only. */
  async follow(node: NodeState, isUnchanged: boolean): Promise<void> {
    if (this.#stopWatch !== undefined && isUnchanged)
      this.#pace = recordSilentCheck(this.#pace, this.#ports.clock.bootMs());
    else await this.#open(node);
  }

  /** There is no Node to watch. */
  stopWithoutNode(): void {
    this.#close();
    this.#pace = recordMissing(this.#pace, this.#ports.clock.bootMs(), this.#ports.random());
  }

  /** Forgets everything: there is no API server any more, or another one. */
  reset(): void {
    this.#close();
    this.#pace = startWatchPace();
  }

  /** A watch that is refused is no outage: the API server has just been read. */
  async #open(node: NodeState): Promise<void> {
    this.#close();
    try {
      await this.#watch(node);
      this.#pace = recordOpened(this.#pace);
      this.#outageLog.logRecovery('the node is followed again');
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'cluster') throw error;
      this.#pace = recordRefusal(this.#pace, this.#ports.clock.bootMs(), this.#ports.random());
      this.#refusal = error.message;
      if (this.problem !== '') this.#outageLog.logFailure(this.problem);
    }
  }

  async #watch({ resourceVersion }: NodeState): Promise<void> {
    const { node, clock, random, onChange, onEnd } = this.#ports;
    const timeoutS = decideWatchTimeoutS(random());
    this.#pace = recordOpening(this.#pace, clock.bootMs());
    let hasEnded = false;
    const recordLife = (): void => {
      this.#pace = recordSign(this.#pace, clock.bootMs());
    };
    const stop = await node.watch(
      { resourceVersion, timeoutS },
      {
        onChange: (changed) => {
          recordLife();
          onChange(changed);
        },
        onSign: recordLife,
        onEnd: () => {
          hasEnded = true;
          this.#stopWatch = undefined;
          this.#pace = recordEnd(this.#pace, clock.bootMs(), random());
          onEnd();
        },
      },
    );
    if (!hasEnded) this.#stopWatch = stop;
  }

  #close(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }
}
