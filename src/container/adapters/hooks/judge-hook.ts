import type { CheckOutcome } from '../../../contract/health/check.ts';
import { isHooksOwnCode, PROBE_EXIT } from '../../../contract/exit-codes.ts';
import { toPrintable } from './hook-output.ts';

/** How one run of a hook ended; `line` is the line of its output for people, empty if there is none. */
export type HookEnd =
  | { readonly how: 'exited'; readonly code: number; readonly line: string }
  | { readonly how: 'signalled'; readonly signal: string; readonly line: string }
  | { readonly how: 'overran'; readonly limitMs: number; readonly line: string }
  /** The process was killed and did not end: it hangs in the kernel. */
  | { readonly how: 'unkillable'; readonly runningMs: number }
  /** The hook was not started: its file, or a folder on the way, has to be repaired. */
  | { readonly how: 'unrunnable'; readonly why: string }
  /** The hook was not run, or its run was cut short; that says nothing about the feature. */
  | { readonly how: 'unknown'; readonly why: string };

const MAX_MESSAGE = 200;

/** Returns the outcome of a hook's run (contract.md, section 5; SONiC: readiness_probe.sh). */
export function judgeHook(end: HookEnd): CheckOutcome {
  switch (end.how) {
    case 'exited':
      return end.code === 0
        ? { result: 'ok', message: toShortLine(end.line) }
        : judgeCode(end.code, end.line);
    case 'signalled':
      return makeFailure(appendOutput(`killed by ${end.signal}`, end.line));
    case 'overran':
      return makeFailure(appendOutput(`did not end within ${end.limitMs / 1000} s`, end.line));
    case 'unkillable':
      // A restart does not help: the container could not be ended.
      return makeUnmendableFailure(
        `still runs after ${Math.round(end.runningMs / 1000)} s, killed in vain: it hangs in the kernel`,
      );
    case 'unrunnable':
      return makeUnmendableFailure(`not run: ${end.why}`);
    case 'unknown':
      return { result: 'unknown', message: toShortLine(end.why) };
  }
}

function judgeCode(code: number, line: string): CheckOutcome {
  if (isHooksOwnCode(code)) return makeFailure(line === '' ? `ended with ${code}` : line, code);
  if (code === PROBE_EXIT.failed) return makeFailure(appendOutput('ended with 1', line));
  return makeFailure(appendOutput(`ended with ${code}, which means something else to the probe`, line));
}

const makeFailure = (message: string, exitCode: number = PROBE_EXIT.failed): CheckOutcome => ({
  result: 'failing',
  message: toShortLine(message),
  exitCode,
  isMendedByRestart: true,
});

const makeUnmendableFailure = (message: string): CheckOutcome => ({
  result: 'failing',
  message: toShortLine(message),
  exitCode: PROBE_EXIT.failed,
  isMendedByRestart: false,
});

const appendOutput = (what: string, line: string): string => (line === '' ? what : `${what}: ${line}`);

function toShortLine(text: string): string {
  const line = toPrintable(text);
  return line.length <= MAX_MESSAGE ? line : `${line.slice(0, MAX_MESSAGE - 3)}...`;
}
