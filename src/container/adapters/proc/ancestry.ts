import { readProcessStat } from './process-stat.ts';

/** No chain of parents is longer; a reading of /proc is no snapshot. */
const MAX_LINKS = 1_000;

/**
 * Returns whether a process is `root`, or one that `root` or its children have started. False for one that was brought into the
 * container from outside, and for one that can't be read.
 */
export const createOwnProcessTest =
  (root: number, proc = '/proc') =>
  (pid: number): boolean => {
    let current = pid;
    for (let links = 0; links < MAX_LINKS && current > 0; links += 1) {
      if (current === root) return true;
      current = readProcessStat(current, proc)?.parentPid ?? 0;
    }
    return false;
  };
