import { findExecutable, isExecutable } from '../../../adapters/process/find-executable.ts';
import type { Environment } from '../../../contract/environment.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { markUnprintable } from '../../../text/printable.ts';
import { readRegularFile } from '../regular-file.ts';

/** The kernel reads no more of a script (execve(2)). */
const MAX_BYTES = 256;

/**
 * Throws CtrkitError('command') for a script whose first line names a program that is not there, or can't be executed.
 * `command` is found as exec finds it: a path, or a name in PATH. What can't be found or read is left to exec.
 */
export function assertInterpreter(command: string, env: Environment): void {
  const path = findExecutable(command, env['PATH'] ?? '');
  if (path === undefined) return;
  const [, interpreter] = /^#![ \t]*([^ \t\n\0]+)/.exec(readBeginning(path)) ?? [];
  if (interpreter === undefined || isExecutable(interpreter)) return;
  const found = `its first line names ${markUnprintable(interpreter)}, which is no program here`;
  throw new CtrkitError('command', `${markUnprintable(path)}: can't be executed: ${found}`);
}

/** Empty for what may be executed but not read. */
function readBeginning(path: string): string {
  try {
    return readRegularFile(path, MAX_BYTES - 1).content.toString('latin1');
  } catch {
    return '';
  }
}
