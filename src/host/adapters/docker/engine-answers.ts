/**
 * The engine's answers, as far as ctrkit reads them (Docker Engine API 1.41; newer versions have the same fields). Every
 * function throws for an answer that makes no sense.
 */
import * as v from 'valibot';
import { isFeatureName } from '../../../contract/names.ts';
import { PIN_LABEL } from '../../../contract/images/pin.ts';
import type {
  ContainerDetails,
  ContainerState,
  EngineContainer,
  EngineImage,
} from '../../../ports/container-engine.ts';

const optionalTexts = () => v.optional(v.nullable(v.array(v.string())));

const LISTED_CONTAINER = v.object({
  Id: v.string(),
  Names: optionalTexts(),
  Image: v.string(),
  ImageID: v.string(),
  State: v.string(),
  Labels: v.optional(v.nullable(v.object({ [PIN_LABEL]: v.optional(v.string()) }))),
});

const INSPECTED_CONTAINER = v.object({
  Id: v.string(),
  Name: v.string(),
  Image: v.string(),
  Config: v.object({ Image: v.string(), Env: optionalTexts() }),
  State: v.object({
    Status: v.string(),
    ExitCode: v.number(),
    // Not every engine has the field, and some kernels report no such kill: nothing may depend on it.
    OOMKilled: v.optional(v.nullable(v.boolean())),
    Pid: v.optional(v.number(), 0),
  }),
});

const LISTED_IMAGE = v.object({
  Id: v.string(),
  RepoTags: optionalTexts(),
  RepoDigests: optionalTexts(),
  Created: v.number(),
  Size: v.number(),
});

const INSPECTED_IMAGE = v.object({ RepoTags: optionalTexts(), RepoDigests: optionalTexts() });
const INSPECTED_VOLUMES = v.object({
  Config: v.optional(
    v.nullable(v.object({ Volumes: v.optional(v.nullable(v.record(v.string(), v.unknown()))) })),
  ),
});
const LABELLED_IMAGE = v.object({
  Config: v.optional(
    v.nullable(v.object({ Labels: v.optional(v.nullable(v.record(v.string(), v.string()))) })),
  ),
});
const PULL_LINE = v.object({ error: v.optional(v.string()) });
const WAIT_RESULT = v.object({ StatusCode: v.number() });

const STATES: ReadonlySet<string> = new Set<ContainerState>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
const NEVER_ENDED: ReadonlySet<ContainerState> = new Set(['created', 'running', 'paused']);

export function decodeContainers(body: unknown): EngineContainer[] {
  return decode(v.array(LISTED_CONTAINER), body).map((listed) => ({
    id: listed.Id,
    names: (listed.Names ?? []).map(removeSlash),
    imageId: listed.ImageID,
    image: listed.Image,
    state: decodeState(listed.State),
    ...decodeKeptFor(listed.Labels?.[PIN_LABEL]),
  }));
}

export function decodeContainer(body: unknown): ContainerDetails {
  const { Id, Name, Image, Config, State } = decode(INSPECTED_CONTAINER, body);
  const state = decodeState(State.Status);
  return {
    id: Id,
    names: [removeSlash(Name)],
    imageId: Image,
    image: Config.Image,
    state,
    exitCode: NEVER_ENDED.has(state) ? undefined : State.ExitCode,
    hadOomKill: State.OOMKilled === true,
    ...(State.Pid > 0 && { pid: State.Pid }),
    environment: Config.Env ?? [],
  };
}

export function decodeImages(body: unknown): EngineImage[] {
  return decode(v.array(LISTED_IMAGE), body).map((listed) => ({
    id: listed.Id,
    tags: selectNames(listed.RepoTags),
    digests: selectNames(listed.RepoDigests),
    createdTs: listed.Created,
    sizeBytes: listed.Size,
  }));
}

/** Empty for an image without labels, which may have no configuration at all. */
export const decodeImageLabels = (body: unknown): Readonly<Record<string, string>> =>
  decode(LABELLED_IMAGE, body).Config?.Labels ?? {};

/** All names of one image, by tag and by digest. */
export function decodeImageNames(body: unknown): string[] {
  const { RepoTags, RepoDigests } = decode(INSPECTED_IMAGE, body);
  return [...selectNames(RepoTags), ...selectNames(RepoDigests)];
}

/** The paths that the image declares as volumes. */
export const decodeImageVolumes = (body: unknown): string[] =>
  Object.keys(decode(INSPECTED_VOLUMES, body).Config?.Volumes ?? {});

/** What is wrong, from a line of a pull's progress; undefined where nothing is. */
export const decodePullError = (line: unknown): string | undefined => decode(PULL_LINE, line).error;

export const decodeExitCode = (body: unknown): number => decode(WAIT_RESULT, body).StatusCode;

/** An unknown state counts as running: a container that may run is never removed. */
const decodeState = (text: string): ContainerState =>
  STATES.has(text) ? (text as ContainerState) : 'running';

/** Anybody can give a container that label: what is no feature does not count. */
const decodeKeptFor = (label: string | undefined): Pick<EngineContainer, 'keptFor'> =>
  label !== undefined && isFeatureName(label) ? { keptFor: label } : {};

const removeSlash = (name: string): string => name.replace(/^\//, '');

/** An image without names is listed as `<none>:<none>`, and one with only a digest as `repository:<none>`. */
const selectNames = (names: readonly string[] | null | undefined): string[] =>
  (names ?? []).filter((name) => !name.includes('<none>'));

function decode<const Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const { message } = result.issues[0];
  const path = v.getDotPath(result.issues[0]) ?? 'its answer';
  throw new Error(`its answer makes no sense: ${path}: ${message}`);
}
