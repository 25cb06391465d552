/**
 * Is this switch to join its master now, or to leave it? (HLD, "config kube join/reset"; SONiC: ctrmgrd joins by itself once
 * a server is configured.)
 */
import { describeServer, type MasterConfig } from '../../contract/cluster/master-config.ts';
import { decideBackoffMs } from '../../loop/backoff.ts';
import { describeDuration } from '../../text/duration-text.ts';

/** How things stand. */
export interface MembershipStatus {
  /** kubelet has a configuration of its own, which joining gives it. */
  readonly isJoined: boolean;
  /** STATE_DB says so; undefined as long as nobody has said. */
  readonly isConnected: boolean | undefined;
  /** The server answers; undefined as long as nobody has said. */
  readonly isReachable: boolean | undefined;
  /** A join or a leave has begun and is not done. */
  readonly isUnfinished: boolean;
  /** The server of CONFIG_DB by which it has joined, as describeServer has it; undefined if nobody knows. */
  readonly joinedBy: string | undefined;
}

/** What this daemon has tried since the configuration became what it is. */
export interface MembershipHistory {
  /** Boot clock: when this configuration was seen first. */
  readonly sinceMs: number;
  /** Tries in a row that have failed. */
  readonly failures: number;
  /** Boot clock: when the last of them ended. */
  readonly lastFailureMs: number;
  /** In [0, 1), another one on each switch: a fleet that gets its power back must not join at one instant. */
  readonly spread: number;
}

export interface MembershipTiming {
  /** So long after the boot the switch has other things to do. */
  readonly joinLatencyOnBootMs: number;
  readonly retryJoinMs: number;
}

/** Of the file that SONiC ships (sonic.md, "remote_ctr.config.json"). */
export const DEFAULT_MEMBERSHIP_TIMING: MembershipTiming = {
  joinLatencyOnBootMs: 300_000,
  retryJoinMs: 30_000,
};

export type MembershipDecision =
  | { readonly kind: 'join' | 'leave'; readonly text: string }
  /** Not by itself: an operator has to decide. */
  | { readonly kind: 'wrong'; readonly text: string }
  /** `untilMs`: boot clock, when time alone makes it something else; undefined if it does not. */
  | { readonly kind: 'nothing'; readonly text: string; readonly untilMs: number | undefined };

/** A master that is away for hours is asked again this often at least. */
const LONGEST_RETRY_MS = 600_000;

export function decideMembership(
  config: MasterConfig,
  status: MembershipStatus,
  history: MembershipHistory,
  { timing, nowMs }: { readonly timing: MembershipTiming; readonly nowMs: number },
): MembershipDecision {
  const wish = findWish(config, status);
  if (wish.kind === 'nothing' || wish.kind === 'wrong') return wish;
  const dueMs = findDueMs(wish.kind, history, timing);
  if (nowMs >= dueMs) return wish;
  const again = history.failures === 0 ? '' : ' again';
  const text = `${wish.text}; it does${again} in ${describeDuration(dueMs - nowMs)}`;
  return { kind: 'nothing', text, untilMs: dueMs };
}

/** Whatever the time. */
function findWish(config: MasterConfig, status: MembershipStatus): MembershipDecision {
  if (config.isDisabled)
    return isAnythingLeft(status)
      ? { kind: 'leave', text: 'the server is disabled, and the switch has not left it yet' }
      : nothing('the server is disabled: it stays away');
  if (status.isJoined)
    return (
      findDifference(config, status) ??
      nothing(
        status.isReachable === false
          ? 'it has joined; the server does not answer now, kubelet goes on trying'
          : 'it has joined',
      )
    );
  if (config.ip === '')
    return nothing(
      config.faults.length === 0 ? 'no server is configured' : `no server: ${config.faults.join(', ')}`,
    );
  // Somebody has made it a node in another way.
  if (status.isConnected === true)
    return nothing('it is connected already, though not by a join that is known here');
  return { kind: 'join', text: `the switch is to join ${describeServer(config)}` };
}

/** Another server was configured meanwhile: leaving for it restarts features, which nobody has asked for. */
function findDifference(
  config: MasterConfig,
  { joinedBy }: MembershipStatus,
): MembershipDecision | undefined {
  const wanted = describeServer(config);
  if (joinedBy === undefined || config.ip === '' || joinedBy === wanted) return undefined;
  return {
    kind: 'wrong',
    text: `the switch has joined by ${joinedBy}, and ${wanted} is configured now. To go over to it: ctrkit kube join --force`,
  };
}

/** A leave that was cut short leaves something: the next one goes on. */
export const isAnythingLeft = ({ isJoined, isUnfinished, isConnected }: MembershipStatus): boolean =>
  isJoined || isUnfinished || isConnected === true;

/**
 * After the boot, and after a change of the configuration (a tool may have written it to the whole fleet), each switch
 * waits a time of its own. A failure is met again after the retry time, then after double that.
 */
function findDueMs(
  kind: 'join' | 'leave',
  { sinceMs, failures, lastFailureMs, spread }: MembershipHistory,
  { joinLatencyOnBootMs, retryJoinMs }: MembershipTiming,
): number {
  if (failures > 0) {
    const longestMs = Math.max(LONGEST_RETRY_MS, retryJoinMs);
    const waitMs = decideBackoffMs({ firstMs: retryJoinMs, longestMs }, failures);
    return lastFailureMs + waitMs * (1 + spread / 2);
  }
  // Whoever says to leave waits for it, and the master has no work with it.
  if (kind === 'leave') return sinceMs;
  return Math.max(joinLatencyOnBootMs * (1 + spread / 2), sinceMs + retryJoinMs * spread);
}

const nothing = (text: string): MembershipDecision => ({ kind: 'nothing', text, untilMs: undefined });

export type JoinDecision =
  /** `isAnew`: it has joined already, and has to leave first. */
  | { readonly kind: 'join'; readonly isAnew: boolean }
  /** One line that says what to do. */
  | { readonly kind: 'refuse'; readonly text: string };

/** May an operator's join go ahead? (HLD, "config kube join/reset".) */
export function decideJoin(
  config: MasterConfig,
  { isJoined }: MembershipStatus,
  isForced: boolean,
): JoinDecision {
  const refuse = (text: string): JoinDecision => ({ kind: 'refuse', text });
  if (config.faults.length > 0)
    return refuse(
      `CONFIG_DB KUBERNETES_MASTER|SERVER: ${config.faults.join(', ')}. To mend it: config kubernetes server ip ADDRESS`,
    );
  if (config.ip === '')
    return refuse('no server is configured. To name it: config kubernetes server ip ADDRESS');
  if (config.isDisabled)
    return refuse('the server is disabled. To enable it: config kubernetes server disable off');
  if (isJoined && !isForced)
    return refuse(
      'the switch has joined already. To leave it first: ctrkit kube reset; to join anew: --force',
    );
  return { kind: 'join', isAnew: isJoined };
}
