import { shortImageId } from '../../../contract/images/image.ts';
import type { RestoreStep } from '../../../decide/images/restore.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';

export interface RestorerPorts {
  readonly engine: Pick<ContainerEngine, 'pullImage' | 'listImages' | 'removeReference'>;
  readonly log: Log;
}

/**
 * Pulls images of the ladder again. One pull at a time for the whole switch, in the background: it takes minutes, and a
 * feature may have to fall back meanwhile. What it brought is seen by the engine's events.
 */
export class ImageRestorer {
  readonly #ports: RestorerPorts;
  #isPulling = false;

  constructor(ports: RestorerPorts) {
    this.#ports = ports;
  }

  /** Returns at once: one line if it has begun, empty while another pull runs. */
  start(feature: string, step: RestoreStep): string {
    if (this.#isPulling) return '';
    this.#isPulling = true;
    void this.#restore(feature, step);
    return `pulling image ${shortImageId(step.imageId)}, ${step.rung}, version ${step.version}, again: it is gone`;
  }

  async #restore(feature: string, { imageId, sources }: RestoreStep): Promise<void> {
    const { log } = this.#ports;
    try {
      for (const source of sources) {
        const problem = await this.#pull(imageId, source);
        if (problem === '')
          return log.info(`${feature}: image ${shortImageId(imageId)} is back, from ${source}`);
        log.warn(`${feature}: image ${shortImageId(imageId)} is not back: ${problem}`);
      }
    } finally {
      this.#isPulling = false;
    }
  }

  /** Returns what is wrong, one line; empty when the image is there. */
  async #pull(imageId: string, source: string): Promise<string> {
    const { engine } = this.#ports;
    try {
      const before = await engine.listImages();
      // Another image has that tag by now, and a pull would move it.
      if (before.some(({ tags }) => tags.includes(source)))
        return `${source} is another image on this switch`;
      await engine.pullImage(source);
      const images = await engine.listImages();
      if (images.some(({ id }) => id === imageId)) return '';
      const isNew = !before.some(({ digests }) => digests.includes(source));
      if (isNew) await engine.removeReference(source);
      return `${source} is another image by now`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
