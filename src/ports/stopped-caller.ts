/** What a stopped process is doing: `asked-to-end` has a SIGTERM, SIGINT or SIGHUP that it can't take while it is stopped. */
export type CallerState = 'stopped' | 'asked-to-end' | 'running' | 'gone';

/** The gate's caller, start.sh, which the drop-in has stopped. No call throws. */
export interface StoppedCaller {
  readonly readState: () => CallerState;
  /** Sends it a signal; does nothing if it is gone. */
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM') => void;
}
