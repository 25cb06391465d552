import { constants, fstatSync, openSync, writeSync } from 'node:fs';

const STDERR = 2;
/** As much as a pipe holds. What waits for a reader beyond that is lost. */
const MAX_WAITING_BYTES = 65_536;
const RETRY_MS = 20;
/** Once it is known that the reader stands still. */
const RARE_RETRY_MS = 1_000;
/** A process that is over otherwise waits for its reader no longer than so many tries, 2 s. */
const TRIES_TO_WAIT_FOR = 100;

export interface ErrorFile {
  /** Never throws, and never waits for a reader. */
  readonly write: (text: string) => void;
}

const NO_FILE: ErrorFile = { write: () => {} };

/** How stderr is written to: `fd` by this process, or Node.js' own stream, or another process. */
type Way = { readonly kind: 'direct'; readonly fd: number } | { readonly kind: 'stream' | 'child' };

/**
 * The stderr of this process, without its flags being changed: the application of the container has the same pipe. Node.js'
 * own stream sets O_NONBLOCK on it, for everybody who has it: whoever does not expect that loses what it writes, or dies of it.
 */
export function openErrorFile(): ErrorFile {
  const way = findWay();
  switch (way.kind) {
    case 'direct':
      return createDirectFile(way.fd);
    case 'stream':
      return createStreamFile();
    case 'child':
      return createLateFile(async () => {
        const fd = (await import('./error-child.ts')).startErrorChild();
        return fd === undefined ? NO_FILE : createDirectFile(fd);
      });
  }
}

let found: Way | undefined;

/** Whether stderr is left to Node.js. */
export const isStderrStream = (): boolean => findWay().kind === 'stream';

const findWay = (): Way => (found ??= lookForWay());

function lookForWay(): Way {
  try {
    const stat = fstatSync(STDERR);
    // A place to write to is shared, and a file is never waited for.
    if (stat.isFile()) return { kind: 'direct', fd: STDERR };
    // It can't be opened anew. Whoever has a socket there is systemd's, or a test's, child.
    if (stat.isSocket()) return { kind: 'stream' };
    // The pipe, or the terminal, is the same, and the flags are our own.
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    return { kind: 'direct', fd: openSync(`/proc/self/fd/${STDERR}`, flags) };
  } catch (error) {
    // Closed: nothing is written. Else it is another user's.
    return (error as NodeJS.ErrnoException).code === 'EBADF'
      ? { kind: 'direct', fd: STDERR }
      : { kind: 'child' };
  }
}

function createStreamFile(): ErrorFile {
  process.stderr.on('error', () => {});
  return { write: (text) => void process.stderr.write(text) };
}

/** A file that is there a moment later. */
function createLateFile(open: () => Promise<ErrorFile>): ErrorFile {
  const opened = open();
  // Whoever has no process for it has no log.
  opened.catch(() => {});
  return {
    write: (text) =>
      void opened.then(
        (file) => file.write(text),
        () => {},
      ),
  };
}

function createDirectFile(fd: number): ErrorFile {
  let waiting: Buffer = Buffer.alloc(0);
  let tries = 0;
  const flush = (): void => {
    waiting = writeWhatFits(fd, waiting);
    if (waiting.length === 0) return;
    tries += 1;
    const isWaitedFor = tries <= TRIES_TO_WAIT_FOR;
    // oxlint-disable-next-line no-restricted-globals -- every command writes by this, and few have a clock
    const retry = setTimeout(flush, isWaitedFor ? RETRY_MS : RARE_RETRY_MS);
    if (!isWaitedFor) retry.unref();
  };
  return {
    write(text) {
      const isIdle = waiting.length === 0;
      const line = Buffer.from(text);
      if (waiting.length + line.length > MAX_WAITING_BYTES && !isIdle) return;
      waiting = Buffer.concat([waiting, line]);
      tries = 0;
      if (isIdle) flush();
    },
  };
}

/** Returns what is left; nothing is where nobody will ever read it. */
function writeWhatFits(fd: number, bytes: Buffer): Buffer {
  try {
    return bytes.subarray(writeSync(fd, bytes));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? bytes : Buffer.alloc(0);
  }
}
