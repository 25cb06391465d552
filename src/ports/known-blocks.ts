/** What this host's disk says of one feature's versions, without the databases. */
export interface KnownBlocks {
  /** Blocked by an operator, or fallen back from; legal versions. */
  readonly versions: readonly string[];
  /** What can't be read, one line each: it blocks nothing. */
  readonly problems: readonly string[];
}
