import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CtrkitError } from '../../../contract/errors.ts';
import { makeFolder, syncFolder, writeDurably } from '../disk/durable-file.ts';

/**
 * A file: as long as it is there, a join or a leave has begun and is not done. In it, what tells the tool's process from every
 * other one. Throws CtrkitError('disk').
 */
export class UnfinishedMark {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  isSet(): boolean {
    return existsSync(this.#path);
  }

  /** On the disk before a tool runs: whoever comes after a power cut is to know. */
  set(): void {
    explain(this.#path, 'written', () => {
      makeFolder(dirname(this.#path));
      writeDurably(this.#path, '', `${this.#path}.tmp`, 0o600);
    });
  }

  /** It is process `pid` that works. */
  note(pid: number): void {
    try {
      writeDurably(this.#path, identify(pid) ?? '', `${this.#path}.tmp`, 0o600);
    } catch {
      // The mark is set; who works matters only to whoever comes after a kill.
    }
  }

  isAtWork(): boolean {
    try {
      const text = readFileSync(this.#path, 'utf8');
      return text !== '' && identify(Number.parseInt(text, 10)) === text;
    } catch {
      return false;
    }
  }

  clear(): void {
    explain(this.#path, 'removed', () => removeDurably(this.#path));
  }
}

/** Its number and when it has begun: numbers are used again. Undefined for one that has ended (proc(5), "stat"). */
function identify(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name before it, in brackets, may hold anything. From there on: the state, and as number 20 the beginning.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X'].includes(fields[0] ?? 'X') ? undefined : `${pid} ${fields[19]}\n`;
}

/** One that is not there is removed. Throws what node:fs throws. */
export function removeDurably(path: string): void {
  if (!existsSync(path)) return;
  rmSync(path);
  syncFolder(dirname(path));
}

/** Throws CtrkitError('disk') in place of what node:fs throws. */
export function explain<T>(path: string, done: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = `${path} can't be ${done}: ${(error as Error).message}`;
    throw new CtrkitError('disk', text, { cause: error });
  }
}
