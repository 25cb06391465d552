/** Leaving the cluster: features fall back first, only then the node is taken out (HLD, "config kube join/reset"). */
import { removeLockCommand } from '../../text/operator-commands.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { FeatureLock } from '../../contract/feature/lock.ts';
import { planDisable } from '../../contract/cluster/master-config.ts';
import { decideLock } from '../../decide/feature/decide-lock.ts';
import { hasSomethingToLeave } from '../../decide/cluster/membership.ts';
import { planDisconnect, type LeaveAction } from '../../decide/cluster/membership-leave.ts';
import { fallBackFeature, readLeaveAction } from './fall-back-feature.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { findFailure, withProgress } from './progress.ts';
import { readMembership } from './read-membership.ts';

export interface LeaveOptions {
  /** Leaves even where an operator has locked a feature that the leave changes. */
  readonly isForced: boolean;
  /** Writes `disable` to CONFIG_DB first, so that the daemon does not join again. */
  readonly disable: boolean;
}

export type LeaveOutcome =
  /** `isDisabled`: `disable` was written all the same, because a server is configured. */
  | { readonly kind: 'not-joined'; readonly isDisabled: boolean }
  | { readonly kind: 'refused'; readonly text: string }
  /** `left`: what an operator has to do by hand, a line each; all of it has been reported. */
  | { readonly kind: 'left'; readonly left: readonly string[] };

interface PlannedFeature {
  readonly feature: string;
  readonly action: LeaveAction;
}

/**
 * Each act is idempotent, and what is still to be done is read from rows, files and services alone: a leave that was cut short
 * anywhere goes on with the next one. Throws CtrkitError('database' | 'cluster' | 'disk').
 */
export async function leaveCluster(options: LeaveOptions, ports: MembershipPorts): Promise<LeaveOutcome> {
  const { store, tools, clock } = ports;
  const { config, status } = await readMembership(ports);
  if (!hasSomethingToLeave(status)) {
    const isDisabled =
      options.disable && !config.isDisabled && (config.ip !== '' || config.faults.length > 0);
    if (isDisabled) await store.write([], [planDisable(true)]);
    return { kind: 'not-joined', isDisabled };
  }
  // Checked before any service is restarted.
  const obstacle = tools.findObstacle('reset');
  if (obstacle !== undefined) throw new CtrkitError('cluster', obstacle);
  const planned = await readPlannedFeatures(ports);
  const refusal = options.isForced ? undefined : findLock(planned, ports);
  if (refusal !== undefined) return { kind: 'refused', text: refusal };
  reportPlan(planned, ports);
  await store.write([], [...(options.disable ? [planDisable(true)] : []), planDisconnect(clock.wallMs())]);
  return { kind: 'left', left: await carryOutPlan(planned, ports) };
}

/** The features that leaving changes. */
async function readPlannedFeatures(ports: MembershipPorts): Promise<PlannedFeature[]> {
  const planned: PlannedFeature[] = [];
  for (const feature of await ports.listFeatures()) {
    const { action } = await readLeaveAction(feature, ports);
    if (action.kind !== 'stays') planned.push({ feature, action });
  }
  return planned;
}

/** Why an operator's lock forbids the leave; undefined if none does. */
function findLock(
  planned: readonly PlannedFeature[],
  { locks, clock }: Pick<MembershipPorts, 'locks' | 'clock'>,
): string | undefined {
  let found: readonly FeatureLock[];
  try {
    found = locks.list().locks;
  } catch (error) {
    return planned.length === 0
      ? undefined
      : `the locks can't be read: ${(error as Error).message}; every feature counts as locked`;
  }
  const now = readTimestamps(clock);
  for (const { feature } of planned) {
    const lock = found.find((candidate) => candidate.feature === feature);
    const verdict = lock === undefined ? undefined : decideLock(lock, now);
    if (verdict?.kind === 'active')
      return `${feature} is ${verdict.text}. To lift it: ${removeLockCommand(feature)}; to leave all the same: ctrkit kube reset --force`;
  }
  return undefined;
}

function reportPlan(planned: readonly PlannedFeature[], { report }: Pick<MembershipPorts, 'report'>): void {
  const listNames = (kind: LeaveAction['kind']): string =>
    planned.flatMap(({ feature, action }) => (action.kind === kind ? [feature] : [])).join(', ');
  const [restarted, down] = [listNames('fall-back'), listNames('goes-down')];
  report(restarted === '' ? 'no feature has to be restarted' : `restarted, to run locally: ${restarted}`);
  if (down !== '') report(`they go down, as no_fallback_to_local is true: ${down}`);
}

/** Returns what an operator has to do by hand, a line each. */
async function carryOutPlan(planned: readonly PlannedFeature[], ports: MembershipPorts): Promise<string[]> {
  const left: string[] = [];
  const record = (problem: string | undefined): void => {
    if (problem === undefined) return;
    left.push(problem);
    ports.warn(problem);
  };
  // The features are restarted one after the other: a switch has few cores, and traffic to forward.
  for (const { feature, action } of planned)
    if (action.kind === 'fall-back') record(await fallBackFeature(feature, ports));
  record(await takeOutNode(ports));
  return left;
}

/** Returns what an operator has to do by hand; undefined if nothing. */
async function takeOutNode(ports: MembershipPorts): Promise<string | undefined> {
  const { tools, files, signal } = ports;
  await withProgress('the node is taken out of the cluster', ports, () => tools.reset(signal));
  if (files.hasJoined())
    throw new CtrkitError(
      'cluster',
      `the tool has ended well, but ${files.kubeletConfigPath} is still there: look at CTRKIT_RESET_COMMAND and CTRKIT_KUBELET_CONF`,
    );
  // kubelet has nothing to do any more, and would be started in vain with each boot.
  const failure = await findFailure(() => tools.enableKubelet(false, signal));
  // The last act: as long as the file is there, the leave is not done.
  files.removeAdminConfig();
  // A node's own credentials don't let it delete its Node object.
  ports.report(
    `the server still has the node ${tools.nodeName}, and counts its pods as unavailable, until somebody removes it there: kubectl delete node ${tools.nodeName}`,
  );
  return failure === undefined ? undefined : `kubelet may start with the next boot: ${failure}`;
}
