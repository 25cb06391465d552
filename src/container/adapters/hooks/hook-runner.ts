import type { Environment } from '../../../contract/environment.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { HookRecord } from './hook-record.ts';
import { findHookFile } from '../../../adapters/process/safe-executable.ts';
import type { HookEnd } from './judge-hook.ts';
import type { HookProcess } from './hook-process.ts';
import { startHook } from './start-hook.ts';
import { Semaphore } from './semaphore.ts';

/** The longest wait for a free slot: by then every hook before it has reached its limit, or the limits are too long. */
const MAX_WAIT_MS = 60_000;
const ENDING = 'not run: the agent is ending';

export interface HookRunnerOptions {
  readonly atOnce: number;
  readonly env: Environment;
  readonly clock: Clock;
  /** Where what runs is noted; left out where no agent comes after this one. */
  readonly record?: Pick<HookRecord, 'add'>;
  /** Defaults to `startHook`. */
  readonly start?: typeof startHook;
}

/** Runs hooks in parallel, at most `atOnce` of them, and kills those that run when it is stopped. */
export class HookRunner {
  readonly #semaphore: Semaphore;
  readonly #env: Environment;
  readonly #start: typeof startHook;
  readonly #record: Pick<HookRecord, 'add'> | undefined;
  readonly #running = new Set<HookProcess>();
  #isStopped = false;

  constructor({ atOnce, env, clock, record, start = startHook }: HookRunnerOptions) {
    this.#semaphore = new Semaphore(atOnce, MAX_WAIT_MS, clock);
    // A Redis URL may hold a password, and no hook needs it.
    const { CTRKIT_REDIS: _secret, ...rest } = env;
    this.#env = rest;
    this.#start = start;
    this.#record = record;
  }

  /**
   * One run of the hook at `path`, within `limitMs` of its turn and a second. `onGone` is called when its process is no
   * more, which is later than the end of the run only for one that can't be killed.
   */
  async run(
    path: string,
    { name, limitMs }: { name: string; limitMs: number },
    onGone: () => void,
  ): Promise<HookEnd> {
    if (!(await this.#semaphore.acquire())) {
      onGone();
      return { how: 'unknown', why: this.#isStopped ? ENDING : 'not run: other hooks took too long' };
    }
    try {
      const started = await this.#startHook(path, name, limitMs);
      if ('how' in started) {
        onGone();
        return started;
      }
      this.#running.add(started);
      void started.gone.then(onGone);
      const end = await started.end;
      this.#running.delete(started);
      // No hook is started any more, so none can run twice.
      if (this.#isStopped) onGone();
      return end;
    } finally {
      this.#semaphore.release();
    }
  }

  async #startHook(path: string, name: string, limitMs: number): Promise<HookProcess | HookEnd> {
    const file = findHookFile(path);
    if ('isGone' in file) return { how: 'unknown', why: 'not run: it has been deleted' };
    if ('problem' in file) return { how: 'unrunnable', why: file.problem };
    const env = { ...this.#env, CTRKIT_CHECK: name };
    const started = await this.#start(file.path, env, limitMs, this.#record);
    if (this.#isStopped && !('how' in started)) started.stop(ENDING);
    return started;
  }

  /** Kills all running hooks. The result of every waiting or later run is unknown. */
  stop(): void {
    this.#isStopped = true;
    this.#semaphore.close();
    for (const hook of this.#running) hook.stop(ENDING);
  }
}
