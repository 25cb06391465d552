/** What a process costs, by its id. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Memory of a process, MB. Private_Dirty is what it costs on top of the pages it shares, Pss has its share of those
 * as well; Anonymous is what no file backs.
 */
export function readMemoryMb(pid: number, field: 'Private_Dirty' | 'Pss' | 'Rss' | 'Anonymous'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${field}:`));
  return Number(/(\d+) kB$/.exec(line ?? '')?.[1]) / 1024;
}

/** CPU time of a process so far, seconds, by the scheduler's count of nanoseconds in all its threads. */
export function readRunSeconds(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
    return Number(ran);
  });
  return nanoseconds.reduce((sum, ran) => sum + ran, 0) / 1e9;
}
