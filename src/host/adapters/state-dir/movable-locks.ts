import type { LockStore } from '../../../ports/lock-store.ts';
import { createLockFiles } from '../locks/lock-file.ts';
import type { StateDir } from './state-dir.ts';

/** The locks of a state folder that a daemon may be moving. */
export const createMovableLocks = (state: StateDir): LockStore => ({
  list: () => state.read((folder) => openLocks(folder).list()),
  add: (lock) => state.write((folder) => openLocks(folder).add(lock)),
  remove(feature) {
    let isRemoved = false;
    state.write((folder) => {
      isRemoved = openLocks(folder).remove(feature) || isRemoved;
    });
    return isRemoved;
  },
});

const openLocks = (folder: string): LockStore => createLockFiles(`${folder}/locks`);
