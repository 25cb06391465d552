/**
 * What the rung of the running image says about its certification (contract.md, section 8, "The ladder"): golden moves down
 * only where Kubernetes runs a lower image, which somebody has deployed, never by a fallback.
 */
import type { CertificationVerdict } from '../../contract/feature/daemon-view.ts';
import type { FeatureConfig, FeatureStatus } from '../../contract/feature/feature.ts';
import { shortImageId } from '../../contract/images/image.ts';
import { findStandingRung, type Rung } from './ladder.ts';

export type RankVerdict = Extract<CertificationVerdict, { kind: 'golden' | 'own-rung' }>;

export interface RankInput {
  /** The image that runs; undefined if none does, or if it is not known. */
  readonly imageId: string | undefined;
  readonly currentOwner: FeatureStatus['currentOwner'];
  readonly setOwner: FeatureConfig['setOwner'];
  readonly rungs: readonly Rung[];
}

/** Undefined where the time that the image is healthy decides. */
export function decideRank({ imageId, currentOwner, setOwner, rungs }: RankInput): RankVerdict | undefined {
  if (imageId === undefined) return undefined;
  const image = `image ${shortImageId(imageId)}`;
  const rung = rungs.find((listed) => listed.image.imageId === imageId);
  if (rung?.name === 'golden')
    return rung.hasFailed
      ? {
          kind: 'own-rung',
          text: `${image} is the golden one, but has failed or is blocked: it counts once that is lifted`,
        }
      : { kind: 'golden', text: `${image} is golden` };
  if (currentOwner !== 'local') return undefined;
  const standing = findStandingRung(rungs);
  if (standing === undefined) return undefined;
  if (standing === rung)
    return { kind: 'golden', text: `${image} counts as golden: it is the highest rung that stands` };
  // A fallback, or a start in local mode, is no reason to think less of a certified image.
  if (standing.name === 'shipped' || (setOwner !== 'kube' && rung === undefined)) return undefined;
  return {
    kind: 'own-rung',
    text: `${image} runs as the local one only, and is certified for no more than its own rung: version ${standing.image.version} (${shortImageId(standing.image.imageId)}) stays golden`,
  };
}
