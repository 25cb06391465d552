import type { Environment } from '../../../contract/environment.ts';
import { existsSync } from 'node:fs';

/**
 * Returns a function that is true when the gate's caller is gone: its parent, or under the drop-in the drop-in's own parent
 * (CTRKIT_CALLER_PID), which a shell between the two would hide.
 */
export function watchParents(env: Environment): () => boolean {
  const parent = process.ppid;
  const caller = /^[1-9]\d*$/.exec(env['CTRKIT_CALLER_PID'] ?? '')?.[0];
  return () => process.ppid !== parent || (caller !== undefined && !existsSync(`/proc/${caller}`));
}
