/** Whether the processes that promise heartbeats send them (SONiC's watchdog_processes). All times are of the boot clock. */
import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessIntervals } from '../../contract/feature/feature-policy.ts';
import { formatProcessKey, type ProcessStatus } from '../../contract/health/process.ts';
import { formatProcessName } from './process-text.ts';

/** What is known of one process's heartbeats. A process with another pid gets a new record. */
export interface BeatRecord {
  readonly pid: number;
  /** Time of the last beat; before the first beat, the time from which the process is known to run. */
  readonly fromMs: number;
  readonly hasBeaten: boolean;
}

/** Keyed by `group:name`. */
export type BeatRecords = ReadonlyMap<string, BeatRecord>;

/** A beat is late after 1.5 intervals: it passes through two processes on its way, which may delay it. */
const SLACK = 1.5;

/** Returns the records of the processes that run now. A process that does not run loses its record. */
export function observeProcesses(
  records: BeatRecords,
  processes: readonly ProcessStatus[],
  nowMs: number,
): BeatRecords {
  const running = processes.filter(({ statename }) => statename === 'RUNNING' || statename === 'STARTING');
  return new Map(
    running.map((process) => {
      const before = records.get(formatProcessKey(process));
      const isSame = before?.pid === process.pid;
      return [
        formatProcessKey(process),
        isSame ? before : { pid: process.pid, fromMs: nowMs, hasBeaten: false },
      ];
    }),
  );
}

/** All ages begin now. For an agent that was paused: beats of that time may still be on their way. */
export const restartAges = (records: BeatRecords, nowMs: number): BeatRecords =>
  new Map([...records].map(([key, record]) => [key, { ...record, fromMs: nowMs }]));

interface BeatTimes {
  readonly nowMs: number;
  /**
   * When supervisord last answered before this run. A beat since then may still be on its way, so silence counts up to
   * this moment only.
   */
  readonly heardUntilMs: number;
}

interface HeartbeatInput extends BeatTimes {
  readonly intervalsOf: (process: string) => ProcessIntervals;
}

/** `processes` are those that promise to beat. One without a record, or that does not run, is not judged. */
export function judgeProcessHeartbeats(
  processes: readonly ProcessStatus[],
  records: BeatRecords,
  { nowMs, heardUntilMs, intervalsOf }: HeartbeatInput,
): CheckOutcome {
  const verdicts = processes
    .filter(({ statename }) => statename === 'RUNNING')
    .flatMap((process) => {
      const record = records.get(formatProcessKey(process));
      return record === undefined
        ? []
        : [judgeBeat(process, record, { ...intervalsOf(process.name), nowMs, heardUntilMs })];
    });
  const overdue = verdicts.filter(({ kind }) => kind === 'dead' || kind === 'never');
  if (overdue.length > 0) {
    return {
      result: 'failing',
      message: overdue.map(({ text }) => text).join(', '),
      exitCode: PROBE_EXIT.processDown,
      isMendedByRestart: overdue.some(({ kind }) => kind === 'dead'),
    };
  }
  return { result: 'ok', message: verdicts.flatMap(({ text }) => text || []).join(', ') };
}

interface BeatVerdict {
  readonly kind: 'beating' | 'late' | 'dead' | 'never';
  readonly text: string;
}

function judgeBeat(
  process: ProcessStatus,
  { fromMs, hasBeaten }: BeatRecord,
  { nowMs, heardUntilMs, heartbeatIntervalMs, alertIntervalMs }: ProcessIntervals & BeatTimes,
): BeatVerdict {
  const title = formatProcessName(process);
  const ageMs = nowMs - fromMs;
  const seconds = Math.floor(ageMs / 1000);
  if (heardUntilMs - fromMs > Math.max(alertIntervalMs, heartbeatIntervalMs)) {
    return hasBeaten
      ? { kind: 'dead', text: `${title} has not beaten for ${seconds} s` }
      : {
          kind: 'never',
          text: `${title} has never beaten since it runs, ${seconds} s: does it emit heartbeats?`,
        };
  }
  if (hasBeaten && ageMs > heartbeatIntervalMs * SLACK) {
    return { kind: 'late', text: `${title} beats late: the last was ${seconds} s ago` };
  }
  return { kind: 'beating', text: '' };
}
