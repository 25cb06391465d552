import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, syncFolder, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from './wrap-disk-error.ts';

/**
 * A file that is there as long as a join or a leave has begun and is not done. It holds the number and the start time of the
 * tool's process. Throws CtrkitError('disk').
 */
export class UnfinishedMark {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  isSet(): boolean {
    return existsSync(this.#path);
  }

  /** On the disk when it returns: set before a tool runs, so that the mark outlives a power cut. */
  set(): void {
    wrapDiskError(this.#path, 'written', () => {
      makeFolder(dirname(this.#path));
      writeDurably(this.#path, '', `${this.#path}.tmp`, 0o600);
    });
  }

  /** The tool runs as process `pid`. Throws nothing. */
  recordProcess(pid: number): void {
    try {
      writeDurably(this.#path, identifyProcess(pid) ?? '', `${this.#path}.tmp`, 0o600);
    } catch {
      // The mark is set. The process matters only after ctrkit itself was killed.
    }
  }

  /** The recorded process still runs, whoever has started it: a tool outlives a command that is killed. */
  isAtWork(): boolean {
    try {
      const text = readFileSync(this.#path, 'utf8');
      return text !== '' && identifyProcess(Number.parseInt(text, 10)) === text;
    } catch {
      return false;
    }
  }

  clear(): void {
    wrapDiskError(this.#path, 'removed', () => removeDurably(this.#path));
  }
}

/**
 * The number of a process and its start time, because numbers are used again; undefined for a process that has ended (proc(5),
 * "stat").
 */
function identifyProcess(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in brackets and may hold anything. Behind it come the state, and as number 20 the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X'].includes(fields[0] ?? 'X') ? undefined : `${pid} ${fields[19]}\n`;
}

/** A file that is not there counts as removed. Throws what node:fs throws. */
export function removeDurably(path: string): void {
  if (!existsSync(path)) return;
  rmSync(path);
  syncFolder(dirname(path));
}
