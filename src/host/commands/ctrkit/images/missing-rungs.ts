/** The rungs of the ladder whose images the engine does not have, as entries of `ctrkit images`. */
import type { FeatureLedger } from '../../../../contract/images/ledger.ts';
import type { CleanUpEntry } from '../../../../decide/images/clean-up.ts';
import { listRungs, NO_FACTS } from '../../../../decide/images/ladder.ts';

export const listMissingRungs = (
  ledger: FeatureLedger,
  images: readonly { readonly id: string }[],
): CleanUpEntry[] =>
  listRungs(ledger, NO_FACTS)
    .filter(({ image }) => !images.some(({ id }) => id === image.imageId))
    .map(({ image }) => ({
      imageId: image.imageId,
      references: image.references,
      versionText: image.version,
      action: 'keep',
      steps: [],
      reason: 'it is not on this switch any more',
    }));
