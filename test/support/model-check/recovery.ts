/**
 * Whether one runs, some time after everything and everybody is well, whatever the order of what they do: a state from which
 * they can go on for ever without that is a dead end.
 */
import { encodeWorld } from './canonical.ts';
import type { Rules } from './rules.ts';
import { passTime, type Step } from './steps.ts';
import { isServed, listWellSteps, mend, toWell } from './well-steps.ts';
import type { ModelOptions, World } from './world.ts';

const TIME = 'time passes';

interface NamedStep {
  readonly step: string;
  readonly world: World;
  readonly key: string;
}

/** A state on the way that is looked at, and what is left to look at of it. */
interface Frame {
  readonly key: string;
  readonly steps: NamedStep[];
  /** Of the step that is looked at. */
  step: string;
  ticks: number;
}

export class Recovery {
  readonly #options: ModelOptions;
  readonly #rules: Rules;
  /** Intervals until one runs, at the most; undefined for a state on the way that is looked at. */
  readonly #known = new Map<string, number | undefined>();
  slowest = 0;

  constructor(options: ModelOptions, rules: Rules) {
    this.#options = toWell(options);
    this.#rules = rules;
  }

  get states(): number {
    return this.#known.size;
  }

  /** What is wrong, for people; undefined if one runs in the end. */
  findDeadEnd(world: World): string | undefined {
    const start = mend(world);
    if (isServed(start)) return undefined;
    const key = this.#encode(start);
    if (this.#known.has(key)) return undefined;
    const frames = [this.#open(key, start)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const step = frame.steps.pop();
      if (step === undefined) {
        this.#close(frame, frames.at(-2));
        frames.pop();
      } else {
        const next = this.#follow(frame, step);
        if (next === 'cycle') return this.#describeCycle(frames, step);
        if (next !== undefined) frames.push(next);
      }
    }
    return undefined;
  }

  #encode(world: World): string {
    return encodeWorld(world, { isPatienceExact: true });
  }

  #open(key: string, world: World): Frame {
    this.#known.set(key, undefined);
    return { key, steps: this.#listSteps(key, world), step: '', ticks: 0 };
  }

  /** They act at once on what changes: time passes where nothing else does. */
  #listSteps(key: string, world: World): NamedStep[] {
    const name = ([step, next]: Step): NamedStep => ({ step, world: next, key: this.#encode(next) });
    const own = listWellSteps(world, this.#options, this.#rules).map(name);
    const changes = own.filter((after) => after.key !== key);
    return changes.length > 0 ? changes : [name([TIME, passTime(world, this.#options)])];
  }

  /** The state after the step, if it has to be looked at. */
  #follow(frame: Frame, { step, world, key }: NamedStep): Frame | 'cycle' | undefined {
    frame.step = step;
    if (isServed(world)) return this.#count(frame, 0);
    if (!this.#known.has(key)) return this.#open(key, world);
    const ticks = this.#known.get(key);
    return ticks === undefined ? 'cycle' : this.#count(frame, ticks);
  }

  #count(frame: Frame, ticks: number): undefined {
    frame.ticks = Math.max(frame.ticks, ticks + (frame.step === TIME ? 1 : 0));
  }

  #close({ key, ticks }: Frame, before: Frame | undefined): void {
    this.#known.set(key, ticks);
    this.slowest = Math.max(this.slowest, ticks);
    if (before !== undefined) this.#count(before, ticks);
  }

  #describeCycle(frames: readonly Frame[], { key: again }: NamedStep): string {
    const from = frames.findIndex(({ key }) => key === again);
    const names = (part: readonly Frame[]): string => part.map(({ step }) => step).join(', ');
    return `nobody runs, for ever: ${names(frames.slice(0, from))}; and then again and again: ${names(frames.slice(from))}`;
  }
}
