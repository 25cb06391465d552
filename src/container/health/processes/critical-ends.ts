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
  /** A critical process has ended. Called once for each end, after supervisord was asked how it ended. */
  readonly onCriticalEnd: (end: CriticalEnd) => void;
  /** A critical process has exited unexpectedly, whether supervisord starts it again or not. */
  readonly onUnexpectedExit: () => void;
}

interface KeptEnd {
  readonly end: CriticalEnd;
  readonly isReported: boolean;
}

/** Keeps the critical processes that have ended and were not seen to run again. */
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
   * Any event of supervisord. The next `observeProcesses` or `reportAll` gives the end that it reports to the listener. An
   * expected exit is left to `observeProcesses`: it is an end only if nothing starts the process again.
   */
  applyEvent({ name, payload }: ProcessEvent): void {
    // supervisord stops all programs now: no end from here on is a failure.
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

  /** `processes`: the critical ones, as supervisord reported them after the last event. Finds ends whose event was lost. */
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
    // An end that an event reported counts, even if supervisord has started the process again since.
    for (const [key, kept] of before) if (!kept.isReported && !this.#kept.has(key)) this.#kept.set(key, kept);
    this.reportAll();
  }

  /** Gives the listener all ends that it does not know yet. Called directly when supervisord can't be asked. */
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
