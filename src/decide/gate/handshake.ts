/** Rows 8 to 10 of the gate's table (contract.md, section 3): ask the host with `pending`, start on its `ready`. */
import { decideBackoffMs, type BackoffTiming } from '../../contract/backoff.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import type { FeatureStatus } from '../../contract/feature/feature.ts';
import type { Holder } from './live-holder.ts';
import type { Candidate, StartupDecision, Waiting } from './startup-types.ts';

/** States of `remote_state` that `pending` may replace, because nobody waits for them (D6: also the empty state). */
const REPLACEABLE = new Set(['', 'none', 'running', 'stopped']);
/**
 * A `ready` for another container is not replaced before this: that container claims within milliseconds if it is alive. The
 * longest one is more than a poll: where the server sends no events, gates that asked in turns would all miss their answers.
 */
const FOREIGN_READY_GRACE: BackoffTiming = { firstMs: 500, longestMs: 8_000 };
/** While a live holder runs, no container may start anyway: the containers that wait must not wake the host in turns. */
const FOREIGN_READY_GRACE_BESIDE_HOLDER_MS = 10_000;

export interface HandshakeInput {
  readonly self: Pick<Candidate, 'feature' | 'version' | 'token'>;
  readonly status: Pick<FeatureStatus, 'containerVersion' | 'remoteState' | 'pendingToken'>;
  /** The live holder. */
  readonly holder: Holder | undefined;
  /** The live holder, if it is another container. */
  readonly other: Holder | undefined;
  readonly waiting: Waiting;
  readonly now: BootTime;
}

type HandshakeDecision = Pick<StartupDecision, 'verdict' | 'progress'> &
  Partial<Pick<StartupDecision, 'requeueAtMs'>>;

export const isReplaceable = (remoteState: string): boolean => REPLACEABLE.has(remoteState);

export function decideHandshake(input: HandshakeInput): HandshakeDecision {
  const { self, status, holder, other, waiting } = input;
  // The claim was written, but the confirmation was lost with the connection.
  if (holder?.token === self.token) return { verdict: { kind: 'go' }, progress: waiting };
  const isAnnounced = status.containerVersion === self.version;
  if (status.remoteState !== 'ready') {
    const announce = isReplaceable(status.remoteState) ? 'pending' : isAnnounced ? 'nothing' : 'version';
    const text = `waiting for the host's answer: STATE_DB FEATURE|${self.feature} remote_state`;
    return planWait(input, announce, text);
  }
  if (status.pendingToken !== '' && status.pendingToken !== self.token) return decideForeignReady(input);
  if (other === undefined) return { verdict: { kind: 'go' }, progress: waiting };
  return planWait(input, 'nothing', `the host is ready; waiting for container ${other.dockerId} to stop`);
}

/** The host's `ready` is for another container, which may be about to claim, or may be gone. */
function decideForeignReady(input: HandshakeInput): HandshakeDecision {
  const { other, waiting, now } = input;
  const sinceMs = waiting.foreignReadySinceMs ?? now.bootMs;
  const { asksAgain } = waiting;
  const graceMs =
    other === undefined
      ? decideBackoffMs(FOREIGN_READY_GRACE, asksAgain + 1)
      : FOREIGN_READY_GRACE_BESIDE_HOLDER_MS;
  const graceOverAtMs = sinceMs + graceMs;
  if (now.bootMs >= graceOverAtMs) {
    const again = planWait(input, 'pending', "the host's answer was for another container: asking again");
    return { ...again, progress: { ...again.progress, asksAgain: asksAgain + 1 } };
  }
  const { verdict, progress } = planWait(input, 'nothing', "the host's answer is for another container");
  return {
    verdict,
    progress: { ...progress, foreignReadySinceMs: sinceMs },
    requeueAtMs: Math.min(graceOverAtMs, other?.liveUntilMs ?? Infinity),
  };
}

function planWait(
  { self, status, waiting }: HandshakeInput,
  announce: 'nothing' | 'version' | 'pending',
  text: string,
) {
  const isAnnounced = status.containerVersion === self.version || announce !== 'nothing';
  return {
    verdict: { kind: 'wait', announce, text },
    progress: {
      ...waiting,
      isAnnounced: waiting.isAnnounced || isAnnounced,
      foreignReadySinceMs: undefined,
    },
  } as const;
}
