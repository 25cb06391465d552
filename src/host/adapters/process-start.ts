import { readFileSync } from 'node:fs';

/** USER_HZ, the same on every Linux that SONiC runs on. */
const TICKS_PER_S = 100;

/**
 * When a process started, in clock ticks since boot; undefined for a process that has ended. Together with its number that
 * tells it from every other process, because numbers are used again.
 */
export function readStartTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): the second field is the name in brackets and may hold anything. Behind it come the state, and as field 22 of
    // all the start time.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(rest[18]);
    return state === 'Z' || state === 'X' || !Number.isSafeInteger(ticks) ? undefined : ticks;
  } catch {
    return undefined;
  }
}

/** The same in milliseconds of the boot clock, to 10 ms. */
export function readStartMs(pid: number): number | undefined {
  const ticks = readStartTicks(pid);
  return ticks === undefined ? undefined : Math.round((ticks * 1_000) / TICKS_PER_S);
}
