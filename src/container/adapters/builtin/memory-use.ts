/** The memory of the container's own cgroup, version 1 or 2 (Linux, Documentation/admin-guide/cgroup-v{1,2}). */
import { existsSync, readFileSync } from 'node:fs';

/** Names of the files of one cgroup version. */
interface MemoryFiles {
  readonly use: string;
  readonly limit: string;
  /** The field of memory.stat with the pages of files not used lately: the kernel drops them at no cost. */
  readonly idle: RegExp;
}

const VERSION_1: MemoryFiles = {
  use: 'memory.usage_in_bytes',
  limit: 'memory.limit_in_bytes',
  idle: /^total_inactive_file (\d+)$/m,
};
const VERSION_2: MemoryFiles = {
  use: 'memory.current',
  limit: 'memory.max',
  idle: /^inactive_file (\d+)$/m,
};

/** Version 1 writes "no limit" as its largest number, which depends on the machine: at least 8 TiB. */
const NO_LIMIT_BYTES = 2 ** 42;

export interface MemoryGroup {
  readonly folder: string;
  readonly files: MemoryFiles;
}

export interface MemoryUse {
  /** Bytes in use without the pages of files not used lately, as kubelet counts. */
  readonly usedBytes: number;
  /** Undefined if there is no limit. */
  readonly limitBytes: number | undefined;
}

/**
 * Finds the cgroup of this process, from the text of /proc/self/cgroup and the folder where cgroups are mounted. The path
 * is valid where all cgroups of the machine are visible; a container sees its own cgroup as the root. Version 1 comes
 * first: where both versions are mounted, version 1 controls the memory.
 */
export function findMemoryGroup(mount: string, cgroup: string): MemoryGroup {
  const v1 = /^\d+:(?:[^:\n]+,)?memory(?:,[^:\n]+)?:(\/.*)$/m.exec(cgroup)?.[1];
  if (v1 !== undefined) return locateGroup(`${mount}/memory`, v1, VERSION_1);
  const v2 = /^0::(\/.*)$/m.exec(cgroup)?.[1] ?? '/';
  return locateGroup(mount, v2, VERSION_2);
}

function locateGroup(root: string, path: string, files: MemoryFiles): MemoryGroup {
  const folder = `${root}${path === '/' ? '' : path}`;
  // A path that climbs leads out of what is visible here.
  const isSeen = !path.split('/').includes('..') && existsSync(`${folder}/${files.use}`);
  return { folder: isSeen ? folder : root, files };
}

/** Throws an Error that names the file that can't be read, or understood. */
export function readMemoryUse({ folder, files }: MemoryGroup): MemoryUse {
  const useBytes = readNumber(folder, files.use, /^(\d+)$/m);
  const limit = readGroupFile(folder, files.limit).trim();
  const idleBytes = readNumber(folder, 'memory.stat', files.idle);
  const limitBytes = limit === 'max' ? Infinity : Number(limit);
  if (!(limitBytes > 0)) throw new Error(`${folder}/${files.limit} can't be understood`);
  return {
    usedBytes: Math.max(0, useBytes - idleBytes),
    limitBytes: limitBytes < NO_LIMIT_BYTES ? limitBytes : undefined,
  };
}

function readNumber(folder: string, file: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(readGroupFile(folder, file)) ?? [];
  if (digits === undefined) throw new Error(`${folder}/${file} can't be understood`);
  return Number(digits);
}

function readGroupFile(folder: string, file: string): string {
  try {
    // With the encoding UTF-8 Node.js reads without a buffer of 64 kB.
    return readFileSync(`${folder}/${file}`, 'utf8');
  } catch (error) {
    throw new Error(`${folder}/${file} can't be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
}
