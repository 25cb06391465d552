import type { StoredClaim } from '../contract/gate/claim-file.ts';

/** The file by which the gate passes its claim to the agent of the same container. */
export interface ClaimFile {
  /** Returns undefined if there is no claim of this start of the container. Throws CtrkitError('defect') if unreadable. */
  readonly read: () => StoredClaim | undefined;
  /** Writes the claim, whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (claim: StoredClaim) => void;
  readonly remove: () => void;
}
