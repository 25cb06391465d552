import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), max: at(1) };
}

/** Milliseconds of a whole process, from spawn to exit; rejects if it does not end with 0. */
export function timeProcess(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startMs);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
    });
  });
}

/**
 * Memory of a process, MB. Private_Dirty is what it costs on top of the pages it shares, Pss has its share of those
 * as well.
 */
export function readMemoryMb(pid: number, field: 'Private_Dirty' | 'Pss' | 'Rss'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${field}:`));
  return Number(/(\d+) kB$/.exec(line ?? '')?.[1]) / 1024;
}

/** CPU time of a process so far, seconds, by the scheduler's count of nanoseconds in all its threads. */
export function readRunSeconds(pid: number, threads: readonly string[]): number {
  const nanoseconds = threads.map((thread) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
    return Number(ran);
  });
  return nanoseconds.reduce((sum, ran) => sum + ran, 0) / 1e9;
}
