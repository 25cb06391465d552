/** When a label may be written again that did not stay written: the API server refused it, or somebody else overwrote it. */
import { decideBackoffMs, type BackoffTiming } from '../../contract/backoff.ts';

interface LabelTry {
  readonly value: string | undefined;
  /** How often this value was written in a row. */
  readonly count: number;
  /** Boot clock. */
  readonly lastMs: number;
  /** The API server's reason; undefined if it accepted the write. */
  readonly refusal: string | undefined;
  /** The reason is not about this label: the API server could not write anything just then. */
  readonly isFailed: boolean;
}

/** The last writes, by the label's key. */
export type LabelTries = ReadonlyMap<string, LabelTry>;

/** At most as long as it takes until all labels are compared anew anyway. */
const BACKOFF: BackoffTiming = { firstMs: 2_000, longestMs: 300_000 };
/** A label that stayed written for so long says nothing any more. */
const FORGET_AFTER_MS = 900_000;

/** A label's key, and its value; undefined: the label is removed. */
export interface LabelValue {
  readonly key: string;
  readonly value: string | undefined;
}

export interface LabelTryResult extends LabelValue {
  readonly refusal?: string | undefined;
  readonly isFailed?: boolean;
}

export function recordLabelTry(
  tries: LabelTries,
  { key, value, refusal, isFailed = false }: LabelTryResult,
  nowMs: number,
): LabelTries {
  const last = tries.get(key);
  const isSame = last !== undefined && last.value === value && nowMs < last.lastMs + FORGET_AFTER_MS;
  const next = new Map([...tries].filter(([, { lastMs }]) => nowMs < lastMs + FORGET_AFTER_MS));
  return next.set(key, { value, count: isSame ? last.count + 1 : 1, lastMs: nowMs, refusal, isFailed });
}

/** Boot clock: when this write is due; `nowMs` or earlier means at once. A new value is always due. */
export function findNextTryMs(tries: LabelTries, { key, value }: LabelValue, nowMs: number): number {
  const last = tries.get(key);
  if (last === undefined || last.value !== value) return nowMs;
  if (last.refusal !== undefined && !last.isFailed) return last.lastMs + BACKOFF.longestMs;
  return last.lastMs + decideBackoffMs(BACKOFF, last.count);
}

/** Why the API server refused this value the last time; undefined if it did not. */
export function findRefusal(tries: LabelTries, { key, value }: LabelValue): string | undefined {
  const last = tries.get(key);
  return last?.value === value ? last?.refusal : undefined;
}
