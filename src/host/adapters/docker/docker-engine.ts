import { CtrkitError } from '../../../contract/errors.ts';
import { shortImageId } from '../../../contract/images/image.ts';
import type {
  ContainerDetails,
  ContainerEngine,
  EngineContainer,
  EngineEvent,
  EngineImage,
  Removal,
} from '../../../ports/container-engine.ts';
import {
  decodeContainer,
  decodeContainers,
  decodeExitCode,
  decodeImageLabels,
  decodeImageNames,
  decodeImages,
} from './engine-answers.ts';
import { EngineConnection, type EngineRequest } from './engine-connection.ts';
import { EVENT_FILTERS, readEvents } from './engine-events.ts';
import { ENGINE_LIMITS, type EngineLimits } from './engine-limits.ts';
import {
  assertContainerName,
  assertImageId,
  assertNewTag,
  assertReference,
  isFullContainerId,
} from './engine-names.ts';

const UNFORCED = { force: 'false', noprune: 'false' };

const MISSING = 404;
const CONFLICT = 409;

/** The Docker engine behind a unix socket, API 1.41 (Docker 20.10) and later. */
export class DockerEngine implements ContainerEngine {
  readonly #connection: EngineConnection;
  readonly #limits: EngineLimits;
  readonly #watches = new Set<() => void>();

  constructor(socketPath: string, limits: EngineLimits = ENGINE_LIMITS) {
    this.#connection = new EngineConnection(socketPath);
    this.#limits = limits;
  }

  listContainers(): Promise<EngineContainer[]> {
    const request = this.look('/containers/json', 'list the containers', { all: 'true' });
    return this.#connection.call(request, ({ body }) => decodeContainers(body));
  }

  async findContainer(idOrName: string): Promise<ContainerDetails | undefined> {
    assertContainerName(idOrName);
    const request = this.look(`/containers/${idOrName}/json`, `look at container ${idOrName}`);
    const found = await this.#connection.call({ ...request, expected: [200, MISSING] }, ({ status, body }) =>
      status === MISSING ? undefined : decodeContainer(body),
    );
    if (found === undefined) return undefined;
    // The engine also takes the first few digits of an id, and a feature's name may be such digits.
    return [...found.names, found.id, found.id.slice(0, 12)].includes(idOrName) ? found : undefined;
  }

  listImages(): Promise<EngineImage[]> {
    const request = this.look('/images/json', 'list the images');
    return this.#connection.call(request, ({ body }) => decodeImages(body));
  }

  async readImageLabels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    assertReference(reference);
    const request = this.look(`/images/${reference}/json`, `look at image ${reference}`);
    return this.#connection.call({ ...request, expected: [200, MISSING] }, ({ status, body }) =>
      status === MISSING ? undefined : decodeImageLabels(body),
    );
  }

  async startContainer(idOrName: string): Promise<void> {
    const id = await this.resolve(idOrName);
    const purpose = `start container ${idOrName}`;
    const request = this.act(`/containers/${id ?? ''}/start`, purpose, [204, 304, MISSING]);
    if (id !== undefined && (await this.statusOf(request)) !== MISSING) return;
    throw this.nothingThere(purpose);
  }

  async stopContainer(idOrName: string, graceS: number): Promise<void> {
    const id = await this.resolve(idOrName);
    if (id === undefined) return;
    const t = Math.max(0, Math.ceil(graceS));
    const request = this.act(`/containers/${id}/stop`, `stop container ${idOrName}`, [204, 304, MISSING]);
    const limitMs = t * 1000 + this.#limits.stopExtraMs;
    await this.statusOf({ ...request, query: { t: String(t) }, limitMs });
  }

  async killContainer(idOrName: string): Promise<void> {
    const id = await this.resolve(idOrName);
    if (id === undefined) return;
    // The one conflict that this call knows is a container that does not run.
    const expected = [204, MISSING, CONFLICT];
    await this.statusOf(this.act(`/containers/${id}/kill`, `kill container ${idOrName}`, expected));
  }

  async waitContainer(idOrName: string, signal: AbortSignal): Promise<number | undefined> {
    const id = await this.resolve(idOrName);
    if (id === undefined || signal.aborted) return undefined;
    const request = this.act(`/containers/${id}/wait`, `wait for container ${idOrName}`, [200, MISSING]);
    try {
      return await this.#connection.call(
        { ...request, limitMs: undefined },
        ({ status, body }) => (status === MISSING ? undefined : decodeExitCode(body)),
        signal,
      );
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async removeContainer(id: string): Promise<Removal> {
    const whole = await this.resolve(id);
    if (whole === undefined) return 'missing';
    return this.remove(`/containers/${whole}`, `remove container ${id}`, { force: 'false', v: 'false' });
  }

  async tagImage(imageId: string, repository: string, tag: string): Promise<void> {
    assertImageId(imageId);
    assertNewTag(repository, tag);
    const purpose = `tag image ${shortImageId(imageId)} as ${repository}:${tag}`;
    const request = this.act(`/images/${imageId}/tag`, purpose, [201, MISSING]);
    const status = await this.statusOf({ ...request, query: { repo: repository, tag } });
    if (status === MISSING) throw this.nothingThere(purpose);
  }

  async removeReference(reference: string): Promise<Removal> {
    assertReference(reference);
    return this.remove(`/images/${reference}`, `remove image ${reference}`, UNFORCED);
  }

  async removeUnnamedImage(imageId: string): Promise<Removal> {
    assertImageId(imageId);
    const purpose = `remove image ${shortImageId(imageId)}`;
    const request = { ...this.look(`/images/${imageId}/json`, purpose), expected: [200, MISSING] };
    const names = await this.#connection.call(request, ({ status, body }) =>
      status === MISSING ? undefined : decodeImageNames(body),
    );
    if (names === undefined) return 'missing';
    // By its id an image goes with its name, if it has just one.
    return names.length > 0 ? 'in-use' : this.remove(`/images/${imageId}`, purpose, UNFORCED);
  }

  async watch(onEvent: (event: EngineEvent) => void, onEnd: () => void): Promise<() => void> {
    const request = this.look('/events', 'tell of its events', { filters: EVENT_FILTERS });
    const stream = await this.#connection.open(request);
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
    this.#connection.close();
  }

  private look(path: string, purpose: string, query: Readonly<Record<string, string>> = {}): EngineRequest {
    return { method: 'GET', path, query, purpose, expected: [200], limitMs: this.#limits.lookMs };
  }

  private act(path: string, purpose: string, expected: readonly number[]): EngineRequest {
    return { method: 'POST', path, purpose, expected, limitMs: this.#limits.actMs };
  }

  private statusOf(request: EngineRequest): Promise<number> {
    return this.#connection.call(request, ({ status }) => status);
  }

  private async remove(
    path: string,
    purpose: string,
    query: Readonly<Record<string, string>>,
  ): Promise<Removal> {
    const expected = [200, 204, MISSING, CONFLICT];
    const limitMs = this.#limits.removeMs;
    const status = await this.statusOf({ method: 'DELETE', path, query, purpose, expected, limitMs });
    if (status === CONFLICT) return 'in-use';
    return status === MISSING ? 'missing' : 'removed';
  }

  /** The whole id: a name that is gone could be the beginning of another container's id. */
  private async resolve(idOrName: string): Promise<string | undefined> {
    return isFullContainerId(idOrName) ? idOrName : (await this.findContainer(idOrName))?.id;
  }

  private nothingThere(purpose: string): CtrkitError {
    return new CtrkitError(
      'engine',
      `the Docker engine at unix://${this.#connection.socketPath} can't ${purpose}: there is none`,
    );
  }
}
