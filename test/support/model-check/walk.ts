/** The walk over every state that can be reached, breadth first: what it finds first is the shortest way there. */
import { encodeWorld } from './canonical.ts';
import { BusyGraph } from './busy-graph.ts';
import type { Rules } from './rules.ts';
import { Recovery } from './recovery.ts';
import { listSteps } from './steps.ts';
import { createWorld, type ModelOptions, type World } from './world.ts';

export interface WalkResult {
  readonly states: number;
  /** Steps on the longest of the shortest ways. */
  readonly depth: number;
  /** No state is left that was not looked at. */
  readonly isComplete: boolean;
  /** The law that is broken, and the steps that lead there; undefined if none is. */
  readonly violation: { readonly law: string; readonly steps: readonly string[] } | undefined;
  /** Intervals until one runs, at the most, from any state in which everybody gets well, whatever the order of steps then. */
  readonly slowestRecovery: number;
  /** States of that kind that were looked at. */
  readonly wellStates: number;
  /** Between two ticks of the clock nobody who is not killed or stopped writes more: all of them together. */
  readonly mostWrites: number;
}

export interface WalkLimits {
  readonly maxStates: number;
  /** Only laws whose text this fits are judged: a fault may break several. */
  readonly law?: RegExp;
  /** Steps to take first, by name: the walk begins in the state after them. */
  readonly prefix?: readonly string[];
}

interface Found {
  readonly parent: number;
  readonly step: string;
}

interface Reached {
  readonly world: World;
  readonly index: number;
}

type Violation = NonNullable<WalkResult['violation']>;

function takeSteps(options: ModelOptions, rules: Rules, names: readonly string[]): World {
  let world = createWorld(options);
  for (const name of names) {
    const step = listSteps(world, options, rules).find(([known]) => known === name);
    if (step === undefined) throw new Error(`no step "${name}" here`);
    world = step[1];
  }
  return world;
}

class Walk {
  readonly #options: ModelOptions;
  readonly #rules: Rules;
  readonly #limits: WalkLimits;
  readonly #seen = new Map<string, number>();
  readonly #found: Found[] = [];
  readonly #busy = new BusyGraph();
  readonly #recovery: Recovery;
  #checkAt = 1_000;

  constructor(options: ModelOptions, rules: Rules, limits: WalkLimits) {
    this.#options = options;
    this.#rules = rules;
    this.#limits = limits;
    this.#recovery = new Recovery(options, rules);
  }

  run(): WalkResult {
    const world = takeSteps(this.#options, this.#rules, this.#limits.prefix ?? []);
    let level: Reached[] = [];
    this.#reach(world, -1, '', level);
    for (let depth = 0; ; depth++) {
      const next: Reached[] = [];
      const broken = this.#takeLevel(level, next) ?? this.#findLivelock(next.length === 0);
      const isFull = this.#found.length > this.#limits.maxStates;
      if (broken !== undefined || isFull || next.length === 0)
        return this.#describe(depth, broken, !isFull && broken === undefined);
      level = next;
    }
  }

  /** The states after those of `level` go to `next`, as far as they are new. */
  #takeLevel(level: readonly Reached[], next: Reached[]): Violation | undefined {
    for (const { world, index } of level) {
      const deadEnd = this.#recovery.findDeadEnd(world);
      if (this.#isJudged(deadEnd)) return this.#blame(deadEnd, index, 'all is well');
      for (const [step, after] of listSteps(world, this.#options, this.#rules)) {
        if (this.#isJudged(after.violation)) return this.#blame(after.violation, index, step);
        this.#busy.add(index, this.#reach(after, index, step, next), step);
      }
      if (this.#found.length > this.#limits.maxStates) return undefined;
    }
    return undefined;
  }

  /** Returns the number of the state. */
  #reach(world: World, parent: number, step: string, next: Reached[]): number {
    const key = encodeWorld(world);
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const index = this.#found.length;
    this.#seen.set(key, index);
    this.#found.push({ parent, step });
    next.push({ world, index });
    return index;
  }

  #isJudged(law: string | undefined): law is string {
    return law !== undefined && this.#limits.law?.test(law) !== false;
  }

  #blame(law: string, index: number, last: string): Violation {
    return { law, steps: [...traceBack(this.#found, index), last] };
  }

  /** It takes as long as all that was found: looked for whenever that has doubled, and in the end. */
  #findLivelock(isEnd: boolean): Violation | undefined {
    if (!isEnd && this.#found.length < this.#checkAt) return undefined;
    this.#checkAt = 2 * this.#found.length;
    const cycle = this.#busy.findCycle(this.#found.length);
    if (cycle === undefined) return undefined;
    const law = `a livelock: ${cycle.steps.join(', ')}, again and again`;
    return this.#isJudged(law) ? { law, steps: traceBack(this.#found, cycle.state) } : undefined;
  }

  #describe(depth: number, violation: Violation | undefined, isComplete: boolean): WalkResult {
    return {
      states: this.#found.length,
      depth,
      isComplete,
      violation,
      slowestRecovery: this.#recovery.slowest,
      wellStates: this.#recovery.states,
      mostWrites: this.#busy.mostWrites,
    };
  }
}

/** Throws Error for a prefix whose steps can't be taken. */
export const walk = (options: ModelOptions, rules: Rules, limits: WalkLimits): WalkResult =>
  new Walk(options, rules, limits).run();

function traceBack(found: readonly Found[], index: number): string[] {
  const steps: string[] = [];
  for (let i = index; i > 0;) {
    const { parent, step } = found[i] ?? { parent: 0, step: '' };
    steps.unshift(step);
    i = parent;
  }
  return steps;
}
