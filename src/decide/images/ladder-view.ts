/** The ladder as the daemon's view has it, and what is wrong with it. */
import type { FeatureView, RungView } from '../../contract/feature/daemon-view.ts';
import { shortImageId } from '../../contract/images/image.ts';
import type { Rung } from './ladder.ts';
import { isLadderUsed, isPinned, type PinsInput } from './pins.ts';
import { listSources } from './restore.ts';

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
  const missing = isLadderUsed({ policy, ledger }) ? rungs.filter(({ isThere }) => !isThere) : [];
  return { ladder, problems: missing.map((rung) => describeMissing(feature, rung, policy)) };
}

function describeMissing(
  feature: string,
  { name, image, hasFailed }: Rung,
  { restoreGolden }: PinsInput['policy'],
): string {
  const { imageId, version } = image;
  const what = `${feature}: the ${name} image ${shortImageId(imageId)}, version ${version}, is not on this switch any more`;
  const [source] = listSources(image);
  if (hasFailed) return `${what}; it has failed, so nothing needs it now`;
  if (source === undefined) return `${what}, and came from no registry. To bring it back: docker load it`;
  if (restoreGolden) return `${what}; ctrkitd pulls it again from ${source}`;
  return `${what}. To bring it back: docker pull ${source}, or set CONFIG_DB IMAGE_MGMT restore_golden to true`;
}
