import { readFileSync } from 'node:fs';
import type { Finding } from './finding.ts';
import { findMemoryGroup, readMemoryUse, type MemoryUse } from './memory-use.ts';

const MIB = 1024 * 1024;

/** What the container uses of its limit. Throws an Error that says what can't be read. */
export function inspectMemory(limitPercent: number): Finding {
  const group = findMemoryGroup('/sys/fs/cgroup', readFileSync('/proc/self/cgroup', 'utf8'));
  return judgeMemory(readMemoryUse(group), limitPercent);
}

export function judgeMemory({ usedBytes, limitBytes }: MemoryUse, limitPercent: number): Finding {
  if (limitBytes === undefined)
    return { result: 'ok', message: `uses ${Math.round(usedBytes / MIB)} MiB, no limit` };
  const percent = (100 * usedBytes) / limitBytes;
  // Rounded down: what is shown must not be over a percentage that is not reached.
  const message = `uses ${Math.floor(percent)} % of ${Math.round(limitBytes / MIB)} MiB`;
  return percent < limitPercent
    ? { result: 'ok', message }
    : { result: 'failing', message: `${message}, the limit is ${limitPercent} %` };
}
