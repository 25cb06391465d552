/** A program that was started, the application of this container. */
export interface Command {
  /** Resolves with its exit code: 128+n if signal n ended it, 127 or 126 if it could not be started. Never rejects. */
  readonly ended: Promise<number>;
  /** Sends it a signal; does nothing if it has ended. */
  readonly signal: (signal: NodeJS.Signals) => void;
}
