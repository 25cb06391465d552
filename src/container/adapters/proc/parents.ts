import type { Environment } from '../../../contract/environment.ts';
import { existsSync } from 'node:fs';

/**
 * Returns a function that is true when the gate's caller is gone: its parent, or the parent of the shell in between
 * (CTRKIT_CALLER_PID), which that shell would hide. A shell that becomes the application names itself (CTRKIT_LAUNCHER_PID): it
 * may be gone before this process first looks.
 */
export function watchParents(env: Environment): () => boolean {
  const parent = findLauncher(env) ?? process.ppid;
  const caller = readPid(env, 'CTRKIT_CALLER_PID');
  return () => process.ppid !== parent || (caller !== undefined && !existsSync(`/proc/${caller}`));
}

/** The process id of the shell that becomes the application when this gate says go; undefined where nobody does. */
export const findLauncher = (env: Environment): number | undefined => readPid(env, 'CTRKIT_LAUNCHER_PID');

/**
 * The process that is or becomes the application when this gate says go: the launcher's shell, or the caller of the drop-in.
 * Undefined where it can't be told, and under supervisord, whose agent keeps the claim.
 */
export const findApplication = (env: Environment): number | undefined =>
  env['SUPERVISOR_ENABLED'] === '1' ? undefined : (findLauncher(env) ?? readPid(env, 'CTRKIT_CALLER_PID'));

function readPid(env: Environment, name: string): number | undefined {
  const text = env[name] ?? '';
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}
