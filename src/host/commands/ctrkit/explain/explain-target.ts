/** Which image a fallback starts, by version, and why that one. */
import { decodeConfig, decodeStatus } from '../../../../contract/feature/feature.ts';
import { localVersionLabel } from '../../../../contract/cluster/feature-labels.ts';
import type { EngineImage } from '../../../../contract/images/engine.ts';
import { LOCAL_TAG, shortImageId } from '../../../../contract/images/image.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../contract/images/ledger.ts';
import { findStandingRung, listRungs, NO_FACTS, type Rung } from '../../../../decide/images/ladder.ts';
import { findLocalImage, findLocalVersion } from '../../../../decide/images/local-image.ts';
import { findLocalTarget, type LocalTarget } from '../../../../decide/images/local-target.ts';
import {
  findView,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';

/** Nothing where the feature can't fall back, or where the engine has not said what images there are. */
export function explainTarget(rows: FeatureRows, snapshot: ExplainSnapshot): Explanation[] {
  const { setOwner, noFallbackToLocal } = decodeConfig(rows.config.values);
  const { feature, images, ledger, localRepository } = snapshot;
  if (setOwner !== 'kube' || noFallbackToLocal || rows.policy.isDisabled || 'problem' in images) return [];
  const known = 'found' in ledger ? ledger.found : EMPTY_FEATURE_LEDGER;
  const rungs = listRungs(known, { ...NO_FACTS, imageIds: new Set(images.found.map(({ id }) => id)) });
  const local = findLocalImage(images.found, localRepository);
  const target = findLocalTarget(
    {
      feature,
      rungs,
      tagNewAsLocal: rows.policy.tagNewAsLocal,
      local,
      localVersion: findLocalVersion(local?.tags ?? [], localRepository, readLocalVersion(rows, feature)),
      ledger: known,
    },
    findReplacedId(rows, snapshot),
  );
  const text =
    'why' in target
      ? `a fallback has nothing to start: ${target.why}`
      : `a fallback starts ${describeTarget(target, images.found, known)}, ${describeReason(target, rungs, rows.policy.tagNewAsLocal)}${describeTag(target, local, localRepository)}`;
  return [{ topic: 'fallback', text, values: [] }];
}

const readLocalVersion = (rows: FeatureRows, feature: string): string => {
  const label = localVersionLabel(feature);
  return rows.labels.find(({ values }) => values[label])?.values[label] ?? '';
};

/** The image that Kubernetes runs would be the one that fails. */
const findReplacedId = (rows: FeatureRows, snapshot: ExplainSnapshot): string | undefined =>
  decodeStatus(rows.status.values).currentOwner === 'kube' ? findView(snapshot)?.imageId : undefined;

function describeTarget(
  { imageId, version }: LocalTarget,
  images: readonly EngineImage[],
  ledger: FeatureLedger,
): string {
  const { tags = [], digests = [] } = images.find(({ id }) => id === imageId) ?? {};
  const recorded = listRungs(ledger, NO_FACTS).find(({ image }) => image.imageId === imageId);
  const listed = [...tags, ...digests];
  const names = listed.length > 0 ? listed : (recorded?.image.references ?? []);
  return `version ${version} (${[...names, shortImageId(imageId)].join(', ')})`;
}

function describeReason(
  { rung, imageId }: LocalTarget,
  rungs: readonly Rung[],
  tagNewAsLocal: boolean,
): string {
  const standing = findStandingRung(rungs);
  switch (rung) {
    case 'golden':
      return 'the golden one';
    case 'previous':
      return 'the golden one before: the one that runs, or has failed, is no way back';
    case 'local':
      return 'the local image; which one the switch came with is not known';
    case 'shipped': {
      if (standing === undefined || standing.image.imageId === imageId)
        return 'the shipped local image: no better one stands';
      const why = tagNewAsLocal
        ? 'that is the image that runs'
        : 'tag_new_as_local is false, so the shipped image is the only local one';
      return `the shipped local image, not the golden version ${standing.image.version}: ${why}`;
    }
  }
}

const describeTag = (
  { imageId }: LocalTarget,
  local: EngineImage | undefined,
  localRepository = '',
): string => (imageId === local?.id ? '' : `; ctrkitd tags it as ${localRepository}:${LOCAL_TAG} before`);
