import type { CheckKind, CheckOutcome, CheckTiming } from '../../../contract/health/check.ts';
import type { Check } from '../../../ports/check.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { HookRunner } from './hook-runner.ts';
import { judgeHook } from './judge-hook.ts';

export interface HookCheckOptions {
  readonly name: string;
  readonly kind: CheckKind;
  /** Absolute. */
  readonly path: string;
  readonly timing: CheckTiming;
  readonly runner: Pick<HookRunner, 'run'>;
  readonly clock: Pick<Clock, 'bootMs'>;
}

/** A check that runs an executable. */
export class HookCheck implements Check {
  readonly name: string;
  readonly kind: CheckKind;
  readonly timing: CheckTiming;
  readonly #options: HookCheckOptions;
  /** Boot clock: since when a process of the hook may exist. */
  #busySinceMs: number | undefined;

  constructor(options: HookCheckOptions) {
    this.#options = options;
    this.name = options.name;
    this.kind = options.kind;
    this.timing = options.timing;
  }

  get isBusy(): boolean {
    return this.#busySinceMs !== undefined;
  }

  /** A hook that could not be killed is failing until its process is gone: a hook never has two processes. */
  async run(): Promise<CheckOutcome> {
    const { runner, clock, path } = this.#options;
    const nowMs = clock.bootMs();
    if (this.#busySinceMs !== undefined)
      return judgeHook({ how: 'unkillable', runningMs: nowMs - this.#busySinceMs });
    this.#busySinceMs = nowMs;
    const onGone = (): void => {
      this.#busySinceMs = undefined;
    };
    try {
      const order = { name: this.name, limitMs: this.timing.timeoutMs };
      return judgeHook(await runner.run(path, order, onGone));
    } catch (error) {
      onGone();
      return judgeHook({ how: 'unknown', why: `not run: ${(error as Error).message}` });
    }
  }
}
