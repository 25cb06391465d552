/** The walk over every state that can be reached, breadth first: what it finds first is the shortest way there. */
import { encodeWorld } from './canonical.ts';
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
  /** Intervals until one runs, at the most, from any state in which everybody gets well. */
  readonly slowestRecovery: number;
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

function takeSteps(options: ModelOptions, rules: Rules, names: readonly string[]): World {
  let world = createWorld(options);
  for (const name of names) {
    const step = listSteps(world, options, rules).find(([known]) => known === name);
    if (step === undefined) throw new Error(`no step "${name}" here`);
    world = step[1];
  }
  return world;
}

export function walk(
  options: ModelOptions,
  rules: Rules,
  { maxStates, law: wanted, prefix = [] }: WalkLimits,
): WalkResult {
  const start = takeSteps(options, rules, prefix);
  const seen = new Set([encodeWorld(start)]);
  const found: Found[] = [{ parent: -1, step: '' }];
  const recovery = new Recovery(options, rules);
  let level: { readonly world: World; readonly index: number }[] = [{ world: start, index: 0 }];
  let depth = 0;
  const isJudged = (law: string | undefined): law is string =>
    law !== undefined && wanted?.test(law) !== false;
  const end = (isComplete: boolean, broken?: { law: string; index: number; step: string }): WalkResult => ({
    states: found.length,
    depth,
    isComplete,
    slowestRecovery: recovery.slowest,
    violation:
      broken === undefined
        ? undefined
        : { law: broken.law, steps: traceBack(found, broken.index, broken.step) },
  });
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { world, index } of level) {
      const deadEnd = recovery.findDeadEnd(world);
      if (isJudged(deadEnd)) return end(false, { law: deadEnd, index, step: 'all is well' });
      for (const [step, after] of listSteps(world, options, rules)) {
        const law = after.violation;
        if (isJudged(law)) return end(false, { law, index, step });
        const key = encodeWorld(after);
        if (seen.has(key)) continue;
        if (found.length >= maxStates) return end(false);
        seen.add(key);
        found.push({ parent: index, step });
        next.push({ world: after, index: found.length - 1 });
      }
    }
    if (next.length > 0) depth += 1;
    level = next;
  }
  return end(true);
}

function traceBack(found: readonly Found[], index: number, last: string): string[] {
  const steps = [last];
  for (let i = index; i > 0;) {
    const { parent, step } = found[i] ?? { parent: 0, step: '' };
    steps.unshift(step);
    i = parent;
  }
  return steps;
}
