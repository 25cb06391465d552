/** What happens where nothing is wrong: nobody is killed or frozen, the database is well, the host answers in time. */
import { listAgentSteps } from './agent-steps.ts';
import { listGateSteps } from './gate-steps.ts';
import { putStatus } from './model-rows.ts';
import type { Rules } from './rules.ts';
import { listHostSteps, type Step } from './steps.ts';
import { replaceContainer, startAnew, type ModelContainer, type ModelOptions, type World } from './world.ts';

/** Who is well looks once in every interval, and loses no answers. */
export const toWell = (options: ModelOptions): ModelOptions => ({
  ...options,
  hasPromptGates: true,
  hasFrosts: false,
  losesAnswers: false,
});

/** Nothing is wrong from now on: the outage is over, who is frozen thaws, a container of the shipped kit is gone. */
export function mend(world: World): World {
  const thaw = (one: ModelContainer): ModelContainer => ({
    ...one,
    isFrozen: false,
    frozenTicks: 0,
    isExcused: false,
  });
  const rows = world.isForeignRunning
    ? putStatus(world.rows, { current_owner: 'none', container_id: '' })
    : world.rows;
  return {
    ...world,
    rows,
    outage: 'none',
    outages: 0,
    isForeignRunning: false,
    foreignClaims: 0,
    violation: undefined,
    containers: world.containers.map(thaw),
  };
}

/** One runs, and is on record: it can be renewed. */
export const isServed = ({ containers, rows }: World): boolean =>
  containers.some(
    ({ phase, token }) =>
      phase.kind === 'running' && !phase.isSuperseded && rows.status['claim_token'] === token,
  );

/** In whatever order, but for time. */
export const listWellSteps = (world: World, options: ModelOptions, rules: Rules): Step[] => [
  ...world.containers.flatMap((_, i) => [
    ...listGateSteps(world, i, options, rules),
    ...listAgentSteps(world, i, options, rules),
    ...listRestart(world, i, options),
  ]),
  ...listHostSteps(world),
];

const isSuperseded = ({ phase }: ModelContainer): boolean => phase.kind === 'running' && phase.isSuperseded;

/** Its liveness fails: kubelet restarts it. */
function listRestart(world: World, i: number, { keepsId }: ModelOptions): Step[] {
  const one = world.containers[i];
  if (one === undefined || !isSuperseded(one)) return [];
  return [
    [`${i} is restarted`, { ...world, containers: replaceContainer(world, i, startAnew(one, keepsId)) }],
  ];
}
