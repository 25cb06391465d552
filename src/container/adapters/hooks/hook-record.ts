import { readdirSync, readFileSync } from 'node:fs';
import { isStillRunning, readProcessStat } from '../proc/process-stat.ts';
import { readIfExists, writeAtomically } from '../run-folder/files.ts';

const HOOKS_FILE = 'hooks.json';
/** In the environment of every hook, and so of what it starts. */
const MARK = 'CTRKIT_CHECK=';

/** A process as the file has it: its id, when it started, and whether it leads a process group of its own. */
type Entry = readonly [pid: number, startTicks: number, isGroup: boolean];

/** What runs of this agent's hooks, for the next agent: one that is killed takes none of them along. */
export interface HookRecord {
  /** Records a hook, the leader of its process group, or the reader of its output. Never throws. */
  readonly add: (pid: number, isGroup: boolean) => void;
  /** Kills what an agent of this start that has ended has left. Returns how many hooks and readers. Never throws. */
  readonly endLeft: () => number;
}

/** The file `hooks.json` in `folder`. It never names a foreign process: a pid counts with its start time only. */
export function createHookRecord(folder: string, containerStart: string): HookRecord {
  let running: readonly Entry[] = [];
  return {
    add(pid, isGroup) {
      const startTicks = readProcessStat(pid)?.startTicks;
      if (startTicks === undefined) return;
      running = [...running.filter(([id, ticks]) => isStillRunning(id, ticks)), [pid, startTicks, isGroup]];
      const agent = [process.pid, readProcessStat('self')?.startTicks ?? 0];
      try {
        writeAtomically(folder, HOOKS_FILE, JSON.stringify({ containerStart, agent, running }), 0o600);
      } catch {
        // Whoever writes the line of the probe says what is wrong with the folder.
      }
    },
    endLeft: () => readLeft(`${folder}/${HOOKS_FILE}`, containerStart).filter(endEntry).length,
  };
}

function readLeft(path: string, containerStart: string): readonly Entry[] {
  try {
    const record = JSON.parse(readIfExists(path)) as Readonly<Record<string, unknown>>;
    const [pid, startTicks] = record['agent'] as readonly unknown[];
    const isLeft =
      record['containerStart'] === containerStart && !isStillRunning(Number(pid), Number(startTicks));
    return isLeft ? (record['running'] as readonly unknown[]).filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && Number.isSafeInteger(entry[0]) && entry[0] > 1 && Number.isSafeInteger(entry[1]);

function endEntry([pid, startTicks, isGroup]: Entry): boolean {
  const stat = readProcessStat(pid);
  if (stat?.startTicks === startTicks) return kill(isGroup ? -pid : pid);
  // Another process by now. Where there is none, the group may have outlived its leader.
  return stat === undefined && isGroup && listMembers(pid).filter((member) => kill(member)).length > 0;
}

/** The members of a group that are a hook's: the id could be that of another group which has lost its leader too. */
function listMembers(group: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number)
      .filter((pid) => isMember(pid, group));
  } catch {
    return [];
  }
}

function isMember(pid: number, group: number): boolean {
  try {
    if (readProcessStat(pid)?.groupId !== group) return false;
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return variables.some((variable) => variable.startsWith(MARK));
  } catch {
    return false;
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
