import { constants } from 'node:os';
import { EXIT, exitCodeOfSignal } from '../../contract/exit-codes.ts';

/**
 * Calls `onInterrupt` with the exit code of the signal for SIGINT, SIGTERM and SIGHUP, instead of the end of the process;
 * and with EXIT.ok when nobody reads stdout any more. Returns how to stop that.
 */
export function catchSignals(onInterrupt: (exitCode: number) => void): () => void {
  const { SIGINT, SIGTERM, SIGHUP } = constants.signals;
  const caught = Object.entries({ SIGINT, SIGTERM, SIGHUP }).map(([name, number]) => {
    const listener = (): void => onInterrupt(exitCodeOfSignal(number));
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  // As with `| head`.
  const noReader = (): void => onInterrupt(EXIT.ok);
  process.stdout.on('error', noReader);
  return () => {
    for (const release of caught) release();
    process.stdout.off('error', noReader);
  };
}

/** Aborted by the first SIGTERM or SIGINT; a second one ends the process. */
export function abortOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
