/** Which image a fallback starts: the switch's own local one, which is not always the golden one. */
import { decodeConfig } from '../../../../contract/feature/feature.ts';
import { localVersionLabel } from '../../../../contract/cluster/feature-labels.ts';
import { LOCAL_TAG, shortImageId } from '../../../../contract/images/image.ts';
import { EMPTY_FEATURE_LEDGER } from '../../../../contract/images/ledger.ts';
import { findStanding, NO_FACTS } from '../../../../decide/images/ladder.ts';
import { findOpenFallback } from '../../../../decide/images/ledger-changes.ts';
import { findLocalImage, findLocalStart, type LocalStart } from '../../../../decide/images/local-image.ts';
import type { ExplainSnapshot, Explanation, FeatureRows } from '../reading/explain-item.ts';

/**
 * Nothing where the feature can't fall back, or where the engine has not said what images there are. ctrkitd refuses a
 * fallback without `<local repository>:latest`, and onto an image with an open fallback: then no target is named.
 */
export function explainTarget(rows: FeatureRows, snapshot: ExplainSnapshot): Explanation[] {
  const { setOwner, noFallbackToLocal } = decodeConfig(rows.config.values);
  const { feature, containers, images, ledger, localRepository } = snapshot;
  if (setOwner !== 'kube' || noFallbackToLocal || rows.policy.isDisabled) return [];
  if ('problem' in containers || 'problem' in images) return [];
  const found = 'found' in ledger ? ledger.found : EMPTY_FEATURE_LEDGER;
  const local = findLocalImage(images.found, localRepository);
  if (local === undefined) {
    const missing =
      localRepository === undefined ? 'no local image' : `no image ${localRepository}:${LOCAL_TAG}`;
    return [explainTopic(`a fallback has nothing to start: there is ${missing}`)];
  }
  if (findOpenFallback(found, local.id) !== undefined)
    return [
      explainTopic(`no fallback: the local image ${shortImageId(local.id)} was itself fallen back from`),
    ];
  const label = localVersionLabel(feature);
  const start = findLocalStart({
    feature,
    localRepository,
    containers: containers.found,
    images: images.found,
    ledger: found,
    localVersion: rows.labels.find(({ values }) => values[label])?.values[label] ?? '',
  });
  if (start === undefined) return [];
  return [explainTopic(`a fallback starts ${describeStart(start)}${describeRank(start, rows, snapshot)}`)];
}

const explainTopic = (text: string): Explanation => ({ topic: 'fallback', text, values: [] });

const SOURCES: Readonly<Record<LocalStart['source'], string>> = {
  shipped: 'the shipped local image',
  certified: 'certified here, now the local image',
  unknown: 'the local image of the switch',
};

function describeStart({ version, references, imageId, source }: LocalStart): string {
  const names = [...references, shortImageId(imageId)].join(', ');
  return `version ${version} (${names}), ${SOURCES[source]}`;
}

function describeRank(
  { isGolden, source }: LocalStart,
  { policy }: FeatureRows,
  snapshot: ExplainSnapshot,
): string {
  const { ledger } = snapshot;
  if (isGolden)
    return source === 'certified' ? ' and the golden one' : ', golden until another image is certified';
  const golden = 'found' in ledger ? findStanding(ledger.found, NO_FACTS)?.image : undefined;
  if (golden === undefined) return '';
  const why = policy.tagNewAsLocal ? '' : ' (tag_new_as_local is false)';
  return `, not the golden version ${golden.version}${why}`;
}
