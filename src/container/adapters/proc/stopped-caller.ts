import { readFileSync } from 'node:fs';
import type { Environment } from '../../../contract/environment.ts';
import type { CallerState, StoppedCaller } from '../../../ports/stopped-caller.ts';

/**
 * What a program may be stopped by: SIGHUP, INT, QUIT, USR1, USR2 and TERM, as the kernel's masks of signals have them:
 * signal n is bit n - 1.
 */
const ENDING = [1n, 2n, 3n, 10n, 12n, 15n].reduce((mask, signal) => mask | (1n << (signal - 1n)), 0n);

/** This process's parent, if the drop-in has stopped it (contract.md, section 13); undefined if nobody has. */
export function findStoppedCaller(env: Environment): StoppedCaller | undefined {
  const pid = process.ppid;
  if (env['CTRKIT_CALLER_STOPPED'] !== '1' || env['CTRKIT_CALLER_PID'] !== String(pid)) return undefined;
  const isGone = (): boolean => process.ppid !== pid;
  return {
    readState: () => (isGone() ? 'gone' : readState(pid)),
    signal(signal) {
      try {
        if (!isGone()) process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    },
  };
}

function readState(pid: number): CallerState {
  try {
    return decodeCallerState(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return 'gone';
  }
}

/** The state in the text of /proc/PID/status (proc(5)). */
export function decodeCallerState(status: string): CallerState {
  const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)];
  if (pending.some(([, mask]) => (BigInt(`0x${mask}`) & ENDING) !== 0n)) return 'asked-to-end';
  const [, state] = /^State:\s*(\S)/m.exec(status) ?? [];
  if (state === 'Z' || state === 'X') return 'gone';
  return state === 'T' || state === 't' ? 'stopped' : 'running';
}
