import type { Clock } from '../../../ports/clock.ts';
import { listDescendants } from '../proc/process-tree.ts';
import { isStillRunning, readProcessStat } from '../proc/process-stat.ts';
import { readIfExists, writeAtomically } from './files.ts';

const COMMAND_FILE = 'command.json';
/** For each of both signals. */
const LIMIT_MS = 5_000;
const POLL_MS = 50;

/** A process: a pid counts with its start time only. */
type Entry = readonly [pid: number, startTicks: number];

/** The application of `ctrkit_agent run`, for the next one in this start of the container: one that is killed leaves it running. */
export interface CommandRecord {
  /** Never throws: what can't be recorded runs all the same. */
  readonly record: (pid: number) => void;
  /**
   * Ends what a run that was killed has left, by SIGTERM, and after 5 s with all that is below it by SIGKILL. `none` where there is
   * nothing left; `running` where it has not ended 5 s after that. Never throws.
   */
  readonly endLeft: () => Promise<'none' | 'ended' | 'running'>;
}

/** The file `command.json` in `folder`; one of another `containerStart` is of an earlier start of the container. */
export function createCommandRecord(
  folder: string,
  containerStart: string,
  clock: Pick<Clock, 'bootMs' | 'sleep'>,
): CommandRecord {
  return {
    record(pid) {
      const startTicks = readProcessStat(pid)?.startTicks;
      const text = JSON.stringify({ container_start: containerStart, pid, start_ticks: startTicks });
      try {
        writeAtomically(folder, COMMAND_FILE, `${text}\n`, 0o644);
      } catch {
        // Whoever writes the line of the probe says what is wrong with the folder.
      }
    },
    async endLeft() {
      const command = readLeft(`${folder}/${COMMAND_FILE}`, containerStart);
      if (command === undefined) return 'none';
      // As they are before the first of them ends: an orphan is below another process.
      const all = [command, ...listDescendants(command[0]).flatMap(readEntry)];
      signal([command], 'SIGTERM');
      if (await waitForEnd(all, clock)) return 'ended';
      signal([...all, ...listDescendants(command[0]).flatMap(readEntry)], 'SIGKILL');
      return (await waitForEnd(all, clock)) ? 'ended' : 'running';
    },
  };
}

function readLeft(path: string, containerStart: string): Entry | undefined {
  try {
    const found = JSON.parse(readIfExists(path)) as Readonly<Record<string, unknown>>;
    const [pid, startTicks] = [found['pid'], found['start_ticks']];
    const isEntry = Number.isSafeInteger(pid) && Number(pid) > 1 && Number.isSafeInteger(startTicks);
    if (found['container_start'] !== containerStart || !isEntry) return undefined;
    return isStillRunning(Number(pid), Number(startTicks)) ? [Number(pid), Number(startTicks)] : undefined;
  } catch {
    return undefined;
  }
}

const readEntry = (pid: number): Entry[] => {
  const stat = readProcessStat(pid);
  return stat === undefined ? [] : [[pid, stat.startTicks]];
};

function signal(entries: readonly Entry[], name: NodeJS.Signals): void {
  for (const [pid, startTicks] of entries) {
    if (!isStillRunning(pid, startTicks)) continue;
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile, or is another user's: then it is found to run.
    }
  }
}

/** False where one of them still runs when the time is over. */
async function waitForEnd(
  entries: readonly Entry[],
  { bootMs, sleep }: Pick<Clock, 'bootMs' | 'sleep'>,
): Promise<boolean> {
  const untilMs = bootMs() + LIMIT_MS;
  while (entries.some(([pid, startTicks]) => isStillRunning(pid, startTicks))) {
    if (bootMs() >= untilMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
