/** What an entry of the ledger may hold. An unknown field is left out: a newer ctrkit may have written it. */
import * as v from 'valibot';
import { isImageId, isRepository } from '../../../contract/images/image.ts';
import {
  MAX_LEDGER_LIST,
  MAX_REFERENCE_LENGTH,
  type FeatureLedger,
  type GoldenImage,
} from '../../../contract/images/ledger.ts';
import { isVersion } from '../../../contract/names.ts';
import { MAX_REASON_LENGTH } from '../../../text/printable.ts';

const createTextSchema = (isLegal: (found: string) => boolean) => v.pipe(v.string(), v.check(isLegal));
const imageId = createTextSchema(isImageId);
const version = createTextSchema(isVersion);
const line = v.pipe(v.string(), v.maxLength(MAX_REASON_LENGTH), v.regex(/^[ -~]*$/));
const count = v.pipe(v.number(), v.finite(), v.minValue(0));

const createListSchema = <const Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.maxLength(MAX_LEDGER_LIST));

const GOLDEN = v.object({
  imageId,
  references: createListSchema(v.pipe(v.string(), v.maxLength(MAX_REFERENCE_LENGTH), v.regex(/^[!-~]+$/))),
  version,
  source: v.picklist(['certified', 'shipped']),
  sinceTs: count,
});

const FALLBACK = v.object({
  imageId,
  version,
  reason: line,
  sinceTs: count,
  bootId: line,
  bootMs: count,
  isDone: v.boolean(),
});

const DUTIES = v.object({
  tagAsLocal: v.boolean(),
  removeLocalContainer: v.boolean(),
  cleanUp: v.boolean(),
});

const isOnce = (images: readonly { readonly imageId: string }[]): boolean =>
  new Set(images.map(({ imageId: id }) => id)).size === images.length;

/** The previous image is another than the golden one; each image has one fallback at most, and the golden one none. */
function isConsistent({ golden, previous, fallbacks }: FeatureLedger): boolean {
  const kept = [golden, previous].filter((image): image is GoldenImage => image !== undefined);
  return isOnce(kept) && isOnce(fallbacks) && !fallbacks.some(({ imageId: id }) => id === golden?.imageId);
}

export const FEATURE = v.pipe(
  v.object({
    golden: v.optional(GOLDEN),
    previous: v.optional(GOLDEN),
    duties: DUTIES,
    fallbacks: createListSchema(FALLBACK),
    repositories: createListSchema(createTextSchema(isRepository)),
    untagged: createListSchema(imageId),
  }),
  v.transform(({ golden, previous, ...rest }): FeatureLedger => ({ golden, previous, ...rest })),
  v.check(isConsistent),
);
