/** Row 7 of the gate's table (contract.md, section 3): another container asked after this one, or has started first. */
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import { isReplaceable } from './handshake.ts';
import { describeIdentity, type Holder } from './live-holder.ts';
import type { Candidate, Superseded, Waiting } from './startup-types.ts';

/** The shipped kit writes its version shortly before its `pending`. */
const ANNOUNCEMENT_MS = 500;
/** If the other container has not claimed after this time, this container asks again. */
const SUPERSEDED_WITHOUT_CLAIM_MS = 180_000;
/**
 * The host has answered, and the answer is for this container: one of ours asks again within 8 s, if it is alive, and one of
 * the shipped kit, which names nobody, claims on any answer, and asks for it every few seconds.
 */
const SUPERSEDED_WITH_ANSWER_MS = 10_000;

export interface SupersededInput {
  /** The identity of this container. */
  readonly self: Pick<Candidate, 'version' | 'token'>;
  readonly status: Pick<FeatureStatus, 'containerVersion' | 'remoteState' | 'pendingToken'>;
  /** The live holder, if it is another container. */
  readonly other: Holder | undefined;
  readonly progress: Waiting | Superseded;
  readonly now: BootTime;
}

export interface SupersededFinding {
  /** Part of a line: which container, and what it did. */
  readonly text: string;
  readonly progress: Superseded;
  /** Boot clock: when time alone may change this; undefined if it does not. */
  readonly requeueAtMs: number | undefined;
}

/**
 * Who has claimed before the wait began was there before it, and is the one to be replaced, though nobody or another one was
 * on record: the record was lost, and its agent has written it again.
 */
export const recognizeHolder = <T extends Waiting | Superseded>(progress: T, other: Holder | undefined): T =>
  other?.claimedMs === undefined || other.claimedMs >= progress.beganMs
    ? progress
    : { ...progress, holderAtStart: describeIdentity(other), holderVersionAtStart: other.version };

/** Undefined if this container is not superseded, or is no longer. */
export function findSuperseded(input: SupersededInput): SupersededFinding | undefined {
  const { self, status, other, progress, now } = input;
  const { holderAtStart, holderVersionAtStart } = progress;
  const next = continueSuperseded(input);
  if (other !== undefined && describeIdentity(other) !== holderAtStart)
    return {
      text: `container ${other.dockerId}, version ${other.version}, was let in first`,
      progress: next,
      requeueAtMs: other.liveUntilMs,
    };
  const isAnnounced = progress.kind === 'superseded' || progress.isAnnounced;
  const isOverwritten =
    isAnnounced && status.containerVersion !== '' && status.containerVersion !== self.version;
  const isReplacing = isReplaceable(status.remoteState);
  // The old holder may have recorded itself again after a database came back empty: that is not a new request. But where the
  // host was asked for another container, that one may have the old holder's version: two would write theirs in turns.
  const isOldHolders =
    status.containerVersion === holderVersionAtStart && (isReplacing || status.pendingToken === self.token);
  const graceMs = isReplacing ? ANNOUNCEMENT_MS : SUPERSEDED_WITHOUT_CLAIM_MS;
  const untilMs = Math.min(next.sinceMs + graceMs, (next.answeredMs ?? Infinity) + SUPERSEDED_WITH_ANSWER_MS);
  const isOver = progress.kind === 'superseded' && now.bootMs >= untilMs;
  if (!isOverwritten || isOldHolders || isOver) return undefined;
  return {
    text: `another container, version ${status.containerVersion}, asked to run after this one`,
    progress: next,
    requeueAtMs: untilMs,
  };
}

function continueSuperseded({ self, status, progress, now }: SupersededInput): Superseded {
  const { beganMs, holderAtStart, holderVersionAtStart } = progress;
  const { sinceMs, answeredMs = now.bootMs } =
    progress.kind === 'superseded' ? progress : { sinceMs: now.bootMs, answeredMs: undefined };
  const isAnswered = status.remoteState === 'ready' && status.pendingToken === self.token;
  const start = { beganMs, holderAtStart, holderVersionAtStart };
  return { kind: 'superseded', sinceMs, answeredMs: isAnswered ? answeredMs : undefined, ...start };
}
