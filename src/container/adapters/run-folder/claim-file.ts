import { decodeStoredClaim, encodeStoredClaim } from '../../../contract/gate/claim-file.ts';
import type { ClaimFile } from '../../../ports/claim-file.ts';
import { readIfThere, removeIfThere, writeWhole } from './files.ts';

export const CLAIM_FILE = 'claim.json';

/** `claim.json` in `folder`; `containerStart` tells this start of the container from an earlier one. */
export function claimFileIn(folder: string, containerStart: string): ClaimFile {
  const path = `${folder}/${CLAIM_FILE}`;
  return {
    read() {
      const claim = decodeStoredClaim(readIfThere(path));
      return claim?.containerStart === containerStart ? claim : undefined;
    },
    write: (claim) => writeWhole(folder, CLAIM_FILE, encodeStoredClaim(claim), 0o600),
    remove: () => removeIfThere(path),
  };
}
