import { accessSync, constants, lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';

/** The file of a hook with all links resolved, or why it must not, or can't, be run. */
export type HookFile =
  | { readonly path: string }
  | { readonly problem: string }
  /** Deleted since its folder was read. */
  | { readonly isGone: true };

/** The kernel follows as many links. */
const MAX_LINKS = 40;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const EXECUTABLE = 0o111;

/**
 * Follows the absolute `path` to a file that only root (or the agent's own user) can have put there: neither the file
 * nor any folder on the way, those of links included, may be writable by others. Group root counts as others: a process
 * of a user without a passwd entry has that group. An ACL shows in the group's bits. Nobody else can change a file that
 * passes between this call and its start.
 */
export function findHookFile(path: string): HookFile {
  const ahead = path.split('/').filter(isName);
  let links = 0;
  let at = '';
  const root = findProblem('/', lstatSync('/'));
  if (root !== undefined) return { problem: root };
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (name === '..') {
      at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
      continue;
    }
    const next = `${at}/${name}`;
    const stat = lstatSync(next, { throwIfNoEntry: false });
    if (stat === undefined)
      return links === 0 ? { isGone: true } : { problem: `it links to ${next}: no such file` };
    if (stat.isSymbolicLink()) {
      if (++links > MAX_LINKS) return { problem: 'too many links' };
      const target = readlinkSync(next);
      if (target.startsWith('/')) at = '';
      ahead.unshift(...target.split('/').filter(isName));
      continue;
    }
    const problem = findProblem(next, stat);
    if (problem !== undefined) return { problem };
    if (ahead.length === 0) return checkRunnable(next, stat);
    at = next;
  }
  return { problem: 'it is a folder' };
}

const isName = (part: string): boolean => part !== '' && part !== '.';

function findProblem(path: string, stat: Stats): string | undefined {
  const ownUid = process.geteuid?.() ?? 0;
  if (stat.uid !== 0 && stat.uid !== ownUid) return `${path} belongs to user ${stat.uid}: chown root ${path}`;
  if ((stat.mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  if (stat.isDirectory() && (stat.mode & STICKY) !== 0)
    return `others than root may write to ${path}: keep the hook in another folder`;
  return `others than root may write ${path}: chmod go-w ${path}`;
}

function checkRunnable(path: string, stat: Stats): HookFile {
  if (stat.isDirectory()) return { problem: 'it is a folder' };
  if (!stat.isFile()) return { problem: 'it is no regular file' };
  if ((stat.mode & EXECUTABLE) === 0) return { problem: `it is not executable: chmod +x ${path}` };
  if (!isExecutable(path))
    return { problem: `${path} may not be executed by this user, or on this file system (noexec)` };
  return { path };
}

/** The same as the shell's `[ -x PATH ]`. */
export function isExecutable(path: string): boolean {
  try {
    // No exception where there is nothing, as is usual.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
