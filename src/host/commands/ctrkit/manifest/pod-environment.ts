/** The environment of a feature's container (sonic.md, "Environment"; README.md, the table of settings). */
import { parseDurationMs } from '../../../../text/duration.ts';
import { findEnvironmentNameFault } from '../../../../contract/cluster/kubernetes-names.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { DEFAULT_KIT_TIMING, type KitTiming } from './pod-timing.ts';
import { isPlainText, parsePair, quoteText, refuseRequest } from './manifest-arguments.ts';

/** More than any feature has. How long all of them may be together, planManifest says. */
const MAX_VARIABLES = 256;
const MAX_VALUE_LENGTH = 16_384;

/** What the kit takes, from and to; for anything else it would warn and use its default (src/container/settings.ts). */
const DURATIONS_MS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['CTRKIT_HEARTBEAT_INTERVAL', [100, 600_000]],
  ['CTRKIT_LOCAL_DB_WAIT', [0, 86_400_000]],
  ['CTRKIT_RELEASE_AFTER', [0, 600_000]],
]);
const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([
  ['CTRKIT_HELD_READY', ['0', '1']],
  ['CTRKIT_CRITICAL_EXIT', ['end', 'report']],
]);

export type Environment = ReadonlyMap<string, string>;

/** By name, in a stable order: what SONiC's own containers are given, then the image's, then the request's. */
export function planEnvironment(request: ManifestRequest, instance: Instance): Environment {
  const { packageManifest, environment } = request;
  const planned = new Map(defaultsOf(request, instance));
  const set = (where: string, name: string, value: string): void => {
    assertVariable(where, name, value);
    assertKitsOwn(where, { name, value }, planned);
    planned.set(name, value);
  };
  const inImage = "the image's package manifest, container.environment";
  for (const [name, value] of Object.entries(packageManifest?.environment ?? {})) set(inImage, name, value);
  const named = new Set<string>();
  for (const text of environment) {
    const { key, value } = parsePair('--env', text);
    if (named.has(key)) refuseRequest(`--env names ${quoteText(key)} twice: leave one of them away`);
    named.add(key);
    set('--env', key, value);
  }
  if (planned.size > MAX_VARIABLES)
    refuseRequest(`the container would have ${planned.size} variables: ${MAX_VARIABLES} at most`);
  return planned;
}

/** As a container's `env`. Kubernetes would expand `$(NAME)` in a value: what was given is meant as it is. */
export const encodeEnvironment = (environment: Environment) =>
  [...environment].map(([name, value]) => ({ name, value: value.replaceAll('$', '$$$$') }));

/** What of it decides about probes and waiting. */
export function readKitTiming(environment: Environment): KitTiming {
  const ms = (name: string): number | undefined => parseDurationMs(environment.get(name) || '');
  return {
    heartbeatIntervalMs: ms('CTRKIT_HEARTBEAT_INTERVAL') ?? DEFAULT_KIT_TIMING.heartbeatIntervalMs,
    releaseAfterMs: ms('CTRKIT_RELEASE_AFTER') ?? DEFAULT_KIT_TIMING.releaseAfterMs,
  };
}

function defaultsOf(
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
    // The host's syslog listens there, and a pod shares the host's network (D29).
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

/** What the kit relies on can't be said a second time, and differently. */
function assertKitsOwn(
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
