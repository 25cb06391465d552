/** The environment of a feature's container (sonic.md, "Environment"; README.md, the table of settings). */
import { parseDurationMs } from '../../../../text/duration.ts';
import { findEnvironmentNameFault } from '../../../../contract/cluster/kubernetes-names.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { DEFAULT_KIT_TIMING, type KitTiming } from './pod-timing.ts';
import { isPlainText, parsePair, quoteText, refuseRequest } from './manifest-arguments.ts';

/** More than any feature has. planManifest limits how long all of them may be together. */
const MAX_VARIABLES = 256;
const MAX_VALUE_LENGTH = 16_384;

/** Shortest and longest value of each duration: beyond it the agent would use its default (src/container/settings.ts). */
const DURATIONS_MS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['CTRKIT_HEARTBEAT_INTERVAL', [100, 600_000]],
  ['CTRKIT_LOCAL_DB_WAIT', [0, 86_400_000]],
  ['CTRKIT_RELEASE_AFTER', [0, 600_000]],
]);
const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([
  ['CTRKIT_HELD_READY', ['0', '1']],
  ['CTRKIT_CRITICAL_EXIT', ['end', 'report']],
  ['CTRKIT_UNGATED', ['end', 'report']],
]);

export type Environment = ReadonlyMap<string, string>;

/** By name, in a stable order. SONiC's variables come first, then the image's, then the request's; a later one replaces. */
export function planEnvironment(request: ManifestRequest, instance: Instance): Environment {
  const { packageManifest, environment } = request;
  const planned = new Map(listDefaultVariables(request, instance));
  const setVariable = (where: string, name: string, value: string): void => {
    assertVariable(where, name, value);
    assertNoConflict(where, { name, value }, planned);
    planned.set(name, value);
  };
  const inImage = "the image's package manifest, container.environment";
  for (const [name, value] of Object.entries(packageManifest?.environment ?? {}))
    setVariable(inImage, name, value);
  const named = new Set<string>();
  for (const text of environment) {
    const { key, value } = parsePair('--env', text);
    if (named.has(key)) refuseRequest(`--env names ${quoteText(key)} twice: leave one of them away`);
    named.add(key);
    setVariable('--env', key, value);
  }
  if (planned.size > MAX_VARIABLES)
    refuseRequest(`the container would have ${planned.size} variables: ${MAX_VARIABLES} at most`);
  return planned;
}

/** A container's `env`. Each `$` is doubled, because Kubernetes expands `$(NAME)` in a value. */
export const encodeEnvironment = (environment: Environment) =>
  [...environment].map(([name, value]) => ({ name, value: value.replaceAll('$', '$$$$') }));

/** The variables that the timing of probes and rollouts depends on. */
export function readKitTiming(environment: Environment): KitTiming {
  const readMs = (name: string): number | undefined => parseDurationMs(environment.get(name) || '');
  return {
    heartbeatIntervalMs: readMs('CTRKIT_HEARTBEAT_INTERVAL') ?? DEFAULT_KIT_TIMING.heartbeatIntervalMs,
    releaseAfterMs: readMs('CTRKIT_RELEASE_AFTER') ?? DEFAULT_KIT_TIMING.releaseAfterMs,
  };
}

function listDefaultVariables(
  { version, platform }: ManifestRequest,
  { asic, containerName }: Instance,
): [string, string][] {
  return [
    ['RUNTIME_OWNER', 'kube'],
    ['IMAGE_VERSION', version],
    ['NAMESPACE_ID', asic],
    ['NAMESPACE_PREFIX', 'asic'],
    ['DEV', asic],
    ['CONTAINER_NAME', containerName],
    // The host's syslog listens there, and the pod is in the host's network (D29).
    ['SYSLOG_TARGET_IP', '127.0.0.1'],
    ...(platform === undefined ? [] : [['PLATFORM', platform] satisfies [string, string]]),
  ];
}

function assertVariable(where: string, name: string, value: string): void {
  const fault = findEnvironmentNameFault(name);
  if (fault !== undefined) refuseRequest(`${where}: the name ${quoteText(name)} ${fault}`);
  if (!isPlainText(value))
    refuseRequest(`${where}: the value of ${name} holds a line's end or another control character`);
  if (value.length > MAX_VALUE_LENGTH)
    refuseRequest(`${where}: the value of ${name} is longer than ${MAX_VALUE_LENGTH} characters`);
}

/** Refuses a value that contradicts another option, and a value that ctrkit's programs would not accept. */
function assertNoConflict(
  where: string,
  { name, value }: { readonly name: string; readonly value: string },
  planned: Environment,
): void {
  const fixed = FIXED.get(name);
  if (fixed !== undefined && value !== planned.get(name))
    refuseRequest(`${where}: ${name} can't be another one: ${fixed}`);
  if (name === 'CTRKIT_CONTAINER_ID')
    refuseRequest(`${where}: ${name} would be the same in every container of every switch: leave it away`);
  const range = DURATIONS_MS.get(name);
  if (range !== undefined && value !== '' && !isWithin(parseDurationMs(value), range))
    refuseRequest(
      `${where}: ${name} is ${quoteText(value)}: write N[ms|s|m|h|d], from ${range[0]}ms to ${range[1] / 1_000}s`,
    );
  const choices = CHOICES.get(name);
  if (choices !== undefined && value !== '' && !choices.includes(value))
    refuseRequest(`${where}: ${name} is ${quoteText(value)}: write ${choices.join(' or ')}`);
}

const isWithin = (ms: number | undefined, [least, most]: readonly [number, number]): boolean =>
  ms !== undefined && ms >= least && ms <= most;

const FIXED: ReadonlyMap<string, string> = new Map([
  ['RUNTIME_OWNER', 'what kubelet runs is owned by kube'],
  ['IMAGE_VERSION', '--version says it'],
  ['NAMESPACE_ID', '--asic says it'],
  ['DEV', '--asic says it'],
]);
