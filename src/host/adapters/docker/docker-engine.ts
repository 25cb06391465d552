import { shareCalls } from '../../../loop/share-calls.ts';
import type { ContainerEngine, EngineEvent } from '../../../ports/container-engine.ts';
import { DockerContainers } from './docker-containers.ts';
import { DockerImages } from './docker-images.ts';
import { pinImage } from './docker-pins.ts';
import { pullImage } from './docker-pull.ts';
import { EngineCalls } from './engine-calls.ts';
import { EngineConnection } from './engine-connection.ts';
import { EVENT_FILTERS, readEvents } from './engine-events.ts';
import { ENGINE_LIMITS, type EngineLimits } from './engine-limits.ts';

/**
 * The Docker engine behind a unix socket, API 1.41 (Docker 20.10) and later. Who lists at the same time shares one listing:
 * what all features ask at once is two requests. Throws CtrkitError('usage').
 */
export function createDockerEngine(
  socketPath: string,
  limits: EngineLimits = ENGINE_LIMITS,
): ContainerEngine {
  const connection = new EngineConnection(socketPath);
  const calls = new EngineCalls(connection, limits);
  const containers = new DockerContainers(calls, limits.stopExtraMs);
  const images = new DockerImages(calls);
  const events = new DockerEvents(calls);
  return {
    listContainers: shareCalls(() => containers.listContainers()),
    findContainer: (idOrName) => containers.findContainer(idOrName),
    startContainer: (idOrName) => containers.startContainer(idOrName),
    stopContainer: (idOrName, graceS) => containers.stopContainer(idOrName, graceS),
    killContainer: (idOrName) => containers.killContainer(idOrName),
    waitContainer: (idOrName, signal) => containers.waitContainer(idOrName, signal),
    removeContainer: (id) => containers.removeContainer(id),
    listImages: shareCalls(() => images.listImages()),
    readImageLabels: (reference) => images.readImageLabels(reference),
    tagImage: (imageId, repository, tag) => images.tagImage(imageId, repository, tag),
    removeReference: (reference) => images.removeReference(reference),
    pullImage: (reference) => pullImage(calls, reference),
    pinImage: (pin) => pinImage(calls, pin),
    removeUnnamedImage: (imageId) => images.removeUnnamedImage(imageId),
    watch: (onEvent, onEnd) => events.watch(onEvent, onEnd),
    close: () => {
      events.close();
      connection.close();
    },
  };
}

class DockerEvents {
  readonly #calls: EngineCalls;
  readonly #watches = new Set<() => void>();

  constructor(calls: EngineCalls) {
    this.#calls = calls;
  }

  async watch(onEvent: (event: EngineEvent) => void, onEnd: () => void): Promise<() => void> {
    const query = { filters: EVENT_FILTERS };
    const stream = await this.#calls.open({ path: '/events', purpose: 'tell of its events', query });
    const stop = readEvents(stream, onEvent, () => {
      this.#watches.delete(end);
      onEnd();
    });
    const end = (): void => {
      this.#watches.delete(end);
      stop();
    };
    this.#watches.add(end);
    return end;
  }

  close(): void {
    for (const end of this.#watches) end();
  }
}
