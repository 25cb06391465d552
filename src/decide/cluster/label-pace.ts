/** How soon a label may be written again that did not stay written: refused, or written over by somebody else. */
import { decideBackoffMs, type BackoffTiming } from '../../loop/backoff.ts';

interface LabelTry {
  readonly value: string | undefined;
  /** How often this value was written in a row. */
  readonly count: number;
  /** Boot clock. */
  readonly lastMs: number;
  /** The server's reason; undefined if it took it. */
  readonly refusal: string | undefined;
  /** The reason is no word about this label: it could not do it then. */
  readonly isFailed: boolean;
}

/** By key. */
export type LabelTries = ReadonlyMap<string, LabelTry>;

/** At most as long as it takes until all is compared anew anyway. */
const BACKOFF: BackoffTiming = { firstMs: 2_000, longestMs: 300_000 };
/** One that has held for so long says nothing any more. */
const FORGET_AFTER_MS = 900_000;

export interface NewTry {
  readonly key: string;
  readonly value: string | undefined;
  readonly refusal?: string | undefined;
  readonly isFailed?: boolean;
}

export function noteTry(
  tries: LabelTries,
  { key, value, refusal, isFailed = false }: NewTry,
  nowMs: number,
): LabelTries {
  const before = tries.get(key);
  const isSame = before !== undefined && before.value === value && nowMs < before.lastMs + FORGET_AFTER_MS;
  const next = new Map([...tries].filter(([, { lastMs }]) => nowMs < lastMs + FORGET_AFTER_MS));
  return next.set(key, { value, count: isSame ? before.count + 1 : 1, lastMs: nowMs, refusal, isFailed });
}

/** Boot clock: when this may be written; not after `nowMs` if at once. A value that is new is always written. */
export function findTryMs(
  tries: LabelTries,
  { key, value }: Pick<NewTry, 'key' | 'value'>,
  nowMs: number,
): number {
  const last = tries.get(key);
  if (last === undefined || last.value !== value) return nowMs;
  if (last.refusal !== undefined && !last.isFailed) return last.lastMs + BACKOFF.longestMs;
  return last.lastMs + decideBackoffMs(BACKOFF, last.count);
}
