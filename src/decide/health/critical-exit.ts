/** Decides what follows the end of a critical process. In SONiC this is the job of supervisor-proc-exit-listener. */

import { toOneLine } from '../../text/printable.ts';

/** A critical process has ended, and supervisord had not started it again when it was last asked. */
export interface CriticalEnd {
  readonly process: string;
  readonly group: string;
  readonly state: 'EXITED' | 'FATAL';
  /** -1 after a signal; undefined if the state is FATAL, or if supervisord could not be asked. */
  readonly exitStatus: number | undefined;
  /** Whether the program's `exitcodes` list the exit status; false for a FATAL end. */
  readonly isExpected: boolean;
  /** One line for people: which process has ended, and how. */
  readonly text: string;
}

export interface CriticalExitPolicy {
  /** From CONFIG_DB; undefined until it has been read. */
  readonly autoRestart: string | undefined;
  /** A warm or fast reboot is under way. */
  readonly isRebooting: boolean;
  /** CTRKIT_CRITICAL_EXIT; `report` leaves the end of the container to the shipped listener. */
  readonly mode: 'end' | 'report';
}

export interface CriticalExitDecision {
  /** `end` ends supervisord, and the container with it. */
  readonly kind: 'end' | 'report';
  readonly reason: string;
}

/** The shipped listener treats `always_enabled` as off, and ignores an expected exit (D14). */
const RESTARTING = new Set(['enabled', 'always_enabled']);

export function decideCriticalExit(
  { text, isExpected }: CriticalEnd,
  { autoRestart, isRebooting, mode }: CriticalExitPolicy,
): CriticalExitDecision {
  const makeReport = (why: string): CriticalExitDecision => ({
    kind: 'report',
    reason: `critical process ${text}: ${why}`,
  });
  if (isExpected) return makeReport('as expected, and nothing starts it again');
  if (mode === 'report') return makeReport('left to another exit listener, by CTRKIT_CRITICAL_EXIT');
  if (isRebooting) return makeReport('the container is not ended, as a warm or fast reboot is under way');
  if (autoRestart === undefined)
    return makeReport('the container is not ended, as auto_restart is not known yet');
  if (RESTARTING.has(autoRestart.toLowerCase())) return { kind: 'end', reason: `critical process ${text}` };
  return makeReport(`the container is not ended, as auto_restart is ${toOneLine(autoRestart, 40)}`);
}
