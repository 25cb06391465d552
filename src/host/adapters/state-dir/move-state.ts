/**
 * The move of the state from the old place, once. The rename of a complete copy is the one step by which the new place begins to
 * count: whoever is killed before it leaves the old place as it was, and after it the next daemon goes on.
 *
 * A command that had found the old place may write there until that step; from then on it finds the new place, and writes there
 * again (`createStateDir`). So what differs in the old place after that step is taken over, and nothing is lost.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { removeIfExists, syncFolder } from '../../../adapters/disk/replace-file.ts';
import { hasEntries, type StatePlaces } from '../../state-dir.ts';
import { createFolder, removeDurably } from '../disk/durable-file.ts';
import { readStateMark, STATE_MARK, writeStateMark, type StateMark } from './state-mark.ts';
import { copyFile, hashFile, isAlive, isTemporary, listFiles, listFolders, syncTree } from './state-tree.ts';

export interface MovedState {
  /** The place that counts. */
  readonly folder: string;
  /** What was done, one line; empty if nothing had to be. */
  readonly text: string;
  /** What could not be done, or is odd, one line; empty if all is well. */
  readonly problem: string;
}

/** For the one process that may move: ctrkitd as it starts. Throws nothing: where it can't move, the old place counts on. */
export function moveState({ folder, oldFolder }: StatePlaces): MovedState {
  if (oldFolder === undefined) return { folder, text: '', problem: '' };
  try {
    const isMoved = moveFiles(folder, oldFolder);
    const left = hasEntries(oldFolder) ? listFiles(oldFolder) : [];
    const text = isMoved ? `ledger, locks and blocks are in ${folder} now, no longer in ${oldFolder}` : '';
    const problem =
      left.length === 0
        ? ''
        : `${oldFolder} is not read: ${folder} counts. What is left there: ${left.join(', ')}`;
    return { folder, text, problem };
  } catch (error) {
    const { message } = error as Error;
    if (hasEntries(folder))
      return { folder, text: '', problem: `${oldFolder} can't be taken away, ${folder} counts: ${message}` };
    stayIn(oldFolder);
    return { folder: oldFolder, text: '', problem: `the state stays in ${oldFolder}: ${message}` };
  }
}

/** An empty old place would not count where the new one can be written again. Throws nothing. */
export function stayIn(oldFolder: string): void {
  try {
    if (!hasEntries(oldFolder)) claimFolder(oldFolder);
  } catch {
    // Whoever writes there says why it can't.
  }
}

/** True if something was moved. */
function moveFiles(folder: string, oldFolder: string): boolean {
  if (!hasEntries(folder)) {
    if (!hasEntries(oldFolder)) {
      claimFolder(folder);
      return false;
    }
    commitCopy(folder, oldFolder);
  }
  const mark = readStateMark(folder);
  if (mark.phase === 'done') {
    // A command that had found the old place has written to both. An older ctrkit writes there alone, and that stays.
    const isCopy = (path: string): boolean =>
      isTemporary(path) || hashFile(join(oldFolder, path)) === hashFile(join(folder, path));
    removeOld(oldFolder, isCopy);
    return false;
  }
  if (mark.phase === 'copied') {
    takeOverLateWrites(mark.files, folder, oldFolder);
    writeStateMark(folder, { phase: 'merged' });
  }
  // Each file of it is in the new place, or was changed there since.
  removeOld(oldFolder, () => true);
  removeLeftovers(folder);
  writeStateMark(folder, { phase: 'done' });
  return true;
}

/** A place that nobody has used: with the mark in it, it is not empty, so that it counts from here on. Throws what node:fs throws. */
export function claimFolder(folder: string): void {
  createFolder(folder);
  writeStateMark(folder, { phase: 'done' });
}

/** A complete copy beside the new place, renamed to it. */
function commitCopy(folder: string, oldFolder: string): void {
  removeDeadCopies(folder);
  createFolder(dirname(folder));
  const copy = `${folder}.${process.pid}.new`;
  rmSync(copy, { recursive: true, force: true });
  try {
    mkdirSync(copy, { mode: 0o755 });
    writeStateMark(copy, copyFiles(copy, oldFolder));
    syncTree(copy);
    renameSync(copy, folder);
  } catch (error) {
    removeTree(copy);
    // Another process was first: its copy counts.
    if (!hasEntries(folder)) throw error;
  }
  syncFolder(dirname(folder));
}

function copyFiles(copy: string, oldFolder: string): StateMark {
  const files: Record<string, string> = {};
  for (const path of listFiles(oldFolder)) {
    if (isTemporary(path) || path === STATE_MARK) continue;
    const hash = copyFile(join(oldFolder, path), join(copy, path));
    if (hash !== undefined) files[path] = hash;
  }
  return { phase: 'copied', files };
}

/** What a command has written or removed in the old place after it was copied, unless it was changed in the new one since. */
function takeOverLateWrites(
  copied: Readonly<Record<string, string>>,
  folder: string,
  oldFolder: string,
): void {
  const paths = [...new Set([...Object.keys(copied), ...listFiles(oldFolder)])];
  const found = paths
    .filter((path) => !isTemporary(path) && path !== STATE_MARK)
    .map((path) => ({ path, before: copied[path], now: hashFile(join(oldFolder, path)) }));
  // Another process that moves may have begun to remove the old files: then a missing one says nothing.
  if (readStateMark(folder).phase !== 'copied') return;
  for (const { path, before, now } of found) {
    if (now === before || hashFile(join(folder, path)) !== before) continue;
    if (now === undefined) removeDurably(join(folder, path));
    else replaceByCopy(join(oldFolder, path), join(folder, path));
  }
}

function replaceByCopy(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.tmp`;
  removeIfExists(temporary);
  createFolder(dirname(to));
  if (copyFile(from, temporary) === undefined) return;
  renameSync(temporary, to);
  syncFolder(dirname(to));
}

/** Every regular file of the old place that `isMoved`, and the folders that are empty then. */
function removeOld(oldFolder: string, isMoved: (path: string) => boolean): void {
  for (const path of listFiles(oldFolder))
    if (hashFile(join(oldFolder, path)) !== undefined && isMoved(path))
      rmSync(join(oldFolder, path), { force: true });
  for (const below of listFolders(oldFolder)) removeEmptyFolder(below);
}

/** What was in it does not come back by a power cut. */
function removeEmptyFolder(folder: string): void {
  try {
    syncFolder(folder);
    rmdirSync(folder);
    syncFolder(dirname(folder));
  } catch {
    // What is no regular file is not ctrkit's; or the folder is mounted, or gone.
  }
}

/** What moves that were killed have begun to write. */
function removeLeftovers(folder: string): void {
  for (const path of listFiles(folder)) {
    const pid = /(\d+)\.tmp$/.exec(path)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeIfExists(join(folder, path));
  }
}

/** The copies of processes that were killed. */
function removeDeadCopies(folder: string): void {
  const parent = dirname(folder);
  if (!hasEntries(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${basename(folder)}\\.(\\d+)\\.new$`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeTree(join(parent, name));
  }
}

function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The next move removes it.
  }
}
