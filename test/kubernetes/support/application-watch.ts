/** Looks from outside, at the machine's processes, how many applications of a feature run at one instant. */
import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 50;

export interface ApplicationWatch {
  /** How often it has looked. */
  readonly looks: number;
  /** The most that ran at one instant. */
  readonly most: number;
  /** The longest time, in milliseconds, in which none ran; the beginning does not count before there was one. */
  readonly longestGapMs: number;
  stop(): void;
}

/** Watches the programs whose command line holds both words, until `stop`. */
export function watchApplications(program: string, word: string): ApplicationWatch {
  let looks = 0;
  let most = 0;
  let longestGapMs = 0;
  let lastSeenMs: number | undefined;
  const timer = setInterval(() => {
    const count = listProcesses(program, word).length;
    const nowMs = performance.now();
    looks += 1;
    most = Math.max(most, count);
    if (lastSeenMs !== undefined) longestGapMs = Math.max(longestGapMs, nowMs - lastSeenMs);
    if (count > 0) lastSeenMs = nowMs;
  }, EVERY_MS);
  return {
    get looks() {
      return looks;
    },
    get most() {
      return most;
    },
    get longestGapMs() {
      return Math.round(longestGapMs);
    },
    stop: () => clearInterval(timer),
  };
}

/** The process ids of the programs whose command line holds both words. A zombie has no command line, so it does not count. */
export const listProcesses = (program: string, word: string): string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [file = '', ...args] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return file === program && args.includes(word);
    } catch {
      return false;
    }
  });
