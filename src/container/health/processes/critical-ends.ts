import type { ProcessEntry } from '../../../contract/health/process-list.ts';
import {
  decodeEventProcess,
  formatProcessKey,
  type ProcessStatus,
} from '../../../contract/health/process.ts';
import type { CriticalEnd } from '../../../decide/health/critical-exit.ts';
import { isMeantBy } from '../../../decide/health/process-selection.ts';
import { describeDown, isExpectedExit, formatProcessName } from '../../../decide/health/process-text.ts';
import type { ProcessEvent } from '../../../ports/process-table.ts';

export interface CriticalEndListener {
  /** A critical process has ended. Called once an end, when supervisord has been asked how it ended. */
  readonly onCriticalEnd: (end: CriticalEnd) => void;
  /** An unexpected exit of a critical process, whether supervisord starts it again or not. */
  readonly onUnexpectedExit: () => void;
}

interface KeptEnd {
  readonly end: CriticalEnd;
  readonly isReported: boolean;
}

/** The critical processes that have ended and were not seen to run again. */
export class CriticalEnds {
  readonly #listCritical: () => readonly ProcessEntry[];
  readonly #listener: CriticalEndListener;
  #kept = new Map<string, KeptEnd>();
  #isStopping = false;

  constructor(listCritical: () => readonly ProcessEntry[], listener: CriticalEndListener) {
    this.#listCritical = listCritical;
    this.#listener = listener;
  }

  get list(): readonly CriticalEnd[] {
    return Array.from(this.#kept.values(), ({ end }) => end);
  }

  /**
   * Any event of supervisord. An end is told with the next `see` or `tellAll`, which knows how. An exit that was expected
   * is left to `see`: whether anything starts the process again is what matters about it.
   */
  applyEvent({ name, payload }: ProcessEvent): void {
    // supervisord gives up what it is retrying, and stops the rest.
    if (name === 'SUPERVISOR_STATE_CHANGE_STOPPING') this.#isStopping = true;
    const process = decodeEventProcess(payload);
    if (this.#isStopping || !this.#listCritical().some((entry) => isMeantBy(entry, process))) return;
    const isExit = name === 'PROCESS_STATE_EXITED' && !process.isExpected;
    if (isExit || name === 'PROCESS_STATE_BACKOFF') this.#listener.onUnexpectedExit();
    if (!isExit && name !== 'PROCESS_STATE_FATAL') return;
    const text = `${formatProcessName(process)} ${isExit ? 'exited unexpectedly' : 'is FATAL'}`;
    const end = {
      process: process.name,
      group: process.group,
      exitStatus: undefined,
      isExpected: false,
      text,
    };
    this.#kept.set(formatProcessKey(process), {
      end: { ...end, state: isExit ? 'EXITED' : 'FATAL' },
      isReported: false,
    });
  }

  /** How the critical processes are, asked after the last event: ends without their event are told too. */
  observeProcesses(processes: readonly ProcessStatus[]): void {
    if (this.#isStopping) return;
    const ended = processes.flatMap((process) => findEnd(process) ?? []);
    const before = this.#kept;
    this.#kept = new Map(
      ended.map((end) => {
        const key = formatProcessKey({ name: end.process, group: end.group });
        return [key, { end, isReported: before.get(key)?.isReported ?? false }];
      }),
    );
    // What an event has told counts, although supervisord was quick to start the process again.
    for (const [key, kept] of before) if (!kept.isReported && !this.#kept.has(key)) this.#kept.set(key, kept);
    this.reportAll();
  }

  /** Tells what has not been told: supervisord could not be asked. */
  reportAll(): void {
    for (const [key, { end, isReported }] of this.#kept) {
      if (isReported) continue;
      this.#kept.set(key, { end, isReported: true });
      this.#listener.onCriticalEnd(end);
    }
  }
}

function findEnd(process: ProcessStatus): CriticalEnd | undefined {
  const { name, group, statename, exitstatus } = process;
  if (statename !== 'EXITED' && statename !== 'FATAL') return undefined;
  const isExpected = statename === 'EXITED' && isExpectedExit(process);
  return {
    process: name,
    group,
    state: statename,
    exitStatus: statename === 'EXITED' ? exitstatus : undefined,
    isExpected,
    text: describeDown(process),
  };
}
