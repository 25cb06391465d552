/** Containers and images as the Docker engine of the host shows them. */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface EngineContainer {
  /** 64 hex digits; its first 12 are `docker_id`. */
  readonly id: string;
  /** The slash that the engine puts before them is cut off. */
  readonly names: readonly string[];
  /** `sha256:…` of the image it was made from, also when that image has lost its names. */
  readonly imageId: string;
  /** The name of the image it was made from, as it was written then. */
  readonly image: string;
  readonly state: ContainerState;
  /** The value of its label `io.ctrkit.keep`, a feature (pin.ts); left out for a container without it. */
  readonly keptFor?: string;
}

/** A container's id as `docker_id` and people have it: 12 hex digits. */
export const shortenId = (id: string): string => id.slice(0, 12);

const RECORDED_ID = /^(?:[0-9a-f]{12}|[0-9a-f]{64})$/;

/**
 * Whether the container is the one that a record names. `recorded` is an id of 12 or 64 hex digits, or else a name. Fewer hex
 * digits are a name too: a feature may be called `bed`.
 */
export const matchesIdOrName = (
  { id, names }: Pick<EngineContainer, 'id' | 'names'>,
  recorded: string,
): boolean => (RECORDED_ID.test(recorded) ? id.startsWith(recorded) : names.includes(recorded));

/** What is running, or can be at any moment without having ended. */
export const RUNNING_STATES: ReadonlySet<ContainerState> = new Set(['running', 'paused', 'restarting']);

export interface EngineImage {
  readonly id: string;
  /** `repository:tag`, all of them. */
  readonly tags: readonly string[];
  /** `repository@sha256:…`, all of them; none for an image that no registry has seen. */
  readonly digests: readonly string[];
  /** Seconds since the epoch, as its builder wrote it: for people, and no proof of anything. */
  readonly createdTs: number;
  readonly sizeBytes: number;
}
