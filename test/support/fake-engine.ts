import { createHash } from 'node:crypto';
import { CtrkitError } from '../../src/contract/errors.ts';
import { isImageId, parseReference } from '../../src/contract/images/image.ts';
import type {
  ContainerDetails,
  ContainerEngine,
  ContainerState,
  EngineContainer,
  EngineEvent,
  EngineImage,
  Removal,
} from '../../src/ports/container-engine.ts';

interface StoredContainer {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly image: string;
  readonly environment: readonly string[];
  state: ContainerState;
  exitCode: number | undefined;
  hadOomKill: boolean;
}

interface StoredImage {
  readonly id: string;
  /** `repository:tag` and `repository@sha256:…`. */
  readonly references: Set<string>;
  readonly createdTs: number;
  labels: Readonly<Record<string, string>>;
}

interface Watcher {
  readonly onEvent: (event: EngineEvent) => void;
  readonly onEnd: () => void;
}

export interface NewContainer {
  readonly name: string;
  /** A reference or an id. */
  readonly image: string;
  /** `created` for one that was never started. */
  readonly state?: 'running' | 'created';
  readonly environment?: readonly string[];
}

const isByDigest = (reference: string): boolean => reference.includes('@');
const repositoryOf = (reference: string): string => parseReference(reference)?.repository ?? '';
const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const isRunning = ({ state }: StoredContainer): boolean => state === 'running' || state === 'paused';

/**
 * A Docker engine with its images and containers, in memory. Every client opened on it sees the same; it answers as
 * the real one does (test/contract/container-engine.ts) and changes only when told to, by a client or by the test.
 */
export class FakeEngine {
  /** What clients asked it to change, in order: `removeReference docker-snmp:1`. Looking is not in it. */
  readonly acts: string[] = [];
  /** Called before each act is carried out; what it throws is what the client gets. */
  beforeAct: (act: string) => void = () => {};
  readonly #images = new Map<string, StoredImage>();
  readonly #containers = new Map<string, StoredContainer>();
  readonly #watchers = new Set<Watcher>();
  readonly #waiters = new Set<() => void>();
  #outage: string | undefined;
  #hanging: (() => void)[] | undefined;
  #lastNumber = 0;

  open(): ContainerEngine {
    return new FakeEngineClient(this);
  }

  /** An image with these names, which it takes from whatever has them. Returns its id, made from `content` and always the same. */
  putImage(content: string, references: readonly string[] = [], createdTs = 1_700_000_000): string {
    const id = `sha256:${hexOf(content)}`;
    const image = this.#images.get(id) ?? { id, references: new Set(), createdTs, labels: {} };
    this.#images.set(id, image);
    for (const reference of references) this.name(image, reference);
    this.emit({ kind: 'changed' });
    return id;
  }

  /** As by `LABEL` in its Dockerfile. */
  labelImage(reference: string, labels: Readonly<Record<string, string>>): void {
    const image = this.imageOf(reference);
    if (image === undefined) throw new Error(`no image ${reference}`);
    image.labels = labels;
  }

  labelsOf(reference: string): Readonly<Record<string, string>> | undefined {
    return this.imageOf(reference)?.labels;
  }

  /** As `docker run -d` or `docker create`. Returns its id. */
  run({ name, image, state = 'running', environment = [] }: NewContainer): string {
    const imageId = isImageId(image) ? image : this.imageOf(image)?.id;
    if (imageId === undefined || !this.#images.has(imageId)) throw new Error(`no image ${image}`);
    if (this.find(name) !== undefined) throw new Error(`there is a container ${name} already`);
    this.#lastNumber += 1;
    const id = hexOf(`container ${this.#lastNumber}`);
    const fresh = { exitCode: undefined, hadOomKill: false, state: 'created' as const };
    this.#containers.set(id, { id, name, imageId, image, environment, ...fresh });
    if (state === 'running') this.start(id);
    return id;
  }

  start(idOrName: string): void {
    const container = this.require(idOrName);
    if (isRunning(container)) return;
    container.state = 'running';
    container.hadOomKill = false;
    this.emit({ kind: 'start', containerId: container.id, names: [container.name] });
  }

  /** It ends by itself. */
  end(idOrName: string, exitCode: number, { hadOomKill = false } = {}): void {
    const container = this.require(idOrName);
    if (!isRunning(container)) return;
    const about = { containerId: container.id, names: [container.name] };
    container.state = 'exited';
    container.exitCode = exitCode;
    container.hadOomKill = hadOomKill;
    this.emit({ kind: 'die', ...about, exitCode, hadOomKill: container.hadOomKill });
    this.wakeWaiters();
  }

  pause(idOrName: string): void {
    this.require(idOrName).state = 'paused';
  }

  /** Gone altogether, by somebody's `docker rm -f`. */
  destroy(idOrName: string): void {
    const { id } = this.require(idOrName);
    this.end(id, 137);
    this.#containers.delete(id);
    this.emit({ kind: 'changed' });
    this.wakeWaiters();
  }

  /** From now on every call fails, and every watch has ended. Containers run on. */
  goDown(text = 'connect ECONNREFUSED'): void {
    this.#outage = text;
    this.endWatches();
    this.wakeWaiters();
    this.unhang();
  }

  comeBack(): void {
    this.#outage = undefined;
    this.unhang();
  }

  /** From now on calls get no answer, until it goes down or comes back. */
  hang(): void {
    this.#hanging ??= [];
  }

  /** The engine restarts within a moment: what it did not tell of meanwhile is only found by listing. */
  endWatches(): void {
    const ended = [...this.#watchers];
    this.#watchers.clear();
    for (const { onEnd } of ended) onEnd();
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  images(): EngineImage[] {
    return [...this.#images.values()].map(({ id, references, createdTs }) => ({
      id,
      tags: [...references].filter((reference) => !isByDigest(reference)),
      digests: [...references].filter(isByDigest),
      createdTs,
      sizeBytes: 1_000_000,
    }));
  }

  containers(): ContainerDetails[] {
    return [...this.#containers.values()].map(({ name, ...container }) => ({
      ...container,
      exitCode: isRunning(container as StoredContainer) ? undefined : container.exitCode,
      names: [name],
    }));
  }

  /** Each call begins here. */
  async answer<T>(run: () => T): Promise<T> {
    while (this.#hanging !== undefined) await new Promise<void>((goOn) => this.#hanging?.push(goOn));
    if (this.#outage !== undefined)
      throw new CtrkitError('engine', `the Docker engine at fake:// can't be used: ${this.#outage}`);
    return run();
  }

  find(idOrName: string): StoredContainer | undefined {
    return [...this.#containers.values()].find(({ id, name }) =>
      [id, id.slice(0, 12), name].includes(idOrName),
    );
  }

  removeContainer(id: string): Removal {
    const container = this.find(id);
    if (container === undefined) return 'missing';
    if (isRunning(container)) return 'in-use';
    this.#containers.delete(container.id);
    this.emit({ kind: 'changed' });
    this.wakeWaiters();
    return 'removed';
  }

  tag(imageId: string, reference: string): void {
    const image = this.#images.get(imageId);
    if (image === undefined) throw new CtrkitError('engine', `can't tag image ${imageId}: there is none`);
    this.name(image, reference);
    this.emit({ kind: 'changed' });
  }

  removeReference(reference: string): Removal {
    const image = this.imageOf(reference);
    if (image === undefined) return 'missing';
    if (isSingleName(image.references) && this.isUsed(image)) return 'in-use';
    image.references.delete(reference);
    const repository = repositoryOf(reference);
    const left = [...image.references].filter((other) => repositoryOf(other) === repository);
    // Digests have no life of their own: they go with the last tag of their repository.
    if (!isByDigest(reference) && left.every(isByDigest))
      for (const digest of left) image.references.delete(digest);
    if (image.references.size === 0 && !this.isUsed(image)) this.#images.delete(image.id);
    this.emit({ kind: 'changed' });
    return 'removed';
  }

  removeUnnamedImage(imageId: string): Removal {
    const image = this.#images.get(imageId);
    if (image === undefined) return 'missing';
    if (image.references.size > 0 || this.isUsed(image)) return 'in-use';
    this.#images.delete(imageId);
    this.emit({ kind: 'changed' });
    return 'removed';
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** `look` is asked now and after every change, until it says something other than `waiting`. */
  async waitUntil<T>(look: () => T | 'waiting', signal: AbortSignal): Promise<T | undefined> {
    while (!signal.aborted) {
      // Nothing can happen between the look and the wait for what happens next.
      const { found, change } = await this.answer(() => {
        const seen = look();
        return { found: seen, change: seen === 'waiting' ? this.nextChange(signal) : undefined };
      });
      if (found !== 'waiting') return found;
      await change;
    }
    return undefined;
  }

  private nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private imageOf(reference: string): StoredImage | undefined {
    return [...this.#images.values()].find(({ references }) => references.has(reference));
  }

  private name(image: StoredImage, reference: string): void {
    this.imageOf(reference)?.references.delete(reference);
    image.references.add(reference);
  }

  private isUsed(image: StoredImage): boolean {
    return [...this.#containers.values()].some(({ imageId }) => imageId === image.id);
  }

  private require(idOrName: string): StoredContainer {
    const container = this.find(idOrName);
    if (container === undefined) throw new CtrkitError('engine', `there is no container ${idOrName}`);
    return container;
  }

  private emit(event: EngineEvent): void {
    if (this.#outage === undefined) for (const { onEvent } of this.#watchers) onEvent(event);
  }

  private wakeWaiters(): void {
    const woken = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of woken) wake();
  }

  private unhang(): void {
    const waiting = this.#hanging ?? [];
    this.#hanging = undefined;
    for (const goOn of waiting) goOn();
  }
}

/** As the engine counts (moby, isSingleReference): a tag and the digests of its repository are one name. */
function isSingleName(references: ReadonlySet<string>): boolean {
  const tags = [...references].filter((reference) => !isByDigest(reference));
  const repositories = new Set([...references].map(repositoryOf));
  return references.size <= 1 || (tags.length <= 1 && repositories.size === 1);
}

class FakeEngineClient implements ContainerEngine {
  readonly #engine: FakeEngine;
  readonly #ends = new Set<() => void>();

  constructor(engine: FakeEngine) {
    this.#engine = engine;
  }

  async listContainers(): Promise<EngineContainer[]> {
    return this.#engine.answer(() => this.#engine.containers());
  }

  async findContainer(idOrName: string): Promise<ContainerDetails | undefined> {
    return this.#engine.answer(() => {
      const id = this.#engine.find(idOrName)?.id;
      return this.#engine.containers().find((container) => container.id === id);
    });
  }

  async listImages(): Promise<EngineImage[]> {
    return this.#engine.answer(() => this.#engine.images());
  }

  async readImageLabels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#engine.answer(() => this.#engine.labelsOf(reference));
  }

  startContainer(idOrName: string): Promise<void> {
    return this.act(`startContainer ${idOrName}`, () => this.#engine.start(idOrName));
  }

  stopContainer(idOrName: string, graceS: number): Promise<void> {
    return this.act(`stopContainer ${idOrName} ${graceS}`, () => this.endIfThere(idOrName, 0));
  }

  killContainer(idOrName: string): Promise<void> {
    return this.act(`killContainer ${idOrName}`, () => this.endIfThere(idOrName, 137));
  }

  async waitContainer(idOrName: string, signal: AbortSignal): Promise<number | undefined> {
    const id = this.#engine.find(idOrName)?.id ?? '';
    return this.#engine.waitUntil(() => {
      const container = this.#engine.find(id);
      if (container === undefined) return undefined;
      return isRunning(container) ? 'waiting' : (container.exitCode ?? 0);
    }, signal);
  }

  removeContainer(id: string): Promise<Removal> {
    return this.act(`removeContainer ${id}`, () => this.#engine.removeContainer(id));
  }

  tagImage(imageId: string, repository: string, tag: string): Promise<void> {
    const reference = `${repository}:${tag}`;
    return this.act(`tagImage ${imageId} ${reference}`, () => this.#engine.tag(imageId, reference));
  }

  removeReference(reference: string): Promise<Removal> {
    return this.act(`removeReference ${reference}`, () => this.#engine.removeReference(reference));
  }

  removeUnnamedImage(imageId: string): Promise<Removal> {
    return this.act(`removeUnnamedImage ${imageId}`, () => this.#engine.removeUnnamedImage(imageId));
  }

  async watch(onEvent: (event: EngineEvent) => void, onEnd: () => void): Promise<() => void> {
    const end = await this.#engine.answer(() => this.#engine.watch({ onEvent, onEnd }));
    this.#ends.add(end);
    return end;
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  private async act<T>(act: string, run: () => T): Promise<T> {
    return this.#engine.answer(() => {
      this.#engine.acts.push(act);
      this.#engine.beforeAct(act);
      return run();
    });
  }

  private endIfThere(idOrName: string, exitCode: number): void {
    if (this.#engine.find(idOrName) !== undefined) this.#engine.end(idOrName, exitCode);
  }
}
