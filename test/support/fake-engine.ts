import { CtrkitError } from '../../src/contract/errors.ts';
import { isImageId } from '../../src/contract/images/image.ts';
import type {
  ContainerDetails,
  ContainerEngine,
  EngineEvent,
  EngineImage,
  Pinning,
  Removal,
} from '../../src/ports/container-engine.ts';
import { namePin, type ImagePin } from '../../src/contract/images/pin.ts';
import { FakeEngineClient } from './fake-engine-client.ts';
import {
  hexOf,
  isByDigest,
  isRunning,
  isSingleName,
  repositoryOf,
  type StoredContainer,
  type StoredImage,
} from './fake-engine-store.ts';

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
  /** Its label `io.ctrkit.keep`. */
  readonly keptFor?: string;
}

/**
 * A Docker engine with its images and containers, in memory. Every client opened on it sees the same; it answers as
 * the real one does (test/contract/container-engine.ts) and changes only when told to, by a client or by the test.
 */
export class FakeEngine {
  /** What the registry has: the image's content by each whole reference. A pull gives the image that name. */
  readonly registry = new Map<string, string>();
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
  run({ name, image, state = 'running', environment = [], keptFor }: NewContainer): string {
    const imageId = isImageId(image) ? image : this.imageOf(image)?.id;
    if (imageId === undefined || !this.#images.has(imageId)) throw new Error(`no image ${image}`);
    if (this.find(name) !== undefined) throw new Error(`there is a container ${name} already`);
    this.#lastNumber += 1;
    const id = hexOf(`container ${this.#lastNumber}`);
    const fresh = { exitCode: undefined, hadOomKill: false, state: 'created' as const };
    const label = keptFor === undefined ? {} : { keptFor };
    this.#containers.set(id, { id, name, imageId, image, environment, ...fresh, ...label });
    this.emit({ kind: 'changed' });
    if (state === 'running') this.start(id);
    return id;
  }

  pull(reference: string): void {
    const content = this.registry.get(reference);
    if (content === undefined) throw new CtrkitError('engine', `can't pull ${reference}: not found`);
    this.putImage(content, [reference]);
  }

  pin(pin: ImagePin): Pinning {
    if (!this.#images.has(pin.imageId)) return 'missing';
    if (this.find(namePin(pin)) !== undefined) return 'name-in-use';
    this.run({ name: namePin(pin), image: pin.imageId, state: 'created', keptFor: pin.feature });
    return 'pinned';
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
