/** The truth of a simulated switch: what really runs, and how it really is. Whole ticks; nothing here decides for ctrkit. */
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../src/contract/images/ledger.ts';
import { NO_MEMORY, type FeatureMemory } from '../../../src/decide/feature/feature-memory.ts';
import type { ContainerEnd } from '../../../src/decide/feature/seen-holder.ts';
import { imageIdOf } from '../beats.ts';
import { LOCAL, REMOTE } from '../feature-inputs.ts';

export const TICK_MS = 5_000;
export const BEAT_MS = 10_000;
const LONGEST_BACK_OFF_MS = 300_000;
export const NUMBERS = [1, 2, 3, 4] as const;

/** How a container of the image behaves once it has started. */
type Health = 'healthy' | 'unhealthy' | 'silent' | 'crashes';
/** `shipped`: neither token nor heartbeat; under cgroup v2 no id either. */
export type Kit = 'ours' | 'shipped' | 'shipped-without-id';

export interface Running {
  readonly id: string;
  readonly image: number;
  readonly owner: 'kube' | 'local';
  readonly kit: Kit;
  readonly startedMs: number;
  seq: number;
  healthySinceMs: number | undefined;
  /** What its last heartbeat said, or would have, and when. */
  shown: 'starting' | 'healthy' | 'unhealthy' | 'stopping';
  beatMs: number;
}

export interface Pod {
  readonly image: number;
  readonly kit: Kit;
  nextStartMs: number;
  starts: number;
}

type Values = Record<string, string>;

export interface SwitchWorld {
  nowMs: number;
  boot: number;
  starts: number;
  readonly config: { setOwner: 'kube' | 'local'; hasRow: boolean };
  readonly policy: Values;
  failureDetectionMs: number;
  status: Values;
  beat: Values;
  readonly labels: Values;
  readonly names: Map<number, Set<string>>;
  readonly pins: Set<number>;
  readonly health: Map<number, Health>;
  running: Running | undefined;
  /** The stopped container of the feature's own name. */
  localImage: number | undefined;
  pod: Pod | undefined;
  isUp: boolean;
  isMasterConnected: boolean;
  failsRestarts: boolean;
  isEngineAway: boolean;
  isDatabaseAway: boolean;
  isDaemonUp: boolean;
  isLocked: boolean;
  isRebootPrepared: boolean;
  isRebootAnnounced: boolean;
  readonly blocked: Set<string>;
  ledger: FeatureLedger;
  memory: FeatureMemory;
  daemonStartedMs: number;
  ends: ContainerEnd[];
  /** Of the last end that nobody had asked for, which no healthy start followed. */
  crash: { readonly image: number; readonly atMs: number } | undefined;
}

export const createWorld = (): SwitchWorld => ({
  nowMs: 1_000_000,
  boot: 1,
  starts: 0,
  config: { setOwner: 'kube', hasRow: true },
  policy: {
    active_time_to_mark_good: '60s',
    fail_time_to_fallback: '2m',
    tag_new_as_local: 'true',
    purge_older_image: 'true',
    purge_local_copy: 'true',
  },
  failureDetectionMs: 0,
  status: { system_state: 'up', remote_state: 'none' },
  beat: {},
  labels: {},
  names: new Map([[1, new Set([`${LOCAL}:latest`, `${LOCAL}:1.0`])]]),
  pins: new Set(),
  health: new Map(),
  running: undefined,
  localImage: undefined,
  pod: undefined,
  isUp: true,
  isMasterConnected: true,
  failsRestarts: false,
  isEngineAway: false,
  isDatabaseAway: false,
  isDaemonUp: true,
  isLocked: false,
  isRebootPrepared: false,
  isRebootAnnounced: false,
  blocked: new Set(),
  ledger: EMPTY_FEATURE_LEDGER,
  memory: NO_MEMORY,
  daemonStartedMs: 1_000_000,
  ends: [],
  crash: undefined,
});

export const bootIdOf = (world: SwitchWorld): string => `boot-${world.boot}`;
export const versionOf = (image: number): string => `${image}.0`;
export const numberOf = (imageId: string): number | undefined =>
  NUMBERS.find((number) => imageIdOf(number) === imageId);
export const isBlocked = (world: SwitchWorld, image: number): boolean =>
  world.labels[`snmp_${versionOf(image)}_enabled`] === 'false';
export const findLatest = (world: SwitchWorld): number | undefined =>
  [...world.names].find(([, names]) => names.has(`${LOCAL}:latest`))?.[0];

/** Kubernetes gives the node this image; kubelet has pulled it after `pullMs`. */
export function deployImage(world: SwitchWorld, image: number, kit: Kit, pullMs: number): void {
  endContainer(world, 'kube', true);
  world.pod = { image, kit, nextStartMs: world.nowMs + pullMs, starts: 0 };
}

/** Where the owner's container runs. `wasAsked`: it says that it is stopping, if it is of the kit. */
export function endContainer(world: SwitchWorld, owner: 'kube' | 'local', wasAsked: boolean): void {
  const { running } = world;
  if (running?.owner !== owner) return;
  // kubelet ends what is unhealthy: that is the image's fault, though it was asked to stop.
  const isToBlame = !wasAsked || running.shown === 'unhealthy';
  if (wasAsked && running.kit === 'ours') sendBeat(world, running, 'stopping');
  world.running = undefined;
  if (running.owner === 'local') world.localImage = running.image;
  if (world.isDaemonUp && !world.isEngineAway)
    world.ends.push({ containerId: running.id, exitCode: 1, hadOomKill: false, atMs: world.nowMs });
  if (wasAsked) world.status = { ...world.status, current_owner: 'none', docker_id: '', claim_token: '' };
  if (isToBlame && running.owner === 'kube' && running.kit === 'ours')
    world.crash = { image: running.image, atMs: world.nowMs };
}

/** systemd's stop and start of the service: who runs it is decided anew, as `container start` does. */
export function restartService(world: SwitchWorld): void {
  stopService(world);
  startService(world);
}

export function stopService(world: SwitchWorld): void {
  endContainer(world, 'kube', true);
  endContainer(world, 'local', true);
  world.isUp = false;
  world.status = { ...world.status, system_state: 'down', remote_state: 'none' };
}

export function startService(world: SwitchWorld): void {
  world.isUp = true;
  const { pod, config } = world;
  const isWaiting = pod !== undefined && pod.nextStartMs <= world.nowMs && !isBlocked(world, pod.image);
  world.status = { ...world.status, system_state: 'up', remote_state: 'none' };
  if (config.setOwner === 'kube' && isWaiting && world.labels['snmp_enabled'] !== 'false') {
    world.status['remote_state'] = 'ready';
    return;
  }
  const image = world.localImage ?? findLatest(world);
  if (image !== undefined && world.names.has(image)) startContainer(world, image, 'local', 'ours');
}

export function startContainer(world: SwitchWorld, image: number, owner: Running['owner'], kit: Kit): void {
  world.starts += 1;
  const id = world.starts.toString(16).padStart(12, '0').padEnd(64, 'a');
  const isOurs = kit === 'ours';
  world.running = {
    id,
    image,
    owner,
    kit,
    startedMs: world.nowMs,
    seq: 0,
    healthySinceMs: undefined,
    shown: 'starting',
    beatMs: world.nowMs,
  };
  if (owner === 'local') world.localImage = undefined;
  world.status = {
    ...world.status,
    current_owner: owner,
    docker_id: kit === 'shipped-without-id' ? '' : id.slice(0, 12),
    container_id: id.slice(0, 12),
    container_version: versionOf(image),
    remote_state: owner === 'kube' ? 'running' : 'none',
    claim_token: isOurs ? `token-${world.starts}` : '',
    claim_boot_id: isOurs ? bootIdOf(world) : '',
    claim_ms: isOurs ? `${world.nowMs}` : '',
  };
  if (isOurs) sendBeat(world, world.running, 'starting');
}

export function sendBeat(world: SwitchWorld, running: Running, shown: Running['shown']): void {
  running.seq += 1;
  running.shown = shown;
  running.beatMs = world.nowMs;
  if (shown !== 'healthy') running.healthySinceMs = undefined;
  else running.healthySinceMs ??= world.nowMs;
  if (world.isDatabaseAway) return;
  world.beat = {
    token: world.status['claim_token'] ?? '',
    docker_id: running.id.slice(0, 12),
    owner: running.owner,
    version: versionOf(running.image),
    boot_id: bootIdOf(world),
    status: shown,
    seq: `${running.seq}`,
    interval_ms: `${BEAT_MS}`,
    beat_ms: `${world.nowMs}`,
    started_ms: `${running.startedMs}`,
    healthy_since_ms: running.healthySinceMs === undefined ? '' : `${running.healthySinceMs}`,
    restarts: '0',
  };
}

/** Back-off as kubelet has it: 10 s, doubled up to 5 minutes. */
export function backOff(world: SwitchWorld, pod: Pod): void {
  pod.nextStartMs = world.nowMs + Math.min(10_000 * 2 ** pod.starts, LONGEST_BACK_OFF_MS);
  pod.starts += 1;
}

export const pullImage = (world: SwitchWorld, image: number): void => {
  const names = world.names.get(image) ?? new Set();
  world.names.set(image, names.add(`${REMOTE}:${versionOf(image)}`));
};
