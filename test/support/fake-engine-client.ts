import type {
  ContainerDetails,
  ContainerEngine,
  EngineContainer,
  EngineEvent,
  EngineImage,
  Pinning,
  Removal,
} from '../../src/ports/container-engine.ts';
import { namePin, type ImagePin } from '../../src/contract/images/pin.ts';
import type { FakeEngine } from './fake-engine.ts';
import { isRunning } from './fake-engine-store.ts';

/** One client of an engine in memory. */
export class FakeEngineClient implements ContainerEngine {
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

  pinImage(pin: ImagePin): Promise<Pinning> {
    return this.act(`pinImage ${namePin(pin)}`, () => this.#engine.pin(pin));
  }

  pullImage(reference: string): Promise<void> {
    return this.act(`pullImage ${reference}`, () => this.#engine.pull(reference));
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
