/** Keeps why the kit last ended this container, for its next start and for `kubectl describe pod`. */
export interface LastEnd {
  /** Returns one line; empty if the kit has never ended this container. */
  readonly read: () => string;
  /** Never throws: the log has the text already. */
  readonly write: (text: string) => void;
}
