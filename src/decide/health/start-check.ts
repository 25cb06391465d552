import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessStatus } from '../../contract/health/process.ts';
import { describeExit } from './process-text.ts';

/**
 * The program that starts the feature has to have ended, with 0 (sonic.md, "Readiness probe"; the shipped probe takes
 * any status, and no program too). `process` is undefined where supervisord knows none of that name.
 */
export function judgeStart(program: string, process: ProcessStatus | undefined): CheckOutcome {
  if (process === undefined) {
    return failStart(
      `supervisord knows no program "${program}": name the one that starts the feature as startProgram in /etc/ctrkit/checks.toml`,
      // The image's mistake: no other start would find one.
      { isOfStart: false },
    );
  }
  const { statename, exitstatus } = process;
  if (statename === 'EXITED' && exitstatus === 0) return { result: 'ok', message: '' };
  if (statename === 'EXITED') return failStart(`${program} ${describeExit(exitstatus)}`, { isFinal: true });
  if (statename === 'FATAL') return failStart(`${program} is FATAL: ${process.spawnerr}`, { isFinal: true });
  return failStart(`${program} has not finished: it is ${statename}`);
}

/** A restart is for the startup probe to ask for, when its patience ends. */
const failStart = (
  message: string,
  options: { readonly isFinal?: true; readonly isOfStart?: false } = {},
): CheckOutcome => ({
  result: 'failing',
  message,
  exitCode: PROBE_EXIT.notStarted,
  isMendedByRestart: false,
  isOfStart: true,
  ...options,
});
