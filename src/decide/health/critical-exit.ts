/** What follows when a critical process has ended: the job of SONiC's supervisor-proc-exit-listener. */

import { toOneLine } from '../../text/printable.ts';

/** A critical process has ended, and supervisord had not started it again when it was last asked. */
export interface CriticalEnd {
  readonly process: string;
  readonly group: string;
  readonly state: 'EXITED' | 'FATAL';
  /** -1 after a signal; undefined where it is FATAL, or supervisord could not be asked. */
  readonly exitStatus: number | undefined;
  /** By the program's `exitcodes`; a FATAL end is never. */
  readonly isExpected: boolean;
  /** One line for people: who, and how. */
  readonly text: string;
}

export interface CriticalExitPolicy {
  /** CONFIG_DB; undefined as long as the database has not told. */
  readonly autoRestart: string | undefined;
  /** CTRKIT_CRITICAL_EXIT: `report` leaves it to the shipped listener. */
  readonly mode: 'end' | 'report';
}

export interface CriticalExitDecision {
  /** `end`: supervisord, and the container with it. */
  readonly kind: 'end' | 'report';
  readonly reason: string;
}

/** The shipped listener takes `always_enabled` for off, and says nothing of an expected exit (D14). */
const RESTARTING = new Set(['enabled', 'always_enabled']);

export function decideCriticalExit(
  { text, isExpected }: CriticalEnd,
  { autoRestart, mode }: CriticalExitPolicy,
): CriticalExitDecision {
  const makeReport = (why: string): CriticalExitDecision => ({
    kind: 'report',
    reason: `critical process ${text}: ${why}`,
  });
  if (isExpected) return makeReport('as expected, and nothing starts it again');
  if (mode === 'report') return makeReport('left to another exit listener, by CTRKIT_CRITICAL_EXIT');
  if (autoRestart === undefined)
    return makeReport('the container is not ended, as auto_restart is not known yet');
  if (RESTARTING.has(autoRestart.toLowerCase())) return { kind: 'end', reason: `critical process ${text}` };
  return makeReport(`the container is not ended, as auto_restart is ${toOneLine(autoRestart, 40)}`);
}
