/**
 * May this container's application start? The table of contract.md, section 3, for owner kube (HLD, "Kubernetes
 * cluster unreachable impacts"; SONiC: container_startup.py). Owner local is not asked: it always goes.
 */
import type { BootTime } from '../../contract/timestamps.ts';
import { decideHandshake } from './handshake.ts';
import { describeUncomparable, findHold } from './hold-reasons.ts';
import { describeIdentity, findLiveHolder, isSelf, type Holder } from './live-holder.ts';
import { findSuperseded } from './superseded.ts';
import type { Candidate, Progress, StartupDecision, StartupSnapshot, Waiting } from './startup-types.ts';

export function decideStartup(
  { config, status, labels, heartbeat }: StartupSnapshot,
  self: Candidate,
  progress: Progress,
  now: BootTime,
): StartupDecision {
  const { feature, version, token } = self;
  const holder = findLiveHolder(status, heartbeat, now);
  const other = holder !== undefined && !isSelf(holder, self) ? holder : undefined;
  const note = describeUncomparable(version, other);
  const requeueAtMs = other?.liveUntilMs;
  const { systemState, containerVersion, remoteState, pendingToken } = status;
  const hold = findHold({ feature, version, config, systemState, labels, other });
  // The wait begins anew after a hold: what happened meanwhile is not held against this container.
  if (hold !== undefined)
    return { verdict: { kind: 'hold', ...hold }, progress: { kind: 'new' }, requeueAtMs, note };
  const superseded =
    progress.kind === 'new'
      ? undefined
      : findSuperseded({ version, status: { containerVersion, remoteState }, other, progress, now });
  if (superseded !== undefined) {
    const text = `${superseded.text}. It goes on when that one has stopped`;
    const verdict = { kind: 'hold', reason: 'superseded', text } as const;
    return { verdict, progress: superseded.progress, requeueAtMs: superseded.requeueAtMs, note };
  }
  const handshake = decideHandshake({
    self: { feature, version, token },
    status: { containerVersion, remoteState, pendingToken },
    holder,
    other,
    waiting: progress.kind === 'waiting' ? progress : beginWait(other),
    now,
  });
  return { requeueAtMs, ...handshake, note };
}

const beginWait = (other: Holder | undefined): Waiting => ({
  kind: 'waiting',
  holderAtStart: describeIdentity(other),
  holderVersionAtStart: other?.version ?? '',
  isAnnounced: false,
  foreignReadySinceMs: undefined,
});
