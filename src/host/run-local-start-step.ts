import { LOCAL_TAG } from '../contract/images/image.ts';
import type { LocalStartStep } from '../decide/images/local-start.ts';
import type { ContainerEngine } from '../ports/container-engine.ts';

/** Idempotent. For commands: ctrkitd also writes down which image loses the local tag. Throws CtrkitError('engine'). */
export async function runLocalStartStep(
  step: LocalStartStep,
  engine: Pick<ContainerEngine, 'tagImage' | 'removeContainer'>,
): Promise<unknown> {
  if (step.kind === 'remove-local-container') return engine.removeContainer(step.containerId);
  return engine.tagImage(step.imageId, step.repository, step.kind === 'name-image' ? step.tag : LOCAL_TAG);
}
