import { LOCAL_TAG, parseReference, shortImageId } from '../../../contract/images/image.ts';
import type { CleanUpStep } from '../../../decide/images/clean-up.ts';
import {
  adoptShippedImage,
  recordUntaggedImage,
  markDutyDone,
} from '../../../decide/images/ledger-changes.ts';
import type { Removal } from '../../../ports/container-engine.ts';
import type { StepExecutorPorts, StepContext, StepOf } from './step-executor.ts';

/** What the executor does with images. Each returns one line on what was done, empty for nothing. */
export class ImageExecutor {
  readonly #ports: Pick<StepExecutorPorts, 'engine' | 'ledger' | 'log'>;

  constructor(ports: Pick<StepExecutorPorts, 'engine' | 'ledger' | 'log'>) {
    this.#ports = ports;
  }

  async adopt(feature: string, step: StepOf<'adopt-shipped'>): Promise<string> {
    // Listed anew: an engine that was just starting must not make a golden image forgotten.
    const existing = new Set((await this.#ports.engine.listImages()).map(({ id }) => id));
    this.#ports.ledger.update(feature, (ledger) => adoptShippedImage(ledger, step.image, existing));
    const { golden } = this.#ports.ledger.read(feature);
    return golden?.imageId === step.image.imageId
      ? `the switch's own image ${shortImageId(step.image.imageId)}, version ${step.image.version}, counts as golden until another one is certified`
      : '';
  }

  async tagAsLocal(feature: string, { imageId, repository }: StepOf<'tag-as-local'>): Promise<string> {
    const { engine, ledger: keeper } = this.#ports;
    const name = `${repository}:${LOCAL_TAG}`;
    const before = (await engine.listImages()).find(({ tags }) => tags.includes(name));
    // On the disk first: an image that loses its only name here can be found by nothing else.
    if (before !== undefined && before.id !== imageId)
      keeper.update(feature, (ledger) => recordUntaggedImage(ledger, before.id));
    await engine.tagImage(imageId, repository, LOCAL_TAG);
    keeper.update(feature, (ledger) => markDutyDone(ledger, 'tagAsLocal'));
    return `image ${shortImageId(imageId)} is the local one now, ${name}`;
  }

  async removeLocalContainer({ containerId }: StepOf<'remove-local-container'>): Promise<string> {
    const removal = await this.#ports.engine.removeContainer(containerId);
    return removal === 'removed'
      ? `the stopped local container ${containerId.slice(0, 12)} is removed: it would have started the image before`
      : '';
  }

  async cleanUp(context: StepContext): Promise<string> {
    const { log } = this.#ports;
    const plan = await context.planCleanUp();
    if (!plan.allowed) return '';
    const removed: string[] = [];
    for (const entry of plan.entries.filter(({ action }) => action === 'remove')) {
      for (const step of entry.steps) {
        const result = await this.remove(entry.imageId, step);
        const name = step.kind === 'reference' ? step.reference : shortImageId(step.imageId);
        if (result === 'removed') removed.push(name);
        else log.info(`${context.feature}: ${name} was not removed: ${result}`);
      }
    }
    this.#ports.ledger.update(context.feature, (ledger) => markDutyDone(ledger, 'cleanUp'));
    return removed.length === 0 ? '' : `cleaned up: ${removed.join(', ')}`;
  }

  private async remove(imageId: string, step: CleanUpStep): Promise<Removal> {
    const { engine } = this.#ports;
    if (step.kind === 'unnamed') return engine.removeUnnamedImage(step.imageId);
    if (parseReference(step.reference) === undefined) return 'missing';
    // A name may have moved since the plan was made: then it is another image's.
    const image = (await engine.listImages()).find(({ id }) => id === imageId);
    const isStill = image !== undefined && [...image.tags, ...image.digests].includes(step.reference);
    return isStill ? engine.removeReference(step.reference) : 'missing';
  }
}
