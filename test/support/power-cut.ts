import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Everything by which a state folder gets to the disk. */
const CALLS = [
  'writeFileSync',
  'fsyncSync',
  'renameSync',
  'copyFileSync',
  'openSync',
  'rmSync',
  'rmdirSync',
  'unlinkSync',
  'mkdirSync',
  'fchmodSync',
] as const;

export interface DiskFault {
  /** How many changes of the disk succeed before. */
  readonly after: number;
  /** The power is cut: all changes after that one fail as well. */
  readonly isPowerCut: boolean;
  /** The code of the error; left out for none. */
  readonly code?: string;
}

/** Runs `act` with that fault: a call that writes leaves half. Returns the calls that were made, whatever `act` throws. */
export function withDiskFault({ after, isPowerCut, code }: DiskFault, act: () => void): string[] {
  const made: string[] = [];
  const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]])) as Record<string, unknown>;
  const target = fs as unknown as Record<string, unknown>;
  for (const name of CALLS) {
    target[name] = (...args: unknown[]): unknown => {
      const isReading = name === 'openSync' && ((args[1] as number) & fs.constants.O_CREAT) === 0;
      if (!isReading) made.push(name);
      const isFaulty = isPowerCut ? made.length > after : made.length === after + 1 && !isReading;
      if (!isFaulty) return (real[name] as (...all: unknown[]) => unknown)(...args);
      if (name === 'writeFileSync' && made.length === after + 1)
        (real[name] as typeof fs.writeFileSync)(args[0] as number, String(args[1]).slice(0, 10));
      throw Object.assign(new Error('the disk fails'), { code });
    };
  }
  syncBuiltinESMExports();
  try {
    act();
  } catch (error) {
    assert.match((error as Error).message, /the disk fails/);
  } finally {
    Object.assign(target, real);
    syncBuiltinESMExports();
  }
  return made;
}
