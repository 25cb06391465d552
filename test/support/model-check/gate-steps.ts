/** What a gate does: it reads and decides, and writes then, whatever has happened in between. */
import { decodeSnapshot } from '../../../src/decide/gate/startup-snapshot.ts';
import { applyWrites, areHeld, FEATURE, readStartupRows } from './model-rows.ts';
import type { Rules } from './rules.ts';
import type { Step } from './steps.ts';
import {
  claimOf,
  beginRunning,
  describeServer,
  type Gate,
  replaceContainer,
  timestampsOf,
  type ModelOptions,
  type Phase,
  type World,
} from './world.ts';

export function listGateSteps(world: World, i: number, options: ModelOptions, rules: Rules): Step[] {
  const phase = world.containers[i]?.phase;
  if (phase?.kind !== 'gate') return [];
  if (phase.planned === undefined) {
    const decided = decide(world, i, rules);
    if (!options.hasAtomicGates) return [[`${i} decides`, decided]];
    const isWriting = isPlanning(decided, i);
    return [[`${i} ${isWriting ? 'writes' : 'decides'}`, write(decided, i, rules, false)]];
  }
  const steps: Step[] = [[`${i} writes`, write(world, i, rules, false)]];
  if (options.losesAnswers && world.outage === 'none')
    steps.push([`${i} writes, unheard`, write(world, i, rules, true)]);
  return steps;
}

const isPlanning = ({ containers }: World, i: number): boolean => {
  const phase = containers[i]?.phase;
  return phase?.kind === 'gate' && phase.planned !== undefined;
};

function become(world: World, i: number, phase: Phase): World {
  return { ...world, containers: replaceContainer(world, i, { phase, frozenTicks: 0 }) };
}

const recordFailure = (gate: Gate, { nowMs }: World, rules: Rules): Gate => ({
  ...gate,
  planned: undefined,
  isDue: false,
  observation: rules.recordOutage(gate.observation, nowMs),
});

function decide(world: World, i: number, rules: Rules): World {
  const one = world.containers[i];
  if (one?.phase.kind !== 'gate') return world;
  if (world.outage !== 'none') return become(world, i, recordFailure(one.phase, world, rules));
  const rows = readStartupRows(world.rows);
  const snapshot = decodeSnapshot(rows, FEATURE, one.version);
  const look = { ...describeServer(world), status: snapshot.status, heartbeat: snapshot.heartbeat };
  const observation = rules.recordLook(one.phase.observation, look);
  const { progress } = one.phase;
  const now = timestampsOf(world);
  const decision = rules.decideStartup({ snapshot, self: claimOf(one), progress, observation, now });
  const gate = { ...one.phase, isDue: false, observation: { ...observation, lookByMs: decision.lookByMs } };
  const isNothing =
    decision.verdict.kind === 'hold' ||
    (decision.verdict.kind === 'wait' && decision.verdict.announce === 'nothing');
  if (isNothing) return become(world, i, { ...gate, progress: decision.progress });
  return become(world, i, { ...gate, planned: { rows, decision } });
}

/** `isUnheard`: it is carried out, and the gate is told that it was not. */
function write(world: World, i: number, rules: Rules, isUnheard: boolean): World {
  const one = world.containers[i];
  if (one?.phase.kind !== 'gate' || one.phase.planned === undefined) return world;
  const { rows, decision } = one.phase.planned;
  const { verdict } = decision;
  const again = become(world, i, { ...one.phase, planned: undefined });
  if (verdict.kind === 'hold') return again;
  const guards = rules.guardVerdict(verdict, rows);
  if (world.outage !== 'none') return become(world, i, recordFailure(one.phase, world, rules));
  if (!areHeld(world.rows, guards)) return again;
  const writes = rules.planVerdict(verdict, claimOf(one), timestampsOf(world), undefined);
  const written = { ...world, rows: applyWrites(world.rows, writes) };
  if (isUnheard) return become(written, i, recordFailure(one.phase, world, rules));
  if (verdict.kind !== 'go')
    return become(written, i, { ...one.phase, progress: decision.progress, planned: undefined });
  return judgeGo(become(written, i, beginRunning(world)), i, world);
}

/** Which law the start of this application breaks. */
function judgeGo(next: World, i: number, { rows, isForeignRunning }: World): World {
  const token = next.containers[i]?.token;
  const asked = rows.status['pending_token'] ?? '';
  // What it has claimed before, unheard, was its own answer.
  const isOwn = asked === '' || asked === token || rows.status['claim_token'] === token;
  const other = next.containers.findIndex(
    ({ phase, isExcused }, k) => k !== i && phase.kind === 'running' && !isExcused,
  );
  if (other >= 0) return { ...next, violation: `${i} goes while ${other} runs` };
  if (isForeignRunning) return { ...next, violation: `${i} goes beside a container of the shipped kit` };
  return isOwn ? next : { ...next, violation: `${i} goes on the answer to another container` };
}
