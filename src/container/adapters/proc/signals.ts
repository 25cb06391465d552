import { constants } from 'node:os';

/** What a program may be sent to end it, or to tell it something. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** Calls `listener` for each of them that this process is sent from now on; none of them ends it any more. */
export function watchSignals(
  listener: (signal: { readonly name: NodeJS.Signals; readonly number: number }) => void,
): void {
  for (const name of SIGNALS) process.on(name, () => listener({ name, number: constants.signals[name] }));
}
