/**
 * What the host side keeps on its disk of each feature's images (contract.md, section 8): STATE_DB does not survive a
 * cold boot, this does. Plain data; reading and writing it is `src/host/adapters/ledger/`.
 */
export interface GoldenImage {
  readonly imageId: string;
  /** The names it had then, for people and for finding it again. */
  readonly references: readonly string[];
  readonly version: string;
  /** `certified`: ran healthy for its time. `shipped`: the local image that the switch came with (HLD, "Self-mitigation"). */
  readonly source: 'certified' | 'shipped';
  /** Wall clock, seconds, for people only. */
  readonly sinceTs: number;
}

/** One fallback of one image. It stays until somebody lifts the block. */
export interface Fallback {
  readonly imageId: string;
  readonly version: string;
  /** One line for people. */
  readonly reason: string;
  /** Wall clock, seconds, for people only. */
  readonly sinceTs: number;
  /** For the cool-down, on the boot clock of that boot. */
  readonly bootId: string;
  readonly bootMs: number;
  /** The service has been restarted for it; until then that is still to be done. */
  readonly isDone: boolean;
}

export interface FeatureLedger {
  /** The image that was certified last. It may have an open fallback: then the next rung stands in for it. */
  readonly golden: GoldenImage | undefined;
  /** A certified image, the golden one before. */
  readonly previous: GoldenImage | undefined;
  /** The local image that the switch came with; it may be the golden one too. */
  readonly shipped: GoldenImage | undefined;
  readonly fallbacks: readonly Fallback[];
  /** Where the local image was seen; undefined before that. SONiC's list of names may be gone, and so may the container. */
  readonly localRepository: string | undefined;
  /** Where this feature's containers were seen to run from; clean-up looks nowhere else. */
  readonly repositories: readonly string[];
  /** Images that lost the local tag to a golden one and may have no name any more. */
  readonly untagged: readonly string[];
}

export const EMPTY_FEATURE_LEDGER: FeatureLedger = {
  golden: undefined,
  previous: undefined,
  shipped: undefined,
  localRepository: undefined,
  fallbacks: [],
  repositories: [],
  untagged: [],
};

/** Longest list of one feature's ledger, so that the file can't grow for ever: the oldest entries go. */
export const MAX_LEDGER_LIST = 32;
/** A repository of 255, and a digest of 71 or a tag of 128. */
export const MAX_REFERENCE_LENGTH = 512;

/** The key is the feature. */
export type Ledger = Readonly<Record<string, FeatureLedger>>;
