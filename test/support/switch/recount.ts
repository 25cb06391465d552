/**
 * What the laws rest on, counted by the truth of the simulated switch and not by what ctrkit makes of it. Failing time is
 * counted generously and health sparingly where one instant can be told either way.
 */
import { isWatching } from './daemon.ts';
import { BEAT_MS, TICK_MS, type SwitchWorld } from './world.ts';

/** A crash is no cause any longer after it (contract.md, section 8). */
const CRASH_COUNTS_MS = 600_000;

/** Milliseconds that a daemon watched. */
export interface Recount {
  /** By image. */
  readonly failingMs: Map<number, number>;
  notDeployedMs: number;
  /** Of the container with this id. */
  earned: { readonly id: string; readonly ms: number; readonly seq: number } | undefined;
}

export const createRecount = (): Recount => ({
  failingMs: new Map(),
  notDeployedMs: 0,
  earned: undefined,
});

export const isShownHealthy = ({ nowMs, running }: SwitchWorld): boolean =>
  running?.owner === 'kube' &&
  running.kit === 'ours' &&
  running.shown === 'healthy' &&
  nowMs - running.beatMs <= BEAT_MS;

function findFailingImage(world: SwitchWorld): number | undefined {
  const { running, crash, nowMs } = world;
  if (isShownHealthy(world)) return undefined;
  if (running?.owner === 'kube' && running.kit === 'ours') {
    if (running.shown === 'unhealthy' || nowMs - running.beatMs > BEAT_MS) return running.image;
  }
  return crash !== undefined && nowMs - crash.atMs <= CRASH_COUNTS_MS ? crash.image : undefined;
}

/** To be called before each tick: the time of that tick counts as things are now. */
export function countTick(recount: Recount, world: SwitchWorld): void {
  if (!isWatching(world) || world.isEngineAway) return;
  const failing = findFailingImage(world);
  const { running } = world;
  if (failing !== undefined) addFailing(recount, failing, TICK_MS);
  if (running !== undefined && isJudged(world) && isShownHealthy(world))
    addFailing(recount, running.image, -TICK_MS);
  recount.notDeployedMs = running === undefined ? recount.notDeployedMs + TICK_MS : 0;
}

/** While not all of that is so, health is not looked at. */
const isJudged = ({ config, isUp, isRebootAnnounced, isRebootPrepared }: SwitchWorld): boolean =>
  config.hasRow && config.setOwner === 'kube' && isUp && !isRebootAnnounced && !isRebootPrepared;

const addFailing = ({ failingMs }: Recount, image: number, ms: number): void =>
  void failingMs.set(image, Math.max((failingMs.get(image) ?? 0) + ms, 0));

/** To be called at each look of the daemon: two heartbeats in a row that it has both seen earn the time between them. */
export function countHealth(recount: Recount, world: SwitchWorld): void {
  const { running, isEngineAway, nowMs } = world;
  if (isEngineAway) return;
  const isWell =
    running?.kit === 'ours' && running.shown === 'healthy' && nowMs - running.beatMs <= 4 * BEAT_MS;
  if (!isWell) {
    recount.earned = undefined;
    return;
  }
  const { earned } = recount;
  const { id, seq } = running;
  if (earned?.id === id && earned.seq === seq) return;
  const hasFollowed = earned?.id === id && earned.seq + 1 === seq;
  recount.earned = { id, seq, ms: (earned?.id === id ? earned.ms : 0) + (hasFollowed ? BEAT_MS : 0) };
}
