import { shortImageId } from '../../../contract/images/image.ts';
import type { PinStep } from '../../../decide/images/pins.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';

/** Runs a step on pins and names. Returns one line on what was done, empty for nothing. Throws CtrkitError('engine'). */
export async function runPinStep(
  engine: Pick<ContainerEngine, 'pinImage' | 'removeContainer' | 'listImages' | 'tagImage'>,
  step: Exclude<PinStep, { kind: 'restore-image' }>,
): Promise<string> {
  switch (step.kind) {
    case 'pin-image':
      // An image that has gone meanwhile is missing, and a name in use is mostly this pin, not listed yet: both show next time.
      return (await engine.pinImage(step.pin)) === 'pinned' ? step.text : '';
    case 'unpin-image':
      return (await engine.removeContainer(step.containerId)) === 'removed' ? step.text : '';
    case 'return-name': {
      const { imageId, repository, tag } = step;
      const name = `${repository}:${tag}`;
      // Another image may have got it since the plan was made: a name is never taken from one.
      const images = await engine.listImages();
      if (!images.some(({ id }) => id === imageId) || images.some(({ tags }) => tags.includes(name)))
        return '';
      await engine.tagImage(imageId, repository, tag);
      return `image ${shortImageId(imageId)} has its name ${name} back`;
    }
  }
}
