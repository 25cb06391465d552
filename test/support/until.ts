import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what any condition takes, also on a machine that has other things to do. */
const DEADLINE_MS = 180_000;
/** What is only a few turns of the event loop away is found without a timer. */
const TURNS = 20;

export interface UntilOptions {
  readonly deadlineMs?: number;
  /** How often the condition is asked for. */
  readonly everyMs?: number;
  /** An error of `find` means "not yet"; otherwise it ends the wait at once. */
  readonly retriesErrors?: boolean;
  /** More lines for the error's message: a container's log, say. */
  readonly describe?: () => string | Promise<string>;
}

/**
 * What `find` returns, as soon as it is neither false nor undefined. Rejects, naming `what`, at the deadline; `what` may be
 * a function, for what is only known then: what a program has said so far.
 */
export async function until<T>(
  what: string | (() => string),
  find: () => T | false | undefined | Promise<T | false | undefined>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const { deadlineMs = DEADLINE_MS, everyMs = 10, retriesErrors = false, describe } = options;
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  for (let looks = 0; ; looks += 1) {
    try {
      const found = await find();
      if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
      last = found;
    } catch (error) {
      if (!retriesErrors) throw error;
      last = error;
    }
    if (performance.now() > deadline) break;
    await (looks < TURNS && everyMs <= 10 ? turn() : sleep(everyMs));
  }
  const lines = [
    `waited ${deadlineMs} ms in vain: ${typeof what === 'string' ? what : what()} (last answer: ${String(last)})`,
  ];
  if (describe !== undefined) lines.push(await describe());
  throw new Error(lines.join('\n'), { cause: last });
}
