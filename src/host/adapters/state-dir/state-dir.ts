import { findStateDir, hasEntries, type StatePlaces } from '../../state-dir.ts';
import { claimFolder, stayIn } from './move-state.ts';
import { readStateMark } from './state-mark.ts';

/** The state folder, for commands that run beside a daemon that may be moving it. */
export interface StateDir {
  /** Runs `read` on the folder that counts, and again where the state was moved meanwhile. */
  readonly read: <T>(read: (folder: string) => T) => T;
  /** The same for a write, which must be idempotent: the move takes over only what was written before it. */
  readonly write: <T>(write: (folder: string) => T) => T;
}

export function createStateDir(places: StatePlaces): StateDir {
  const run = <T>(find: () => string, act: (folder: string) => T): T => {
    const folder = find();
    let result: T;
    try {
      result = act(folder);
    } catch (error) {
      // The move may have taken the folder away under it.
      if (findStateDir(places) === folder) throw error;
      return run(find, act);
    }
    return findStateDir(places) === folder ? result : run(find, act);
  };
  return {
    read: (read) => run(() => findStateDir(places), read),
    write: (write) => run(() => claimStateDir(places), write),
  };
}

/** A daemon takes over what was written to the old place within milliseconds. One that was killed meanwhile goes on later. */
const MERGE_WITHIN_MS = 2_000;
const POLL_MS = 10;

/** What is removed in the new place before that would be brought back. Blocks; throws nothing. */
function waitForMerge(folder: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < MERGE_WITHIN_MS && isMerging(folder); waitedMs += POLL_MS)
    Atomics.wait(pause, 0, 0, POLL_MS);
}

function isMerging(folder: string): boolean {
  try {
    return readStateMark(folder).phase === 'copied';
  } catch {
    // Whoever writes there says why it can't.
    return false;
  }
}

/** Where nobody has written anything: the new place, or the old one where that can't be written. */
function claimStateDir(places: StatePlaces): string {
  const { folder, oldFolder } = places;
  const found = findStateDir(places);
  if (oldFolder === undefined || found === oldFolder) return found;
  if (hasEntries(folder)) {
    waitForMerge(folder);
    return folder;
  }
  try {
    claimFolder(folder);
    return folder;
  } catch {
    stayIn(oldFolder);
    return oldFolder;
  }
}
