/**
 * What a keeper tells of its heartbeats: `holds`, the claim is on record and renewed; `away`, the database did not answer or
 * refused; `superseded`, another container has claimed the feature.
 */
export type KeeperSign = 'holds' | 'away' | 'superseded';

export interface KeeperEvents {
  readonly onSign: (sign: KeeperSign) => void;
  /** It has ended; `how` is for people. Called once, after its last sign. */
  readonly onEnd: (how: string) => void;
}

/** A process that was started to renew the claim. */
export interface Keeper {
  /** Ends it at once, wherever it hangs; does nothing if it has ended. It releases nothing then. */
  readonly kill: () => void;
  /** It is listened to no more, and outlives this process. */
  readonly leave: () => void;
}

/** Rejects with CtrkitError('defect') if no process can be started. */
export type StartKeeper = (events: KeeperEvents) => Promise<Keeper>;
