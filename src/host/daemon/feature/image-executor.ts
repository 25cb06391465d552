import { shortenId } from '../../../contract/images/engine.ts';
import { LOCAL_TAG, parseReference, shortImageId } from '../../../contract/images/image.ts';
import type { CleanUpStep } from '../../../decide/images/clean-up.ts';
import { adoptShippedImage, recordUntaggedImage } from '../../../decide/images/ledger-changes.ts';
import type { LocalStartStep } from '../../../decide/images/local-start.ts';
import type { Removal } from '../../../ports/container-engine.ts';
import type { StepContext, StepExecutorPorts, StepOf } from './step-executor.ts';

type ImagePorts = Pick<StepExecutorPorts, 'engine' | 'ledger' | 'log'>;

/** Runs the steps on images. Each returns one line on what was done, empty for nothing. */
export class ImageExecutor {
  readonly #ports: ImagePorts;

  constructor(ports: ImagePorts) {
    this.#ports = ports;
  }

  async adoptShipped(feature: string, { image }: StepOf<'adopt-shipped'>): Promise<string> {
    const { ledger } = this.#ports;
    const before = ledger.read(feature);
    await ledger.update(feature, (current) => adoptShippedImage(current, image));
    return ledger.read(feature) !== before
      ? `the switch's own image ${shortImageId(image.imageId)}, version ${image.version}, is the shipped one: the lowest rung of the ladder`
      : '';
  }

  /** Runs one step towards what the next start in local mode is to run. */
  prepareLocalStart(feature: string, step: LocalStartStep): Promise<string> {
    switch (step.kind) {
      case 'name-image':
        return this.#nameImage(step);
      case 'tag-as-local':
        return this.#tagAsLocal(feature, step);
      case 'remove-local-container':
        return this.#removeLocalContainer(step);
    }
  }

  async #nameImage({ imageId, repository, tag }: StepOf<'name-image'>): Promise<string> {
    await this.#ports.engine.tagImage(imageId, repository, tag);
    return `the shipped image ${shortImageId(imageId)} keeps a name of its own, ${repository}:${tag}`;
  }

  async #tagAsLocal(feature: string, { imageId, repository }: StepOf<'tag-as-local'>): Promise<string> {
    const { engine, ledger } = this.#ports;
    const name = `${repository}:${LOCAL_TAG}`;
    const replaced = (await engine.listImages()).find(({ tags }) => tags.includes(name));
    // The ledger first: an image that loses its only name here can be found by nothing else.
    if (replaced !== undefined && replaced.id !== imageId)
      await ledger.update(feature, (current) => recordUntaggedImage(current, replaced.id));
    await engine.tagImage(imageId, repository, LOCAL_TAG);
    const before = replaced === undefined ? 'none' : shortImageId(replaced.id);
    return `image ${shortImageId(imageId)} is the local one now, ${name}; before it was ${before}`;
  }

  async #removeLocalContainer({ containerId }: StepOf<'remove-local-container'>): Promise<string> {
    const removal = await this.#ports.engine.removeContainer(containerId);
    return removal === 'removed'
      ? `the stopped local container ${shortenId(containerId)} is removed: it would have started another image`
      : '';
  }

  async cleanUp({ feature, planCleanUp }: StepContext): Promise<string> {
    const { log } = this.#ports;
    const plan = await planCleanUp();
    if (!plan.allowed) return '';
    const removed: string[] = [];
    for (const entry of plan.entries.filter(({ action }) => action === 'remove')) {
      for (const step of entry.steps) {
        const result = await this.#removeName(entry.imageId, step);
        const name = step.kind === 'reference' ? step.reference : shortImageId(step.imageId);
        if (result === 'removed') removed.push(name);
        else log.info(`${feature}: ${name} was not removed: ${result}`);
      }
    }
    return removed.length === 0 ? '' : `cleaned up: ${removed.join(', ')}`;
  }

  async #removeName(imageId: string, step: CleanUpStep): Promise<Removal> {
    const { engine } = this.#ports;
    if (step.kind === 'unnamed') return engine.removeUnnamedImage(step.imageId);
    if (parseReference(step.reference) === undefined) return 'missing';
    // The name may have moved to another image since the plan was made.
    const image = (await engine.listImages()).find(({ id }) => id === imageId);
    const isStillNamed = image !== undefined && [...image.tags, ...image.digests].includes(step.reference);
    return isStillNamed ? engine.removeReference(step.reference) : 'missing';
  }
}
