/** Whether one runs, some time after everything and everybody is well: a state without that is a dead end. */
import { beat, record } from './agent-steps.ts';
import { encodeWorld, PATIENCE } from './canonical.ts';
import { decide, write } from './gate-steps.ts';
import { putStatus } from './model-rows.ts';
import type { Rules } from './rules.ts';
import { passTime } from './steps.ts';
import { replaceContainer, startAnew, type ModelContainer, type ModelOptions, type World } from './world.ts';

/** A lease, the patience with who never claims, another lease, and some intervals for hand-shakes. */
const MOST_INTERVALS = PATIENCE + 12;

export class Recovery {
  readonly #options: ModelOptions;
  readonly #rules: Rules;
  /** Intervals until one runs, by state after everybody got well. */
  readonly #known = new Map<string, number>();
  slowest = 0;

  constructor(options: ModelOptions, rules: Rules) {
    this.#options = options;
    this.#rules = rules;
  }

  /** What is wrong, for people; undefined if one runs in time. */
  findDeadEnd(world: World): string | undefined {
    let now = this.#mend(world);
    const way: string[] = [];
    for (let intervals = 0; intervals <= MOST_INTERVALS; intervals++) {
      const key = encodeWorld(now);
      const left = isServed(now) ? 0 : this.#known.get(key);
      if (left !== undefined) {
        way.forEach((passed, i) => this.#known.set(passed, left + way.length - i));
        this.#known.set(key, left);
        this.slowest = Math.max(this.slowest, left + way.length);
        return undefined;
      }
      way.push(key);
      now = this.#passInterval(now);
    }
    return `nobody runs within ${MOST_INTERVALS} intervals`;
  }

  /** Nothing is wrong from now on: the outage is over, who is frozen thaws. */
  #mend(world: World): World {
    const mend = (one: ModelContainer): ModelContainer => ({ ...one, isFrozen: false, frozenTicks: 0 });
    const rows = world.isForeignRunning
      ? putStatus(world.rows, { current_owner: 'none', container_id: '' })
      : world.rows;
    return {
      ...world,
      rows,
      outage: 'none',
      isForeignRunning: false,
      containers: world.containers.map(mend),
    };
  }

  /** Everybody does all that is to be done in an interval; kubelet restarts who is superseded. */
  #passInterval(before: World): World {
    let world = before;
    const rules = this.#rules;
    for (const i of world.containers.keys()) {
      world = record(world, i, rules);
      world = record(beat(world, i, rules), i, rules);
      world = write(decide(write(world, i, rules, false), i, rules), i, rules, false);
      world = restartSuperseded(world, i, this.#options);
      world = answer(world);
      world = write(decide(world, i, rules), i, rules, false);
    }
    return passTime(world, this.#options);
  }
}

function answer(world: World): World {
  const isAsked = world.isHostAnswering || world.rows.status['remote_state'] === 'pending';
  if (!isAsked) return world;
  return { ...world, isHostAnswering: false, rows: putStatus(world.rows, { remote_state: 'ready' }) };
}

function restartSuperseded(world: World, i: number, { keepsId }: ModelOptions): World {
  const one = world.containers[i];
  if (one?.phase.kind !== 'running' || !one.phase.isSuperseded) return world;
  return { ...world, containers: replaceContainer(world, i, startAnew(one, keepsId)) };
}

/** One runs, and is on record: it can be renewed. */
const isServed = ({ containers, rows }: World): boolean =>
  containers.some(
    ({ phase, token }) =>
      phase.kind === 'running' && !phase.isSuperseded && rows.status['claim_token'] === token,
  );
