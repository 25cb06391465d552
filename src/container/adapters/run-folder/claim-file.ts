import { removeIfExists } from '../../../adapters/disk/replace-file.ts';
import { decodeStoredClaim, encodeStoredClaim } from '../../../contract/gate/claim-file.ts';
import type { ClaimFile } from '../../../ports/claim-file.ts';
import { readIfExists, writeAtomically } from './files.ts';

export const CLAIM_FILE = 'claim.json';

/** Of the same form: what the gate is about to claim. */
export const CLAIM_INTENT_FILE = 'claiming.json';

/**
 * The claim file `claim.json` in `folder`, or the one that is named. A claim of another `containerStart` is of an earlier start
 * of the container.
 */
export function createClaimFile(folder: string, containerStart: string, name = CLAIM_FILE): ClaimFile {
  const path = `${folder}/${name}`;
  return {
    read() {
      const claim = decodeStoredClaim(readIfExists(path));
      return claim?.containerStart === containerStart ? claim : undefined;
    },
    write: (claim) => writeAtomically(folder, name, encodeStoredClaim(claim), 0o600),
    remove: () => removeIfExists(path),
  };
}
