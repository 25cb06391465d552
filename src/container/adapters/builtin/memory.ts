import { readFileSync } from 'node:fs';
import type { Finding } from './finding.ts';
import { findMemoryGroup, readMemoryUse, type MemoryUse } from './memory-use.ts';

const MIB = 1024 * 1024;

/** Compares the container's memory use with its limit. Throws an Error that names the file that can't be read. */
export function inspectMemory(limitPercent: number): Finding {
  const group = findMemoryGroup('/sys/fs/cgroup', readFileSync('/proc/self/cgroup', 'utf8'));
  return judgeMemory(readMemoryUse(group), limitPercent);
}

export function judgeMemory({ usedBytes, limitBytes }: MemoryUse, limitPercent: number): Finding {
  if (limitBytes === undefined)
    return { result: 'ok', message: `uses ${Math.round(usedBytes / MIB)} MiB, no limit` };
  const percent = (100 * usedBytes) / limitBytes;
  // Rounded down: a limit that is not reached must not be shown as reached.
  const message = `uses ${Math.floor(percent)} % of ${Math.round(limitBytes / MIB)} MiB`;
  return percent < limitPercent
    ? { result: 'ok', message }
    : { result: 'failing', message: `${message}, the limit is ${limitPercent} %` };
}
