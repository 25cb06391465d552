import { CtrkitError } from '../../src/contract/errors.ts';
import type { Labels } from '../../src/contract/cluster/node-labels.ts';
import type {
  ClusterNode,
  ClusterServer,
  LabelResult,
  LabelWrite,
  NodeReading,
  NodeState,
  NodeWatch,
} from '../../src/ports/cluster-node.ts';

/** One switch's node on an API server in memory, with what was asked of it. */
export class FakeClusterNode implements ClusterNode {
  server: ClusterServer | undefined = { host: '10.0.0.1', port: 6443 };
  /** Thrown by every call, empty for none: the server is away. */
  failure = '';
  /** What is wrong with the kubeconfig, empty for nothing. */
  configFailure = '';
  /** By key, why the server does not want it. */
  readonly refusals = new Map<string, string>();
  /** What it answers to every write, undefined for what is usual; a reading is answered as ever. */
  writeFault: Extract<LabelResult, { kind: 'failed' }> | undefined;
  /** Thrown by watching alone, empty for none. */
  watchFailure = '';
  /** What is wrong with the node's name, empty for nothing. */
  nameFault = '';
  /** It takes a write, and does not do it. */
  isForgetful = false;
  /** What happens to the node just before a write arrives. */
  beforeWrite: (() => void) | undefined;
  reads = 0;
  readonly writes: string[] = [];
  /** `timeoutS` of every watch so far. */
  readonly watches: number[] = [];
  isClosed = false;
  #node: NodeState | undefined;
  #version = 100;
  #watch: NodeWatch | undefined;

  constructor(labels: Labels = {}) {
    this.create(labels);
  }

  get labels(): Labels | undefined {
    return this.#node?.labels;
  }

  get isWatched(): boolean {
    return this.#watch !== undefined;
  }

  readName(): string {
    if (this.nameFault !== '') throw new CtrkitError('cluster', this.nameFault);
    return 'switch-1';
  }

  async findServer(): Promise<ClusterServer | undefined> {
    if (this.configFailure !== '') throw new CtrkitError('cluster', this.configFailure);
    return this.server;
  }

  async read(): Promise<NodeReading> {
    this.reads += 1;
    this.#assertUp();
    return this.#node === undefined ? { kind: 'missing' } : { kind: 'found', node: this.#node };
  }

  async writeLabel({ key, value, resourceVersion }: LabelWrite): Promise<LabelResult> {
    this.writes.push(`${key}=${value ?? '(none)'}`);
    if (this.writeFault !== undefined) return this.writeFault;
    this.#assertUp();
    this.beforeWrite?.();
    this.beforeWrite = undefined;
    const refusal = this.refusals.get(key);
    if (refusal !== undefined) return { kind: 'refused', text: refusal };
    if (this.#node === undefined) return { kind: 'missing' };
    if (resourceVersion !== undefined && resourceVersion !== this.#node.resourceVersion)
      return { kind: 'conflict' };
    if (this.isForgetful) return { kind: 'written', node: this.#node };
    const owned = new Set(this.#node.owned);
    if (value === undefined) owned.delete(key);
    else owned.add(key);
    return { kind: 'written', node: this.#put({ [key]: value }, owned) };
  }

  async watch(from: { resourceVersion: string; timeoutS: number }, watch: NodeWatch): Promise<() => void> {
    this.#assertUp();
    if (this.watchFailure !== '') throw new CtrkitError('cluster', this.watchFailure);
    this.watches.push(from.timeoutS);
    this.#watch = watch;
    return () => {
      if (this.#watch === watch) this.#watch = undefined;
    };
  }

  close(): void {
    this.isClosed = true;
    this.#watch = undefined;
  }

  create(labels: Labels = {}, owned: readonly string[] = []): void {
    this.#version += 1;
    this.#node = {
      uid: `uid-${this.#version}`,
      resourceVersion: `${this.#version}`,
      labels,
      owned: new Set(owned),
    };
  }

  /** Somebody else writes labels. */
  relabel(changes: Readonly<Record<string, string | undefined>>): void {
    const owned = new Set(this.#node?.owned);
    for (const key of Object.keys(changes)) owned.delete(key);
    this.#put(changes, owned);
  }

  /** Without the watch being told. */
  async relabelUnseen(changes: Readonly<Record<string, string | undefined>>): Promise<void> {
    const watch = this.#watch;
    this.#watch = undefined;
    this.relabel(changes);
    this.#watch = watch;
  }

  delete(): void {
    this.#node = undefined;
    this.#watch?.onChange(undefined);
  }

  bookmark(): void {
    this.#watch?.onSign();
  }

  endWatch(why = ''): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.onEnd(why);
  }

  #put(changes: Readonly<Record<string, string | undefined>>, owned: ReadonlySet<string>): NodeState {
    if (this.#node === undefined) throw new Error('there is no node');
    this.#version += 1;
    const labels = Object.entries({ ...this.#node.labels, ...changes }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    );
    this.#node = {
      ...this.#node,
      labels: Object.fromEntries(labels),
      owned,
      resourceVersion: `${this.#version}`,
    };
    this.#watch?.onChange(this.#node);
    return this.#node;
  }

  #assertUp(): void {
    if (this.failure !== '') throw new CtrkitError('cluster', this.failure);
  }
}
