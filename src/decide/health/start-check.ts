import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessStatus } from '../../contract/health/process.ts';
import { describeExit } from './process-text.ts';

/**
 * Failing unless the program that starts the feature has ended with 0 (sonic.md, "Readiness probe"; the shipped probe
 * accepts any status, and a missing program). `process` is undefined if supervisord knows no program of that name.
 */
export function judgeStart(program: string, process: ProcessStatus | undefined): CheckOutcome {
  if (process === undefined) {
    return failStart(
      `supervisord knows no program "${program}": name the one that starts the feature as startProgram in /etc/ctrkit/checks.toml`,
      // A mistake of the image: no other start would find the program.
      { isOfStart: false },
    );
  }
  const { statename, exitstatus } = process;
  if (statename === 'EXITED' && exitstatus === 0) return { result: 'ok', message: '' };
  if (statename === 'EXITED') return failStart(`${program} ${describeExit(exitstatus)}`, { isFinal: true });
  if (statename === 'FATAL') return failStart(`${program} is FATAL: ${process.spawnerr}`, { isFinal: true });
  return failStart(`${program} has not finished: it is ${statename}`);
}

/** Liveness does not fail for a start-up: the start-up probe asks for a restart when its patience ends. */
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
