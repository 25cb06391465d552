import { readFileSync } from 'node:fs';

/** What is known of a process. */
export interface ProcessStat {
  /** What the kernel calls it: at most 15 bytes. */
  readonly comm: string;
  /** 0 where it has none, or none in this process namespace. */
  readonly parentPid: number;
  readonly groupId: number;
  /** By a signal, not by a debugger. */
  readonly isStopped: boolean;
  /** When it started: ticks since boot. With the pid it names a process until the next boot. */
  readonly startTicks: number;
  /** False for a process that has ended, and whose parent has not asked for its status yet. */
  readonly isRunning: boolean;
}

/** Reads proc(5) stat of a process; undefined if there is none, or it can't be read. */
export function readProcessStat(pid: number | 'self', proc = '/proc'): ProcessStat | undefined {
  try {
    const text = readFileSync(`${proc}/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, and may hold blanks and parentheses itself.
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const [state = 'X', parentPid, groupId] = fields;
    return {
      comm: text.slice(text.indexOf('(') + 1, end),
      parentPid: Number(parentPid),
      groupId: Number(groupId),
      isStopped: state === 'T',
      startTicks: Number(fields[19]),
      isRunning: !'ZXx'.includes(state),
    };
  } catch {
    return undefined;
  }
}

/** Whether the process that had this pid and start time still runs. */
export function isStillRunning(pid: number, startTicks: number): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.isRunning && stat.startTicks === startTicks;
}
