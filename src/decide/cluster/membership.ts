/**
 * Is this switch to join its cluster now, or to leave it? (HLD, "config kube join/reset"; SONiC: ctrmgrd joins by itself once
 * a server is configured.)
 */
import { describeServer, type MasterConfig } from '../../contract/cluster/master-config.ts';
import { decideBackoffMs } from '../../contract/backoff.ts';
import { describeDuration } from '../../text/duration-text.ts';

type JoinConfig = Pick<MasterConfig, 'ip' | 'port' | 'isDisabled' | 'faults'>;

export interface MembershipStatus {
  /** kubelet has its own configuration, which a join writes. */
  readonly isJoined: boolean;
  /** STATE_DB says that this switch is a node; undefined as long as nobody has said. */
  readonly isConnected: boolean | undefined;
  /** STATE_DB says that the API server answers; undefined as long as nobody has said. */
  readonly isReachable: boolean | undefined;
  /** A join or a leave has begun and is not done. */
  readonly isUnfinished: boolean;
  /** The server of CONFIG_DB that the switch joined by, as `describeServer` writes it; undefined if nobody knows. */
  readonly joinedServer: string | undefined;
}

/** What this daemon has tried since KUBERNETES_MASTER|SERVER last changed. */
export interface MembershipHistory {
  /** Boot clock: when this configuration was first read. */
  readonly sinceMs: number;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Boot clock: when the last attempt failed. */
  readonly lastFailureMs: number;
  /** In [0, 1), another one on each switch: a fleet whose power returns must not join at one instant. */
  readonly jitter: number;
}

export interface MembershipTiming {
  /** The first join is no sooner after the boot: until then the switch starts its features. */
  readonly joinLatencyOnBootMs: number;
  readonly retryJoinMs: number;
}

/** The values of the file that SONiC ships (sonic.md, "remote_ctr.config.json"). */
export const DEFAULT_MEMBERSHIP_TIMING: MembershipTiming = {
  joinLatencyOnBootMs: 300_000,
  retryJoinMs: 30_000,
};

export type MembershipDecision =
  | { readonly kind: 'join' | 'leave'; readonly text: string }
  /** The daemon does nothing by itself: an operator has to decide. */
  | { readonly kind: 'ask-operator'; readonly text: string }
  /** `requeueAtMs`: boot clock, when time alone changes the decision; undefined if it does not. */
  | { readonly kind: 'nothing'; readonly text: string; readonly requeueAtMs: number | undefined };

/** A server that does not answer for hours is asked at least this often. */
const LONGEST_RETRY_MS = 600_000;

export function decideMembership(
  config: JoinConfig,
  status: MembershipStatus,
  history: MembershipHistory,
  { timing, nowMs }: { readonly timing: MembershipTiming; readonly nowMs: number },
): MembershipDecision {
  const desired = decideWithoutTiming(config, status);
  if (desired.kind === 'nothing' || desired.kind === 'ask-operator') return desired;
  const dueMs = findDueMs(desired.kind, history, timing);
  if (nowMs >= dueMs) return desired;
  const again = history.failures === 0 ? '' : ' again';
  const text = `${desired.text}; it does${again} in ${describeDuration(dueMs - nowMs)}`;
  return { kind: 'nothing', text, requeueAtMs: dueMs };
}

/** What is to be done sooner or later. */
function decideWithoutTiming(config: JoinConfig, status: MembershipStatus): MembershipDecision {
  if (config.isDisabled)
    return hasSomethingToLeave(status)
      ? { kind: 'leave', text: 'the server is disabled, and the switch has not left it yet' }
      : doNothing('the server is disabled: it stays away');
  if (status.isJoined)
    return (
      findServerChange(config, status) ??
      doNothing(
        status.isReachable === false
          ? 'it has joined; the server does not answer now, kubelet goes on trying'
          : 'it has joined',
      )
    );
  if (config.ip === '')
    return doNothing(
      config.faults.length === 0 ? 'no server is configured' : `no server: ${config.faults.join(', ')}`,
    );
  // Somebody made this switch a node in another way.
  if (status.isConnected === true)
    return doNothing('it is connected already, though not by a join that is known here');
  return { kind: 'join', text: `the switch is to join ${describeServer(config)}` };
}

/** Another server was configured after the join. Going over to it restarts features, which nobody has asked for. */
function findServerChange(
  config: Pick<MasterConfig, 'ip' | 'port'>,
  { joinedServer }: MembershipStatus,
): MembershipDecision | undefined {
  const wanted = describeServer(config);
  if (joinedServer === undefined || config.ip === '' || joinedServer === wanted) return undefined;
  return {
    kind: 'ask-operator',
    text: `the switch has joined by ${joinedServer}, and ${wanted} is configured now. To go over to it: ctrkit kube join --force`,
  };
}

/** True after a leave that was cut short: the next leave goes on with it. */
export const hasSomethingToLeave = ({ isJoined, isUnfinished, isConnected }: MembershipStatus): boolean =>
  isJoined || isUnfinished || isConnected === true;

/**
 * Boot clock. After the boot, and after a change of the configuration, each switch waits a time of its own: a tool may have
 * configured the whole fleet at once. After a failure it waits the retry time, and double that with each further failure.
 */
function findDueMs(
  kind: 'join' | 'leave',
  { sinceMs, failures, lastFailureMs, jitter }: MembershipHistory,
  { joinLatencyOnBootMs, retryJoinMs }: MembershipTiming,
): number {
  if (failures > 0) {
    const longestMs = Math.max(LONGEST_RETRY_MS, retryJoinMs);
    const waitMs = decideBackoffMs({ firstMs: retryJoinMs, longestMs }, failures);
    return lastFailureMs + waitMs * (1 + jitter / 2);
  }
  // An operator waits for a leave, and a leave is no load on the API server.
  if (kind === 'leave') return sinceMs;
  return Math.max(joinLatencyOnBootMs * (1 + jitter / 2), sinceMs + retryJoinMs * jitter);
}

const doNothing = (text: string): MembershipDecision => ({ kind: 'nothing', text, requeueAtMs: undefined });
