import type { StoredClaim } from '../contract/gate/claim-file.ts';

/** The claim that the gate leaves for the agent of the same container. */
export interface ClaimFile {
  /** Undefined if there is none, or none of this start of the container. */
  readonly read: () => StoredClaim | undefined;
  /** Whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (claim: StoredClaim) => void;
  readonly remove: () => void;
}
