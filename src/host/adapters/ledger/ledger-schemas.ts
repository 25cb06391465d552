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

const isOnce = (images: readonly { readonly imageId: string }[]): boolean =>
  new Set(images.map(({ imageId: id }) => id)).size === images.length;

/** Golden and previous are two certified images, the shipped one is none of certification; each image has one fallback at most. */
function isConsistent({ golden, previous, shipped, fallbacks }: FeatureLedger): boolean {
  const certified = [golden, previous].filter((image): image is GoldenImage => image !== undefined);
  const isCertified = certified.every(({ source }) => source === 'certified');
  return isCertified && shipped?.source !== 'certified' && isOnce(certified) && isOnce(fallbacks);
}

interface Images {
  readonly golden?: GoldenImage | undefined;
  readonly previous?: GoldenImage | undefined;
  readonly shipped?: GoldenImage | undefined;
}

/** An earlier release kept the shipped image in the place of a certified one. */
function moveShipped({ golden, previous, shipped }: Images): Pick<FeatureLedger, keyof Images> {
  const isShipped = (image: GoldenImage | undefined): boolean => image?.source === 'shipped';
  const moved = [golden, previous].find((image) => isShipped(image));
  return {
    golden: isShipped(golden) ? undefined : golden,
    previous: isShipped(previous) ? undefined : previous,
    shipped: shipped ?? moved,
  };
}

export const FEATURE = v.pipe(
  v.object({
    golden: v.optional(GOLDEN),
    failedGolden: v.optional(GOLDEN),
    previous: v.optional(GOLDEN),
    shipped: v.optional(GOLDEN),
    fallbacks: createListSchema(FALLBACK),
    localRepository: v.optional(createTextSchema(isRepository)),
    repositories: createListSchema(createTextSchema(isRepository)),
    untagged: createListSchema(imageId),
  }),
  v.transform(({ golden, failedGolden, previous, shipped, localRepository, ...rest }): FeatureLedger => ({
    ...moveShipped({ golden: golden ?? failedGolden, previous, shipped }),
    localRepository,
    ...rest,
  })),
  v.check(isConsistent),
);
