/** Every step that can be taken in a state: by a container, its surroundings, the host, the database, or time. */
import { isReplaceable } from '../../../src/decide/gate/handshake.ts';
import { PATIENCE } from './canonical.ts';
import { listGateSteps } from './gate-steps.ts';
import { listAgentSteps, stopContainer } from './agent-steps.ts';
import { EMPTY_ROWS, putStatus, RELEASED_ROWS, type ModelRows } from './model-rows.ts';
import type { Rules } from './rules.ts';
import {
  findExcusedTicks,
  type Gate,
  FOREIGN_ID,
  replaceContainer,
  startAnew,
  TICK_MS,
  type ModelContainer,
  type ModelOptions,
  type World,
} from './world.ts';

/** A step by name, and the state after it. */
export type Step = readonly [name: string, next: World];

export function listSteps(world: World, options: ModelOptions, rules: Rules): Step[] {
  const steps: Step[] = [];
  world.containers.forEach((one, i) => {
    steps.push(...listContainerSteps(world, i, options));
    if (one.isFrozen) return;
    steps.push(...listGateSteps(world, i, options, rules));
    steps.push(...listAgentSteps(world, i, options, rules));
    if (one.phase.kind === 'running' && world.outage === 'none')
      steps.push([`${i} stops`, stopContainer(world, i, options, rules)]);
  });
  steps.push(
    ...listHostSteps(world),
    ...listOutageSteps(world, options),
    ...listForeignSteps(world, options),
  );
  if (canTimePass(world, options)) steps.push(['time passes', passTime(world, options)]);
  return steps;
}

function listContainerSteps(world: World, i: number, { keepsId, hasFrosts }: ModelOptions): Step[] {
  const one = world.containers[i];
  if (one === undefined) return [];
  const become = (name: string, changes: Partial<ModelContainer>): Step => [
    `${i} ${name}`,
    { ...world, containers: replaceContainer(world, i, changes) },
  ];
  const steps = [become('is killed and starts anew', startAnew(one, keepsId))];
  if (one.isFrozen) steps.push(become('thaws', { isFrozen: false }));
  else if (hasFrosts && one.phase.kind === 'running') steps.push(become('freezes', { isFrozen: true }));
  if (one.phase.kind === 'gate' && one.phase.progress.kind === 'superseded') {
    const sinceMs = world.nowMs - PATIENCE * TICK_MS;
    const phase = { ...one.phase, progress: { ...one.phase.progress, sinceMs } };
    if (one.phase.progress.sinceMs > sinceMs) steps.push(become('has waited long', { phase }));
  }
  return steps;
}

/** The shipped host, which writes without a guard what it has read to be wanted. */
export function listHostSteps(world: World): Step[] {
  if (world.outage !== 'none') return [];
  if (world.isHostAnswering)
    return [
      [
        'the host answers',
        { ...world, rows: putStatus(world.rows, { remote_state: 'ready' }), isHostAnswering: false },
      ],
    ];
  if (world.rows.status['remote_state'] !== 'pending') return [];
  return [['the host is asked', { ...world, isHostAnswering: true }]];
}

/** Agents try again soon after an outage is over: their heartbeats are due. */
const makeDue = (world: World): World => ({
  ...world,
  containers: world.containers.map((one) =>
    one.phase.kind === 'running' ? { ...one, phase: { ...one.phase, isDue: true } } : one,
  ),
});

/** What it has is what it had, or what another one had. */
const restart = (world: World, rows: ModelRows): World => ({
  ...world,
  rows,
  isHostAnswering: false,
  server: world.server + 1,
  serverStartedMs: world.nowMs,
});

/** Events tell a gate of a claim before somebody can delete it. */
const haveGatesSeenHolder = ({ containers, rows: { status } }: World): boolean =>
  (status['claim_token'] ?? '') === '' ||
  containers.every(
    ({ phase }) =>
      phase.kind === 'running' ||
      phase.observation.goodSinceMs === undefined ||
      phase.observation.holder === `${status['docker_id']}/${status['claim_token']}`,
  );

/** FLUSHALL: the server goes on, and agents notice nothing before their next heartbeat. */
const listEmptying = (world: World, outages: number): Step[] =>
  haveGatesSeenHolder(world)
    ? [['the database is emptied', { ...world, outages, rows: EMPTY_ROWS, isHostAnswering: false }]]
    : [];

function listOutageSteps(world: World, options: ModelOptions): Step[] {
  if (world.outage !== 'none') return [['the database is well again', makeDue({ ...world, outage: 'none' })]];
  if (world.outages >= options.outages) return [];
  const outages = options.outages === Infinity ? 0 : world.outages + 1;
  return [
    ['the database refuses writes', { ...world, outages, outage: 'writes' }],
    ['the database is away', { ...world, outages, outage: 'all' }],
    ['the database comes back empty', restart(makeDue({ ...world, outages }), EMPTY_ROWS)],
    ['the database comes back as it was before', restart(makeDue({ ...world, outages }), RELEASED_ROWS)],
    ...listEmptying(world, outages),
  ];
}

/** The shipped kit claims without a guard, and knows no token; its host clears owner and id. */
function listForeignSteps(world: World, options: ModelOptions): Step[] {
  if (world.outage !== 'none') return [];
  const { rows } = world;
  if (world.isForeignRunning) {
    const cleared = { current_owner: 'none', container_id: '' };
    const remote = isReplaceable(rows.status['remote_state'] ?? '') ? { remote_state: 'stopped' } : {};
    return [
      [
        'the shipped container is stopped',
        { ...world, isForeignRunning: false, rows: putStatus(rows, { ...cleared, ...remote }) },
      ],
    ];
  }
  if (world.foreignClaims >= options.foreignClaims) return [];
  // It would run beside a container of ours by its own fault.
  if (world.containers.some(({ phase }) => phase.kind === 'running')) return [];
  const claim = {
    current_owner: 'kube',
    container_id: FOREIGN_ID,
    remote_state: 'running',
    container_version: '1.0.0',
  };
  return [
    [
      'the shipped container claims',
      {
        ...world,
        isForeignRunning: true,
        foreignClaims: world.foreignClaims + 1,
        rows: putStatus(rows, claim),
      },
    ],
  ];
}

/** An agent that is not frozen has tried its heartbeat within an interval, and a prompt gate has looked. */
const canTimePass = ({ containers, outage }: World, { hasPromptGates }: ModelOptions): boolean =>
  containers.every(({ phase, isFrozen }) => {
    if (phase.kind === 'running') return isFrozen || (!phase.isDue && phase.recover === undefined);
    if (phase.isDue) return false;
    return !hasPromptGates || (phase.planned === undefined && !(outage !== 'none' && isWatchingLoss(phase)));
  });

/**
 * A gate that waits for a lost record looks twenty times in an interval: an outage that it has not seen is over before
 * anybody's next heartbeat is due, and who has failed in it has tried again.
 */
const isWatchingLoss = ({ observation: { goodSinceMs, lookByMs, holder } }: Gate): boolean =>
  goodSinceMs !== undefined && lookByMs !== undefined && holder === '';

const beginInterval = (gate: Gate, { hasPromptGates }: ModelOptions): Gate => ({
  ...gate,
  isDue: hasPromptGates,
});

export const passTime = (world: World, options: ModelOptions): World => {
  const excusedTicks = findExcusedTicks(options);
  return {
    ...world,
    nowMs: world.nowMs + TICK_MS,
    containers: world.containers.map((one) => {
      const frozenTicks = one.isFrozen ? one.frozenTicks + 1 : one.frozenTicks;
      const isExcused = one.isExcused || frozenTicks >= excusedTicks;
      const { phase } = one;
      if (phase.kind === 'gate') return { ...one, phase: beginInterval(phase, options) };
      if (phase.isSuperseded) return { ...one, frozenTicks, isExcused };
      const silentTicks = phase.silentTicks + 1;
      return { ...one, frozenTicks, isExcused, phase: { ...phase, isDue: true, silentTicks } };
    }),
  };
};
