/** Why the kit ended this container last, for its next start and for `kubectl describe pod`. */
export interface LastEnd {
  /** One line, empty if the kit never did. */
  readonly read: () => string;
  /** Never throws: what can't be written is told in the log already. */
  readonly write: (text: string) => void;
}
