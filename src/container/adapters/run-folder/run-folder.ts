import { chmodSync, lstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { findFileProblem } from './files.ts';

/** Write permission of group and others. */
const WRITABLE_BY_OTHERS = 0o022;
/** A folder like /tmp, which is everybody's on purpose. */
const STICKY = 0o1000;

/** The kit's files there, and what they are written to first. */
const KIT_FILES = /^(?:(?:agent|claim|claiming|command|gate|hooks)\.json|health|last-end)(?:\.\d+\.tmp)?$/;

/**
 * Closes CTRKIT_RUN_DIR against other users where this one owns it: whoever may write there could hand the agent a claim.
 * Returns what people should know, undefined if nothing. Never throws: a folder that can't be used is found by whoever writes.
 */
export function closeRunFolder(folder: string): string | undefined {
  try {
    const { mode, uid } = statSync(folder);
    const own = process.geteuid?.() ?? 0;
    if (uid !== own && uid !== 0)
      return `${folder} belongs to user ${uid}, who can change what the kit keeps there: give it to user ${own}`;
    if ((mode & WRITABLE_BY_OTHERS) === 0) return undefined;
    const isOpen = `${folder} could be written by other users (mode ${formatMode(mode)})`;
    if (uid !== own || (mode & STICKY) !== 0)
      return `${isOpen}: they can change what the kit keeps there. Take another folder, or mode 0755`;
    chmodSync(folder, mode & 0o7777 & ~WRITABLE_BY_OTHERS);
    return `${isOpen}: its mode is ${formatMode(mode & ~WRITABLE_BY_OTHERS)} now`;
  } catch {
    return undefined;
  }
}

const formatMode = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

/**
 * Removes what others have left in the kit's files' places before CTRKIT_RUN_DIR was closed: nothing there is believed, and a
 * folder could not be written over. Returns what people should know, undefined if nothing. Never throws. Only where the
 * folder is this user's.
 */
export function clearRunFolder(folder: string): string | undefined {
  try {
    if (statSync(folder).uid !== (process.geteuid?.() ?? 0)) return undefined;
    const removed = readdirSync(folder).flatMap(
      (name) => (KIT_FILES.test(name) && clearFile(folder, name)) || [],
    );
    return removed.length === 0
      ? undefined
      : `${folder}: not the kit's, and out of the way now: ${removed.join('; ')}`;
  } catch {
    return undefined;
  }
}

/** Returns what was wrong with it; undefined if nothing. */
function clearFile(folder: string, name: string): string | undefined {
  const path = `${folder}/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const problem = stat === undefined ? undefined : findFileProblem(stat, path);
  // A folder may hold a million files: it is moved, and not emptied.
  if (problem === undefined || stat === undefined) return undefined;
  if (stat.isDirectory()) renameSync(path, `${path}.${process.hrtime.bigint()}.foreign`);
  else rmSync(path, { force: true });
  return `${name}, ${problem}`;
}
