import type { CheckOutcome } from '../../contract/health/check.ts';
import { PROBE_EXIT } from '../../contract/exit-codes.ts';
import type { ProcessStatus } from '../../contract/health/process.ts';
import { hasName, type Named } from './process-selection.ts';
import { describeExit } from './process-text.ts';

/** The program of supervisord that starts the feature. */
export interface StartProgram {
  /** PROGRAM or GROUP:PROGRAM; empty for an image that has none. */
  readonly name: string;
  /** Whether checks.toml names it. */
  readonly isNamed: boolean;
}

/**
 * Whether there is such a check. `programs` are all that supervisord has, by its last answer; undefined before any, and
 * then the check is there, and asks.
 */
export const hasStartCheck = (
  { name, isNamed }: StartProgram,
  programs: readonly Named[] | undefined,
): boolean =>
  name !== '' && (isNamed || programs === undefined || programs.some((process) => hasName(name, process)));

/**
 * Failing unless the program that starts the feature has ended with 0 (sonic.md, "Readiness probe"; the shipped probe
 * accepts any status). `process` is undefined if supervisord has no program of that name: many images have no `start`, and
 * only a program that was named has to be there.
 */
export function judgeStart(
  { name: program, isNamed }: StartProgram,
  process: ProcessStatus | undefined,
): CheckOutcome {
  if (process === undefined && !isNamed) return { result: 'ok', message: '' };
  if (process === undefined) {
    return failStart(
      `supervisord has no program "${program}", which /etc/ctrkit/checks.toml names as startProgram: name another one, or "" for none`,
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

/** A `start` that has failed; nothing starts it again. */
export interface FailedStart {
  readonly process: ProcessStatus;
  /** How it failed, one line. */
  readonly message: string;
}

/** `processes` are supervisord's answer. Undefined while the program may still succeed, or has. */
export function findFailedStart(
  program: StartProgram,
  processes: readonly ProcessStatus[],
): FailedStart | undefined {
  const process = processes.find((other) => hasName(program.name, other));
  if (process === undefined) return undefined;
  const outcome = judgeStart(program, process);
  return outcome.result === 'failing' && outcome.isFinal === true
    ? { process, message: outcome.message }
    : undefined;
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
