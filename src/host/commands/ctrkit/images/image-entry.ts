/** One image as `ctrkit images` shows it. */
import {
  matchesIdOrName,
  RUNNING_STATES,
  type EngineContainer,
  type EngineImage,
} from '../../../../contract/images/engine.ts';
import { decodeStatus } from '../../../../contract/feature/feature.ts';
import { shortImageId } from '../../../../contract/images/image.ts';
import type { FeatureLedger } from '../../../../contract/images/ledger.ts';
import type { RungName } from '../../../../decide/images/ladder.ts';
import type { CleanUpEntry, CleanUpPlan } from '../../../../decide/images/clean-up.ts';
import type { FeatureRows } from '../reading/explain-item.ts';
import { listMissingRungs } from './missing-rungs.ts';
import { findOpenFallback } from '../../../../decide/images/ledger-changes.ts';
import { listBlocks } from '../../../../decide/gate/version-blocks.ts';

export interface EngineListing {
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

type Mark = RungName | 'failed' | 'running' | 'blocked' | 'missing';

const RUNGS: readonly RungName[] = ['golden', 'previous', 'shipped'];

/** Stable: part of what `--json` prints. */
export interface ImageEntry {
  readonly image_id: string;
  readonly short_id: string;
  /** Empty where it is not known. */
  readonly version: string;
  readonly references: readonly string[];
  readonly size_bytes: number;
  readonly created_ts: number;
  readonly marks: readonly Mark[];
  readonly clean_up: { readonly action: 'remove' | 'keep'; readonly reason: string };
}

export interface ImageSources {
  readonly feature: string;
  readonly plan: CleanUpPlan;
  readonly rows: FeatureRows;
  readonly ledger: FeatureLedger;
  readonly engine: EngineListing;
}

/** The ladder first, from the highest rung on; then the newest image first. */
export function describeImages(sources: ImageSources): ImageEntry[] {
  const { plan, engine, ledger } = sources;
  const unlisted = findUnlisted(sources);
  const missing = listMissingRungs(ledger, engine.images);
  return [...plan.entries, ...(unlisted === undefined ? [] : [unlisted]), ...missing]
    .map((entry) => {
      const image = engine.images.find(({ id }) => id === entry.imageId);
      return describeImage(entry, image, listMarks(entry, sources));
    })
    .toSorted((a, b) => findPlace(a) - findPlace(b) || b.created_ts - a.created_ts);
}

/** Behind all rungs for an image that is on none. */
const findPlace = ({ marks }: ImageEntry): number => {
  const place = RUNGS.findIndex((rung) => marks.includes(rung));
  return place < 0 ? RUNGS.length : place;
};

const describeImage = (
  { imageId, versionText, references, action, reason }: CleanUpEntry,
  image: EngineImage | undefined,
  marks: readonly Mark[],
): ImageEntry => ({
  image_id: imageId,
  short_id: shortImageId(imageId),
  version: versionText,
  references,
  size_bytes: image?.sizeBytes ?? 0,
  created_ts: image?.createdTs ?? 0,
  marks,
  clean_up: { action, reason },
});

/** The image that runs, if it is of a repository that ctrkitd has not seen yet, so that clean-up passes it over. */
function findUnlisted({ rows, plan, engine }: ImageSources): CleanUpEntry | undefined {
  const { dockerId, containerVersion } = decodeStatus(rows.status.values);
  if (dockerId === '') return undefined;
  const container = engine.containers.find((listed) => matchesIdOrName(listed, dockerId));
  if (container === undefined || plan.entries.some(({ imageId }) => imageId === container.imageId))
    return undefined;
  const image = engine.images.find(({ id }) => id === container.imageId);
  return {
    imageId: container.imageId,
    references: image === undefined ? [container.image] : [...image.tags, ...image.digests],
    versionText: containerVersion,
    action: 'keep',
    steps: [],
    reason: 'of a repository where clean-up does not look yet',
  };
}

function listMarks({ imageId, versionText }: CleanUpEntry, sources: ImageSources): Mark[] {
  const { ledger, engine, feature, rows } = sources;
  const blocked = new Set(listBlocks(feature, rows.labels).map(({ version }) => version));
  const isRunning = engine.containers.some(
    (container) => container.imageId === imageId && RUNNING_STATES.has(container.state),
  );
  return [
    ...RUNGS.filter((rung) => ledger[rung]?.imageId === imageId),
    ...(findOpenFallback(ledger, imageId) === undefined ? [] : ['failed' as const]),
    ...(isRunning ? ['running' as const] : []),
    ...(engine.images.some(({ id }) => id === imageId) ? [] : ['missing' as const]),
    ...(versionText.split(', ').some((version) => blocked.has(version)) ? ['blocked' as const] : []),
  ];
}
