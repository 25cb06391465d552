import { chmodSync, statSync } from 'node:fs';

/** Write permission of group and others. */
const WRITABLE_BY_OTHERS = 0o022;
/** A folder like /tmp, which is everybody's on purpose. */
const STICKY = 0o1000;

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
