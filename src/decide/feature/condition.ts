/** What a feature's condition can be (contract.md, section 8, "Fallback"). */
import type { FailureCause } from '../../contract/feature/daemon-view.ts';

/** `text` is one line for people; `requeueAtMs`, boot clock, is when time alone may change the condition. */
export type FeatureCondition = { readonly text: string; readonly requeueAtMs: number | undefined } & (
  | { readonly kind: 'healthy'; readonly imageId: string }
  /** `imageId` is empty for `not-deployed`. */
  | { readonly kind: 'failing'; readonly imageId: string; readonly cause: FailureCause }
  /**
   * `imageId` is empty unless the container of an image of Kubernetes is there. `isBlind`: nothing could be seen at this
   * instant, so that it neither adds to anything nor ends anything.
   */
  | { readonly kind: 'neutral'; readonly imageId: string; readonly isBlind: boolean }
  /** Somebody runs the feature whose health nothing tells: another engine, an unknown id, the shipped kit. */
  | { readonly kind: 'unknown'; readonly imageId: string }
);

/** `imageId` is empty unless the container of an image of Kubernetes is there. */
export const createNeutral = (text: string, imageId = '', requeueAtMs?: number): FeatureCondition => ({
  kind: 'neutral',
  imageId,
  isBlind: false,
  text,
  requeueAtMs,
});

/** The world can't be seen: see `isBlind`. */
export const createBlind = (text: string): FeatureCondition => ({
  kind: 'neutral',
  imageId: '',
  isBlind: true,
  text,
  requeueAtMs: undefined,
});

/** `why` is what keeps it from being judged. */
export const createUnknown = (why: string, imageId = ''): FeatureCondition => ({
  kind: 'unknown',
  imageId,
  text: `it can't be judged: ${why}`,
  requeueAtMs: undefined,
});

/** `imageId` is empty for `not-deployed`. */
export const createFailing = (
  imageId: string,
  cause: FailureCause,
  text: string,
  requeueAtMs: number | undefined,
): FeatureCondition => ({ kind: 'failing', imageId, cause, text, requeueAtMs });
