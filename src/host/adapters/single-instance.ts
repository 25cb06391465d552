import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { getegid, geteuid } from 'node:process';
import { CtrkitError } from '../../contract/errors.ts';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/** flock(1) of util-linux, by the number of a file that is open: it ends at once. */
const FLOCK = ['flock', '-n', '-x', '3'] as const;
const FLOCK_LIMIT_MS = 30_000;
const IS_TAKEN = 1;

export interface InstanceName {
  /** The folder of the locks, made where it is missing. Only its owner may write there, who is root or the caller. */
  readonly folder: string;
  /** For people, and the beginning of the file's name. */
  readonly program: string;
  /** What there may be one of the program for. */
  readonly subject: string;
}

/**
 * Asserts that this is the only process of this name on the host, by a lock on a file that root alone can open: no other process
 * can take it, and the kernel gives it up when this process ends, however that ends. The file stays. Throws
 * CtrkitError('usage') if another process has the name, CtrkitError('disk') if the file can't be locked. Resolves with what
 * gives the name up.
 */
export async function assertSingle({
  folder,
  program,
  subject,
}: InstanceName): Promise<{ readonly close: () => void }> {
  const key = createHash('sha256').update(subject).digest('hex').slice(0, 16);
  const path = `${folder}/${program}-${key}.lock`;
  let file: number | undefined;
  try {
    file = openLockFile(folder, path);
    const isTaken = await lockFile(file);
    if (!isTaken) return createHold(file);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw new CtrkitError('disk', `${path} can't be locked: ${(error as Error).message}`, { cause: error });
  }
  closeSync(file);
  throw new CtrkitError('usage', `another ${program} already runs on this host: stop that one first`);
}

function createHold(file: number): { readonly close: () => void } {
  let isOpen = true;
  return {
    close: () => {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

function openLockFile(folder: string, path: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const { uid, gid, mode } = lstatSync(folder);
  assertOwn(uid);
  const isOwnGroup = gid === 0 || gid === getegid?.();
  if ((mode & (isOwnGroup ? 0o002 : 0o022)) !== 0)
    throw new Error(`others than its owner may write into ${folder}`);
  const file = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const found = fstatSync(file);
    assertOwn(found.uid);
    if (!found.isFile() || (found.mode & 0o077) !== 0) throw new Error('it is no file of its owner alone');
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function assertOwn(uid: number): void {
  if (uid !== 0 && uid !== geteuid?.()) throw new Error(`it is of user ${uid}, not of root`);
}

/**
 * True if another process has the lock. The lock belongs to the open file, which the program shares: it stays when that has
 * ended, and no other child gets the file. Node.js itself has no call for it.
 */
function lockFile(file: number): Promise<boolean> {
  const [command, ...args] = FLOCK;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      // A PATH that somebody has narrowed has the folders of Debian's own programs all the same.
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/bin:/bin` },
      stdio: ['ignore', 'ignore', 'ignore', file],
      timeout: FLOCK_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 || code === IS_TAKEN) resolve(code === IS_TAKEN);
      else reject(new Error(`${FLOCK.join(' ')} ended with ${code ?? signal}`));
    });
  });
}
