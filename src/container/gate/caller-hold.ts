import { EXIT, exitCodeOfSignal } from '../../contract/exit-codes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { StoppedCaller } from '../../ports/stopped-caller.ts';

/** How often the caller is looked at: a stop is delayed by so much at the most. */
const LOOK_EVERY_MS = 1_000;
const ASK_AGAIN_MS = 60_000;
const CALLER_IS_GONE = exitCodeOfSignal(1);

export interface CallerHoldPorts {
  readonly caller: StoppedCaller;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs the gate for a caller that the drop-in has stopped, and lets it go on if the gate says go. After any other end of the
 * gate the caller stays stopped, and the gate is run again after a minute. Returns the exit code: go, or the caller is gone.
 */
export async function holdCaller(ports: CallerHoldPorts, runGate: () => Promise<number>): Promise<number> {
  const { caller, clock, log } = ports;
  const stopLooking = startLooking(ports);
  try {
    for (;;) {
      const exitCode = await runGate();
      if (exitCode === EXIT.ok) {
        caller.signal('SIGCONT');
        return exitCode;
      }
      if (caller.readState() === 'gone') return CALLER_IS_GONE;
      const why = `the gate ended with ${exitCode}, the application is not started`;
      log.error(`held: ${why}; asking again in ${ASK_AGAIN_MS / 1000} s`);
      const againMs = clock.bootMs() + ASK_AGAIN_MS;
      while (clock.bootMs() < againMs) {
        await clock.sleep(LOOK_EVERY_MS);
        if (caller.readState() === 'gone') return CALLER_IS_GONE;
      }
    }
  } finally {
    stopLooking();
  }
}

function startLooking({ caller, clock }: CallerHoldPorts): () => void {
  let cancel = (): void => {};
  const look = (): void => {
    lookAtCaller(caller);
    cancel = clock.schedule(LOOK_EVERY_MS, look);
  };
  cancel = clock.schedule(LOOK_EVERY_MS, look);
  return () => cancel();
}

/**
 * Keeps the caller stopped. If it was asked to end it is let go on, to its end: SIGTERM too, since the script of a shell goes
 * on after a SIGINT. One that has not ended by the next look, as its script catches the signal, is stopped again.
 */
export function lookAtCaller(caller: StoppedCaller): void {
  const state = caller.readState();
  if (state === 'running') caller.signal('SIGSTOP');
  if (state !== 'asked-to-end') return;
  caller.signal('SIGTERM');
  caller.signal('SIGCONT');
}
