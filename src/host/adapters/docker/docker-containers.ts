import { shortenId } from '../../../contract/images/engine.ts';
import type {
  ContainerDetails,
  EngineContainer,
  EngineContainers,
  Removal,
} from '../../../ports/container-engine.ts';
import { decodeContainer, decodeContainers, decodeExitCode } from './engine-answers.ts';
import { CONFLICT, MISSING, type EngineCalls } from './engine-calls.ts';
import { assertContainerName, isFullContainerId } from './engine-names.ts';

export class DockerContainers implements EngineContainers {
  readonly #calls: EngineCalls;
  readonly #stopExtraMs: number;

  /** `stopExtraMs`: how long the engine may take to stop a container beyond the grace period. */
  constructor(calls: EngineCalls, stopExtraMs: number) {
    this.#calls = calls;
    this.#stopExtraMs = stopExtraMs;
  }

  listContainers(): Promise<EngineContainer[]> {
    const call = { path: '/containers/json', purpose: 'list the containers', query: { all: 'true' } };
    return this.#calls.read(call, decodeContainers);
  }

  async findContainer(idOrName: string): Promise<ContainerDetails | undefined> {
    assertContainerName(idOrName);
    const call = { path: `/containers/${idOrName}/json`, purpose: `look at container ${idOrName}` };
    const found = await this.#calls.find(call, decodeContainer);
    if (found === undefined) return undefined;
    // The engine also takes the first few digits of an id, and a feature's name may be such digits.
    return [...found.names, found.id, shortenId(found.id)].includes(idOrName) ? found : undefined;
  }

  async startContainer(idOrName: string): Promise<void> {
    const id = await this.#resolveId(idOrName);
    const purpose = `start container ${idOrName}`;
    const call = { path: `/containers/${id ?? ''}/start`, purpose };
    if (id !== undefined && (await this.#calls.act(call, [204, 304, MISSING])) !== MISSING) return;
    throw this.#calls.explainRefusal(purpose);
  }

  async stopContainer(idOrName: string, graceS: number): Promise<void> {
    const id = await this.#resolveId(idOrName);
    if (id === undefined) return;
    const waitS = Math.max(0, Math.ceil(graceS));
    const query = { t: String(waitS) };
    const call = { path: `/containers/${id}/stop`, purpose: `stop container ${idOrName}`, query };
    await this.#calls.act(call, [204, 304, MISSING], waitS * 1000 + this.#stopExtraMs);
  }

  async killContainer(idOrName: string): Promise<void> {
    const id = await this.#resolveId(idOrName);
    if (id === undefined) return;
    const call = { path: `/containers/${id}/kill`, purpose: `kill container ${idOrName}` };
    // The one conflict that this call knows is a container that does not run.
    await this.#calls.act(call, [204, MISSING, CONFLICT]);
  }

  async waitContainer(idOrName: string, signal: AbortSignal): Promise<number | undefined> {
    const id = await this.#resolveId(idOrName);
    if (id === undefined || signal.aborted) return undefined;
    const call = { path: `/containers/${id}/wait`, purpose: `wait for container ${idOrName}` };
    try {
      return await this.#calls.wait(call, decodeExitCode, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async removeContainer(id: string): Promise<Removal> {
    const fullId = await this.#resolveId(id);
    if (fullId === undefined) return 'missing';
    const query = { force: 'false', v: 'false' };
    return this.#calls.remove({ path: `/containers/${fullId}`, purpose: `remove container ${id}`, query });
  }

  /** The whole id: a name that is gone could be the beginning of another container's id. */
  async #resolveId(idOrName: string): Promise<string | undefined> {
    return isFullContainerId(idOrName) ? idOrName : (await this.findContainer(idOrName))?.id;
  }
}
