import { openSync, readFileSync, readSync } from 'node:fs';
import { CtrkitError } from '../contract/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Milliseconds, 24 days: a longer one overflows a timer of Node.js, which then fires at once. */
export const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** `350735.47 234388.90`, with room for centuries. */
const uptime = Buffer.allocUnsafe(64);
let uptimeFile: number | undefined;
let bootId: string | undefined;

/** Throws CtrkitError('defect'), with what to do: without these files nothing of the kit can run. */
function openProc<T>(path: string, open: (path: string) => T): T {
  try {
    return open(path);
  } catch (error) {
    const text = `${path} can't be read: is /proc mounted here? "mount -t proc proc /proc" does it`;
    throw new CtrkitError('defect', `${text} (${(error as Error).message})`, { cause: error });
  }
}

function schedule(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(ms, LONGEST_WAIT_MS));
  return () => clearTimeout(timer);
}

// `node:timers/promises` is not used: the gate would load it for a wait that it seldom needs.
const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = schedule(ms, end);
    signal?.addEventListener('abort', end);
  });

/**
 * The kernel's own clocks. `process.hrtime` is CLOCK_MONOTONIC, which stands still in suspend; /proc/uptime is
 * CLOCK_BOOTTIME with a resolution of 10 ms, and any shell reads the same. It is asked often: opened each time it would
 * take six times as long, and 64 kB of garbage. Both throw CtrkitError('defect') where /proc is not mounted.
 */
export const systemClock: Clock = {
  bootId: () =>
    (bootId ??= openProc('/proc/sys/kernel/random/boot_id', (path) => readFileSync(path, 'utf8')).trim()),
  bootMs: () => {
    uptimeFile ??= openProc('/proc/uptime', (path) => openSync(path, 'r'));
    const length = readSync(uptimeFile, uptime, 0, uptime.length, 0);
    return Math.round(Number.parseFloat(uptime.toString('latin1', 0, length)) * 1000);
  },
  wallMs: () => Date.now(),
  sleep,
  schedule,
};
