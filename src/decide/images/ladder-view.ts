/** The ladder as the daemon's view has it, and what is wrong with it. */
import type { FeatureView, RungView } from '../../contract/feature/daemon-view.ts';
import { shortImageId } from '../../contract/images/image.ts';
import { isLadderUsed, isPinned, type PinsInput } from './pins.ts';

export function describeLadder({
  feature,
  policy,
  ledger,
  rungs,
  pins,
}: Pick<PinsInput, 'feature' | 'policy' | 'ledger' | 'rungs' | 'pins'>): Required<
  Pick<FeatureView, 'ladder' | 'problems'>
> {
  const ladder = rungs.map((rung): RungView => {
    const { name, image, isThere, hasFailed } = rung;
    const { imageId, version } = image;
    return { name, imageId, version, isThere, hasFailed, isPinned: isThere && isPinned(feature, rung, pins) };
  });
  const missing = isLadderUsed({ policy, ledger }) ? ladder.filter(({ isThere }) => !isThere) : [];
  return { ladder, problems: missing.map((rung) => describeMissing(feature, rung)) };
}

const describeMissing = (feature: string, { name, imageId, version }: RungView): string =>
  `${feature}: the ${name} image ${shortImageId(imageId)}, version ${version}, is not on this switch any more`;
