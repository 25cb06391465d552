import type { ContainerState, EngineContainer, EngineImage } from '../contract/images/engine.ts';
import type { ImagePin } from '../contract/images/pin.ts';

export type { ContainerState, EngineContainer, EngineImage };

/** One container, inspected by itself. */
export interface ContainerDetails extends EngineContainer {
  /** Exit code of its last end; undefined while it runs and before it ever has. */
  readonly exitCode: number | undefined;
  /**
   * The engine reported that the kernel killed a process of it for memory since its last start. An additional fact for
   * people: some kernels and engines report none (seen: kernel 6.18 with Docker 20.10 on cgroup v1), so false says
   * nothing, and no decision uses it.
   */
  readonly hadOomKill: boolean;
  /** Process id of its first process, in the engine's namespace; left out while it does not run. */
  readonly pid?: number;
  /** `KEY=value` of its environment: IMAGE_VERSION and RUNTIME_OWNER are read from here. */
  readonly environment: readonly string[];
}

export type EngineEvent =
  | { readonly kind: 'start'; readonly containerId: string; readonly names: readonly string[] }
  | {
      readonly kind: 'die';
      readonly containerId: string;
      readonly names: readonly string[];
      readonly exitCode: number;
      /** The same as in ContainerDetails. */
      readonly hadOomKill: boolean;
    }
  /** A container was created or removed, an image got or lost a name: what was listed may no longer be so. */
  | { readonly kind: 'changed' };

export type Removal = 'removed' | 'missing' | 'in-use';

/** `missing`: there is no such image. `name-in-use`: a container has that name already. */
export type Pinning = 'pinned' | 'missing' | 'name-in-use';

/** The containers of an engine. */
export interface EngineContainers {
  /** All of them, running or not, pins too. */
  readonly listContainers: () => Promise<EngineContainer[]>;
  /** Finds it by id (12 or 64 digits) or exact name; undefined if there is none. */
  readonly findContainer: (idOrName: string) => Promise<ContainerDetails | undefined>;
  /** A container that runs already is started. */
  readonly startContainer: (idOrName: string) => Promise<void>;
  /** SIGTERM, and SIGKILL after `graceS` seconds. A container that does not run, or is not there, is stopped. */
  readonly stopContainer: (idOrName: string, graceS: number) => Promise<void>;
  /** SIGKILL. A container that does not run, or is not there, is killed. */
  readonly killContainer: (idOrName: string) => Promise<void>;
  /** Resolves with its exit code when it no longer runs, undefined if there is no such container or `signal` aborts. No time limit. */
  readonly waitContainer: (idOrName: string, signal: AbortSignal) => Promise<number | undefined>;
  /** Never by force: a container that runs is `in-use`. */
  readonly removeContainer: (id: string) => Promise<Removal>;
}

/** The images of an engine. */
export interface EngineImages {
  /** Images with at least one name or a container, and those that have lost their last name. */
  readonly listImages: () => Promise<EngineImage[]>;
  /** Finds it by a whole reference, `repository:tag` or `repository@sha256:…`; undefined if there is no such image. */
  readonly readImageLabels: (reference: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Gives the image this name, taking it from whichever image has it. */
  readonly tagImage: (imageId: string, repository: string, tag: string) => Promise<void>;
  /** Takes away one name, `repository:tag` or `repository@sha256:…`, never by force; with the last name goes the image. */
  readonly removeReference: (reference: string) => Promise<Removal>;
  /** Removes an image that has no name left, never by force; `in-use` too if it has names. */
  readonly removeUnnamedImage: (imageId: string) => Promise<Removal>;
}

/** What keeps images on an engine. */
interface EnginePins {
  /** Creates the container that keeps the image from being collected. It never runs; `removeContainer` takes it away. */
  readonly pinImage: (pin: ImagePin) => Promise<Pinning>;
}

/** What gets images from a registry. */
interface EnginePulls {
  /**
   * By a whole reference, with no credentials but those that the engine itself has. A tag is moved to what the registry has by
   * that name. What can't be pulled for whatever reason throws CtrkitError('engine').
   */
  readonly pullImage: (reference: string) => Promise<void>;
}

/**
 * The Docker engine of this host. Every call ends within a time limit of its own; one that could not be carried out
 * throws CtrkitError('engine') with a line for people. Names and ids are the caller's to check.
 */
export interface ContainerEngine extends EngineContainers, EngineImages, EnginePins, EnginePulls {
  /**
   * Resolves when watching. `onEnd` is called once when the engine has ended it, or is gone; what happened until the
   * next watch is then only found by listing. The returned function ends it without that.
   */
  readonly watch: (onEvent: (event: EngineEvent) => void, onEnd: () => void) => Promise<() => void>;
  readonly close: () => void;
}
