import { removeLockCommand } from '../../../text/operator-commands.ts';
import { readdirSync } from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';
import type { FeatureLock } from '../../../contract/feature/lock.ts';
import { isFeatureName } from '../../../contract/names.ts';
import type { LockStore } from '../../../ports/lock-store.ts';
import { createFolder, readWholeFile, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';
import { decodeLock, encodeLock } from './lock-json.ts';

const SUFFIX = '.json';
/** A lock takes some hundred bytes: a larger file is none, and is not read. */
const MAX_BYTES = 65_536;

/**
 * One file for each locked feature, `<folder>/<feature>.json`. A file that is no lock keeps its feature locked, which is the
 * safe reading, and is reported as a problem.
 */
export function createLockFiles(folder: string): LockStore {
  const pathOf = (feature: string): string => `${folder}/${assertFeatureName(feature)}${SUFFIX}`;
  return {
    list() {
      const locks: FeatureLock[] = [];
      const problems: string[] = [];
      for (const name of readNames(folder)) {
        const feature = name.slice(0, -SUFFIX.length);
        const path = `${folder}/${name}`;
        if (!isFeatureName(feature)) {
          problems.push(`${path} is named after no feature: remove it`);
          continue;
        }
        const lock = readLock(path, feature);
        if (lock === undefined) continue;
        if (typeof lock === 'string') problems.push(describeBroken(path, lock, feature));
        locks.push(typeof lock === 'string' ? createEndlessLock(feature) : lock);
      }
      return { locks, problems };
    },
    add(lock) {
      const path = pathOf(lock.feature);
      wrapDiskError(path, 'written', () => {
        createFolder(folder);
        // On the disk when this returns: an operator who was told of a lock relies on it.
        writeDurably(path, encodeLock(lock), `${folder}/.${process.pid}.tmp`);
      });
    },
    remove(feature) {
      const path = pathOf(feature);
      return wrapDiskError(path, 'removed', () => removeDurably(path));
    },
  };
}

/** Stands for a file that is no lock: in force until an operator removes it. */
const createEndlessLock = (feature: string): FeatureLock => ({
  feature,
  owner: 'unknown',
  reason: 'its lock file is broken',
  sinceTs: 0,
  forMs: 0,
  bootId: '',
  bootMs: 0,
});

const describeBroken = (path: string, what: string, feature: string): string =>
  `${path} ${what}: ${feature} counts as locked. To lift it: ${removeLockCommand(feature)}`;

/** A text says what is wrong with the file; undefined if it has gone meanwhile. */
function readLock(path: string, feature: string): FeatureLock | string | undefined {
  try {
    const reading = readWholeFile(path, MAX_BYTES);
    switch (reading.kind) {
      case 'missing':
        return undefined;
      case 'unreadable':
        return `can't be read (${reading.why})`;
      case 'text':
        return decodeLock(reading.text, feature) ?? 'is no lock of this feature';
    }
  } catch (error) {
    return `can't be read (${(error as Error).message})`;
  }
}

/** Sorted. What a writer that was killed has left has another suffix. */
function readNames(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
    return names.toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CtrkitError('disk', `${folder} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

function assertFeatureName(feature: string): string {
  if (isFeatureName(feature)) return feature;
  throw new CtrkitError('usage', 'a lock needs the name of a feature: letters, digits, _ and -');
}
