import { stat, type BigIntStats } from 'node:fs';
import type { Clock } from '../../../ports/clock.ts';
import type { Finding } from './finding.ts';

interface FileTarget {
  readonly path: string;
  readonly maxAgeMs: number;
  /** How long the file system may take. */
  readonly timeoutMs: number;
}

type Stat = (
  path: string,
  options: { bigint: true },
  callback: (error: NodeJS.ErrnoException | null, stats: BigIntStats) => void,
) => void;

type FileReading = { readonly mark: string } | { readonly error: string } | 'late';

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Returns a function that finds out whether the file changes often enough. The file's times are of the wall clock, which
 * may be stepped, so they are only compared with the previous ones: the age is the time on the boot clock since they last
 * changed. So a file counts as fresh at first sight, and a change is at most one period older than it seems.
 */
export function createFileInspector(
  { path, maxAgeMs, timeoutMs }: FileTarget,
  clock: Pick<Clock, 'bootMs'>,
  ask: Stat = stat,
): () => Promise<Finding> {
  const see = createStatReader(path, ask);
  let lastMark: string | undefined;
  let changedMs = 0;
  return async () => {
    const sight = await limitTime(see(), timeoutMs);
    if (sight === 'late') return { result: 'unknown', message: `${path}: its file system does not answer` };
    if ('error' in sight) {
      if (GONE.has(sight.error)) return { result: 'failing', message: `${path}: there is no such file` };
      return { result: 'unknown', message: `${path}: can't be looked at: ${sight.error}` };
    }
    const nowMs = clock.bootMs();
    if (sight.mark !== lastMark) changedMs = nowMs;
    lastMark = sight.mark;
    const ageMs = nowMs - changedMs;
    if (ageMs <= maxAgeMs) return { result: 'ok', message: '' };
    const limit = `more than ${maxAgeMs / 1000} s`;
    return {
      result: 'failing',
      message: `${path}: has not changed for ${Math.round(ageMs / 1000)} s, ${limit}`,
    };
  };
}

/** A file system that hangs is asked once only: each call holds one of Node.js' four threads. */
function createStatReader(path: string, ask: Stat): () => Promise<Exclude<FileReading, 'late'>> {
  let pending: Promise<Exclude<FileReading, 'late'>> | undefined;
  return () =>
    (pending ??= new Promise((resolve) => {
      ask(path, { bigint: true }, (error, stats) => {
        pending = undefined;
        resolve(error === null ? { mark: formatMark(stats) } : { error: error.code ?? error.message });
      });
    }));
}

const formatMark = ({ dev, ino, size, mtimeNs }: BigIntStats): string => `${dev} ${ino} ${size} ${mtimeNs}`;

async function limitTime(
  sight: Promise<Exclude<FileReading, 'late'>>,
  timeoutMs: number,
): Promise<FileReading> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  try {
    return await Promise.race([sight, late]);
  } finally {
    clearTimeout(timer);
  }
}
