/** What an agent does: `ClaimHolder` as a row of steps. */
import { ownRecord } from '../../../src/contract/gate/claim.ts';
import { beginObservation } from '../../../src/decide/gate/observation.ts';
import { decodeHolderRows } from '../../../src/decide/gate/startup-snapshot.ts';
import { HEALTHY } from '../health.ts';
import { applyWrites, areHeld, readHolderRows } from './model-rows.ts';
import type { Rules } from './rules.ts';
import type { Step } from './steps.ts';
import {
  claimOf,
  describeServer,
  LEASE_TICKS,
  replaceContainer,
  startAnew,
  TICK_MS,
  timestampsOf,
  type ModelContainer,
  type ModelOptions,
  type Running,
  type World,
} from './world.ts';

const COUNTS = { seq: 0, restarts: 0 };

export function listAgentSteps(world: World, i: number, options: ModelOptions, rules: Rules): Step[] {
  const one = world.containers[i];
  if (one?.phase.kind !== 'running' || one.phase.isSuperseded) return [];
  const { isDue, recover } = one.phase;
  if (recover !== undefined) return [[`${i} records again`, record(world, i, rules)]];
  if (!isDue) return [];
  const steps: Step[] = [[`${i} beats`, beat(world, i, rules)]];
  if (options.losesAnswers && world.outage === 'none')
    steps.push([`${i} beats, unheard`, become(world, beat(world, i, rules).rows, i, { phase: one.phase })]);
  return steps;
}

/** What of a container a heartbeat changes; its frost is over with it. */
type Changes = Pick<ModelContainer, 'phase'> & Partial<Pick<ModelContainer, 'isExcused'>>;

const become = (world: World, rows: World['rows'], i: number, changes: Changes): World => ({
  ...world,
  rows,
  containers: replaceContainer(world, i, { frozenTicks: 0, ...changes }),
});

/** In an outage the heartbeat was tried, and that is all. A refused one is followed by a look at who holds the feature. */
function beat(world: World, i: number, rules: Rules): World {
  const one = world.containers[i];
  if (one?.phase.kind !== 'running') return world;
  const tried = recordTry(one.phase);
  if (world.outage !== 'none') return become(world, world.rows, i, { phase: tried });
  const claim = claimOf(one);
  if (areHeld(world.rows, [rules.guardBeat(claim)])) {
    const write = rules.planBeat(claim, HEALTHY, COUNTS, { now: timestampsOf(world), intervalMs: TICK_MS });
    const written = become(world, applyWrites(world.rows, [write]), i, {
      phase: { ...tried, wasFrozen: false },
      isExcused: false,
    });
    const isOwn = areHeld(world.rows, [ownRecord(claim)]);
    return { ...written, violation: isOwn ? undefined : `${i} beats for a record that is not its own` };
  }
  const rows = readHolderRows(world.rows);
  const holder = decodeHolderRows(rows);
  const observation = rules.recordLook(tried.observation, { ...describeServer(world), ...holder });
  const now = timestampsOf(world);
  const { wasFrozen } = tried;
  const { kind } = rules.decideRenewal({ ...holder, self: claim, observation, wasFrozen, now });
  if (kind === 'wait') return become(world, world.rows, i, { phase: { ...tried, observation } });
  const isSuperseded = kind === 'superseded';
  const next = { ...tried, observation, isDue: !isSuperseded, isSuperseded };
  return become(world, world.rows, i, { phase: isSuperseded ? next : { ...next, recover: rows } });
}

/** What was due has been tried: a frost is over with that. */
const recordTry = (phase: Running): Running => {
  const tried = { ...phase, isDue: false, recover: undefined, silentTicks: 0 };
  if (phase.silentTicks < LEASE_TICKS) return tried;
  return { ...tried, wasFrozen: true, observation: beginObservation(TICK_MS) };
};

/** Another container has claimed the feature, or has beaten, within a lease. */
function isHeldByOther({ rows: { status, health }, nowMs }: World, { token }: ModelContainer): boolean {
  const holder = status['claim_token'] ?? '';
  if (holder === '' || holder === token) return false;
  const beatMs = health['token'] === holder ? Number(health['beat_ms']) : 0;
  return nowMs < Math.max(Number(status['claim_ms']), beatMs) + LEASE_TICKS * TICK_MS;
}

/** Contested: nothing is written, and the heartbeat is tried again. */
function record(world: World, i: number, rules: Rules): World {
  const one = world.containers[i];
  if (one?.phase.kind !== 'running' || one.phase.recover === undefined) return world;
  const tried = recordTry(one.phase);
  if (world.outage !== 'none') return become(world, world.rows, i, { phase: tried });
  if (!areHeld(world.rows, one.phase.recover))
    return become(world, world.rows, i, { phase: { ...tried, isDue: true } });
  const claim = claimOf(one);
  const now = timestampsOf(world);
  const writes = [
    ...rules.planRecord(claim, undefined, { now, isMultiAsic: false }),
    rules.planBeat(claim, HEALTHY, COUNTS, { now, intervalMs: TICK_MS }),
  ];
  return {
    ...become(world, applyWrites(world.rows, writes), i, {
      phase: { ...tried, wasFrozen: false },
      isExcused: false,
    }),
    violation: isHeldByOther(world, one) ? `${i} records its claim over a live one` : undefined,
  };
}

/** The application ends, the agent releases, and the container starts anew. Of the releases it is the first whose guard holds. */
export function stopContainer(world: World, i: number, { keepsId }: ModelOptions, rules: Rules): World {
  const one = world.containers[i];
  if (one === undefined) return world;
  const [own] = [rules.guardBeat(claimOf(one))];
  const release = rules.planReleases(own, claimOf(one), 0).find(({ guard }) => areHeld(world.rows, [guard]));
  const rows = release === undefined ? world.rows : applyWrites(world.rows, [release.write]);
  const [before, after] = [world.rows.status['remote_state'], rows.status['remote_state']];
  const next = { ...world, rows, containers: replaceContainer(world, i, startAnew(one, keepsId)) };
  return before === after || before === 'running'
    ? next
    : { ...next, violation: `${i} overwrites remote_state ${before} with its release` };
}
