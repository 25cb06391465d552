import type { Clock } from '../../../ports/clock.ts';
import type { ClusterNode, NodeReading, NodeState } from '../../../ports/cluster-node.ts';
import type { Log } from '../../../ports/log.ts';
import { NodeWatcher } from './node-watcher.ts';

export interface NodeInformerPorts {
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The Node has changed, or `refresh` has something to do. */
  readonly onChange: () => void;
}

/** This switch's Node as the API server has it: read once, then kept up to date by a watch (client-go: an informer). */
export class NodeInformer {
  readonly #ports: NodeInformerPorts;
  readonly #watcher: NodeWatcher;
  #reading: NodeReading | undefined;
  #isStale = false;

  constructor(ports: NodeInformerPorts) {
    const { node, clock, log, random } = ports;
    this.#ports = ports;
    this.#watcher = new NodeWatcher({
      node,
      clock,
      log,
      random,
      onChange: (changed) => this.#recordChange(changed),
      onEnd: ports.onChange,
    });
  }

  /** The state in the API server's last answer or event; undefined before the first one. */
  get reading(): NodeReading | undefined {
    return this.#reading;
  }

  /** Why the Node is only read now and then; empty if it is watched. The API server answers all the same. */
  get problem(): string {
    return this.#watcher.problem;
  }

  /** Boot clock: when `refresh` has something to do. */
  get nextRefreshMs(): number {
    return this.#isStale ? 0 : this.#watcher.nextReadMs;
  }

  /** Reads and watches the Node if that is due; true if the API server was asked. Throws CtrkitError('cluster'). */
  async refresh(): Promise<boolean> {
    const { node, clock } = this.#ports;
    if (clock.bootMs() < this.nextRefreshMs) return false;
    const last = this.#reading;
    const reading = await node.read();
    this.#isStale = false;
    this.#reading = reading;
    if (reading.kind === 'missing') this.#watcher.stopWithoutNode();
    else {
      const { resourceVersion } = reading.node;
      const isUnchanged = last?.kind === 'found' && last.node.resourceVersion === resourceVersion;
      await this.#watcher.follow(reading.node, isUnchanged);
    }
    return true;
  }

  /** Records what the API server has answered to a write. */
  record(node: NodeState): void {
    this.#reading = { kind: 'found', node };
  }

  /** A call has failed, or the Node is not as it was read: the next `refresh` reads it. */
  markStale(): void {
    this.#isStale = true;
  }

  /** Forgets everything: there is no API server any more, or another one. */
  reset(): void {
    this.#watcher.reset();
    this.#reading = undefined;
    this.#isStale = false;
  }

  #recordChange(changed: NodeState | undefined): void {
    if (changed === undefined) {
      this.#reading = { kind: 'missing' };
      this.#watcher.stopWithoutNode();
    } else if (!isOlder(changed, this.#reading)) this.record(changed);
    this.#ports.onChange();
  }
}

/** An event may be older than the answer to a write. */
function isOlder(changed: NodeState, reading: NodeReading | undefined): boolean {
  if (reading?.kind !== 'found' || reading.node.uid !== changed.uid) return false;
  const versions = [changed.resourceVersion, reading.node.resourceVersion];
  if (!versions.every((version) => /^\d{1,18}$/.test(version))) return false;
  const [theirs = 0n, ours = 0n] = versions.map(BigInt);
  return theirs < ours;
}
