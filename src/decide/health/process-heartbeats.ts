/** Whether processes that promise to beat do so (SONiC's watchdog_processes), all on the boot clock. */
import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessIntervals } from '../../contract/feature/feature-policy.ts';
import { processKey, type ProcessStatus } from '../../contract/health/process.ts';
import { processTitle } from './process-text.ts';

/** Of one process; another pid starts anew. */
export interface BeatRecord {
  readonly pid: number;
  /** Its last beat; where there is none, since when it is known to run. */
  readonly fromMs: number;
  readonly hasBeaten: boolean;
}

/** By `group:name`. */
export type BeatRecords = ReadonlyMap<string, BeatRecord>;

/** A beat is late only beyond its interval and half of it: it goes through two processes on its way. */
const SLACK = 1.5;

/** Records of the processes that run now: others are not judged, and start anew. */
export function observeProcesses(
  records: BeatRecords,
  processes: readonly ProcessStatus[],
  nowMs: number,
): BeatRecords {
  const running = processes.filter(({ statename }) => statename === 'RUNNING' || statename === 'STARTING');
  return new Map(
    running.map((process) => {
      const before = records.get(processKey(process));
      const isSame = before?.pid === process.pid;
      return [processKey(process), isSame ? before : { pid: process.pid, fromMs: nowMs, hasBeaten: false }];
    }),
  );
}

/** What was said before may still be on its way: all ages begin now. */
export const startAgesAnew = (records: BeatRecords, nowMs: number): BeatRecords =>
  new Map([...records].map(([key, record]) => [key, { ...record, fromMs: nowMs }]));

interface Listening {
  readonly intervalsOf: (process: string) => ProcessIntervals;
  readonly nowMs: number;
  /** When supervisord answered last before this: what was said since may still be on its way, so silence ends there. */
  readonly heardUntilMs: number;
}

/** `processes` are those that promise to beat; who has no record, or does not run, is not judged. */
export function judgeProcessHeartbeats(
  processes: readonly ProcessStatus[],
  records: BeatRecords,
  by: Listening,
): CheckOutcome {
  const verdicts = processes
    .filter(({ statename }) => statename === 'RUNNING')
    .flatMap((process) => {
      const record = records.get(processKey(process));
      return record === undefined
        ? []
        : [judgeBeat(process, record, { ...by.intervalsOf(process.name), ...by })];
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
  { nowMs, heardUntilMs, heartbeatIntervalMs, alertIntervalMs }: ProcessIntervals & Listening,
): BeatVerdict {
  const title = processTitle(process);
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
