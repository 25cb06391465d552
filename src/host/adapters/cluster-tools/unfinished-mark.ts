import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFolder, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';
import { readStartTicks } from '../process-start.ts';

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
      createFolder(dirname(this.#path));
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

/** Tells the process from every other one; undefined if it has ended. */
function identifyProcess(pid: number): string | undefined {
  const ticks = readStartTicks(pid);
  return ticks === undefined ? undefined : `${pid} ${ticks}\n`;
}
