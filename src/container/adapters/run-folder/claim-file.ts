import { removeIfExists } from '../../../adapters/disk/replace-file.ts';
import { decodeStoredClaim, encodeStoredClaim } from '../../../contract/gate/claim-file.ts';
import type { ClaimFile } from '../../../ports/claim-file.ts';
import { readIfExists, writeAtomically } from './files.ts';

export const CLAIM_FILE = 'claim.json';

/** The claim file `claim.json` in `folder`. A claim of another `containerStart` is of an earlier start of the container. */
export function createClaimFile(folder: string, containerStart: string): ClaimFile {
  const path = `${folder}/${CLAIM_FILE}`;
  return {
    read() {
      const claim = decodeStoredClaim(readIfExists(path));
      return claim?.containerStart === containerStart ? claim : undefined;
    },
    write: (claim) => writeAtomically(folder, CLAIM_FILE, encodeStoredClaim(claim), 0o600),
    remove: () => removeIfExists(path),
  };
}
