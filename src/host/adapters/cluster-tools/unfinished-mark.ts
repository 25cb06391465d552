import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFolder, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';
import { readStartTicks } from '../process-start.ts';

/** The mark is beside the admin configuration. */
export const UNFINISHED_SUFFIX = '.unfinished';

/**
 * A file that is there as long as a join or a leave has begun and is not done. It holds the number and the start time of the
 * tool's process. Throws CtrkitError('disk').
 */
export class UnfinishedMark {
  readonly #path: string;
  /** Where an earlier release has set it, and where it counts until it was moved; undefined for nowhere. */
  readonly #oldPath: string | undefined;

  constructor(path: string, oldPath?: string) {
    this.#path = path;
    this.#oldPath = oldPath;
  }

  isSet(): boolean {
    return this.#paths.some((path) => existsSync(path));
  }

  get #paths(): string[] {
    return [this.#path, this.#oldPath ?? []].flat();
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
    return this.#paths.some(isProcessAtWork);
  }

  clear(): void {
    for (const path of this.#paths) wrapDiskError(path, 'removed', () => removeDurably(path));
  }
}

function isProcessAtWork(path: string): boolean {
  try {
    const text = readFileSync(path, 'utf8');
    return text !== '' && identifyProcess(Number.parseInt(text, 10)) === text;
  } catch {
    return false;
  }
}

/** Tells the process from every other one; undefined if it has ended. */
function identifyProcess(pid: number): string | undefined {
  const ticks = readStartTicks(pid);
  return ticks === undefined ? undefined : `${pid} ${ticks}\n`;
}
