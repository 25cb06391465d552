/**
 * May this container's application start? The table of contract.md, section 3, for owner kube (HLD, "Kubernetes
 * cluster unreachable impacts"; SONiC: container_startup.py). Owner local is not asked: it always goes.
 */
import { findEarliest } from '../../contract/timestamps.ts';
import { decideHandshake } from './handshake.ts';
import { describeUncomparable, findHold, type Hold } from './hold-reasons.ts';
import { describeIdentity, findLiveHolder, isSelf, type Holder } from './live-holder.ts';
import { findLostRecord, type LostRecord } from './lost-record.ts';
import { findSuperseded, recognizeHolder } from './superseded.ts';
import type { Progress, StartupDecision, StartupInput, Waiting } from './startup-types.ts';

/** While another holder is live the gate looks twice in each of its intervals: an outage of one interval is never missed. */
const LOOKS_PER_INTERVAL = 2;
/** A holder may promise absurd intervals, and a gate sends at most five commands a second; milliseconds. */
const SHORTEST_LOOK_MS = 200;
/** A look may be as late as this for reasons of the own machine; milliseconds. */
const SHORTEST_LATENESS_MS = 1_000;

type Verdict = Pick<StartupDecision, 'verdict' | 'progress' | 'requeueAtMs'>;

/** What the rows say of who runs: the live holder, the same if it is another container, and whether a record may be lost. */
interface Findings {
  readonly holder: Holder | undefined;
  readonly other: Holder | undefined;
  readonly lost: LostRecord | undefined;
}

export function decideStartup(input: StartupInput): StartupDecision {
  const { snapshot, self, observation, now } = input;
  const { status, heartbeat } = snapshot;
  const holder = findLiveHolder(status, heartbeat, now, observation);
  const other = holder !== undefined && !isSelf(holder, self) ? holder : undefined;
  const lost = findLostRecord({ status, heartbeat, self, observation, now });
  const { requeueAtMs, ...decision } = decideVerdict(input, { holder, other, lost });
  const pace = findPace(other, lost);
  return {
    ...decision,
    requeueAtMs: findEarliest([requeueAtMs, other?.liveUntilMs, pace && now.bootMs + pace.lookEveryMs]),
    lookByMs: pace && now.bootMs + Math.max(SHORTEST_LATENESS_MS, pace.intervalMs),
    note: describeUncomparable(self.version, other),
  };
}

function decideVerdict(
  { snapshot, self, progress: before, now }: StartupInput,
  { holder, other, lost }: Findings,
): Verdict {
  const { config, status, labels } = snapshot;
  const { feature, version } = self;
  const progress = before.kind === 'new' ? before : recognizeHolder(before, other);
  // The wait begins anew after a hold: what happened meanwhile is not held against this container.
  const hold = findHold({ feature, version, config, systemState: status.systemState, labels, other });
  if (hold !== undefined) return planHold(hold, { kind: 'new' }, undefined);
  // Who asks after the claim of this gate, whose answer was late, has asked beside a holder.
  const isFree = progress.kind === 'new' || holder?.token === self.token;
  const superseded = isFree ? undefined : findSuperseded({ self, status, other, progress, now });
  if (superseded !== undefined) {
    const text = `${superseded.text}. It goes on when that one has stopped`;
    return planHold({ reason: 'superseded', text }, superseded.progress, superseded.requeueAtMs);
  }
  if (lost !== undefined) {
    const verdict = { kind: 'wait', announce: 'nothing', text: lost.text } as const;
    return { verdict, progress: keepWait(progress), requeueAtMs: lost.untilMs };
  }
  const waiting = progress.kind === 'waiting' ? progress : beginWait(other, now.bootMs);
  return {
    requeueAtMs: undefined,
    ...decideHandshake({ self, status, holder, other, waiting, now }),
  };
}

const planHold = (hold: Hold, progress: Progress, requeueAtMs: number | undefined): Verdict => ({
  verdict: { kind: 'hold', ...hold },
  progress,
  requeueAtMs,
});

/**
 * While a record may be lost, a wait that knows no holder has not begun: whoever records itself again was there before this
 * gate asked, and is the holder to be replaced.
 */
const keepWait = (progress: Progress): Progress =>
  progress.kind === 'waiting' && progress.holderAtStart !== '' ? progress : { kind: 'new' };

const beginWait = (other: Holder | undefined, nowMs: number): Waiting => ({
  kind: 'waiting',
  beganMs: nowMs,
  holderAtStart: describeIdentity(other),
  holderVersionAtStart: other?.version ?? '',
  isAnnounced: false,
  foreignReadySinceMs: undefined,
  asksAgain: 0,
});

/** How often an outage could hide the renewal of somebody's lease. A holder of the shipped kit has none that could run out. */
const findPace = (
  other: Holder | undefined,
  lost: LostRecord | undefined,
): Pick<LostRecord, 'intervalMs' | 'lookEveryMs'> | undefined =>
  other?.liveUntilMs === undefined
    ? lost
    : {
        intervalMs: other.intervalMs,
        lookEveryMs: Math.max(SHORTEST_LOOK_MS, other.intervalMs / LOOKS_PER_INTERVAL),
      };
