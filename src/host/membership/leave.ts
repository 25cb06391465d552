/** Leaving the master: features fall back first, only then the node is taken out (HLD, "config kube join/reset"). */
import { readTimestamps } from '../../loop/timestamps.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { FeatureLock } from '../../contract/feature/lock.ts';
import { planDisable } from '../../contract/cluster/master-config.ts';
import { decideLock } from '../../decide/feature/decide-lock.ts';
import { isAnythingLeft } from '../../decide/cluster/membership.ts';
import { planDisconnected, type FeatureFate } from '../../decide/cluster/membership-leave.ts';
import { fallBackFeature, readFate } from './fall-back-feature.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { findFailure, withProgress } from './progress.ts';
import { readMembership } from './read-membership.ts';

export interface LeaveOptions {
  /** Also features that an operator has locked. */
  readonly isForced: boolean;
  /** CONFIG_DB is told first, or the daemon would join again. */
  readonly disable: boolean;
}

export type LeaveOutcome =
  /** `isDisabled`: CONFIG_DB was told all the same, as a server is configured. */
  | { readonly kind: 'not-joined'; readonly isDisabled: boolean }
  | { readonly kind: 'refused'; readonly text: string }
  /** `left`: what is to be done by hand, a line each; all of it has been told. */
  | { readonly kind: 'left'; readonly left: readonly string[] };

type FatedFeature = { readonly feature: string; readonly fate: FeatureFate };

/**
 * Each act can be done again, and what is still to be done is told by the rows, the files and the services alone: a leave that
 * was cut short anywhere goes on with the next one. Throws CtrkitError('database' | 'cluster' | 'disk').
 */
export async function leave(options: LeaveOptions, ports: MembershipPorts): Promise<LeaveOutcome> {
  const { store, tools, clock, say } = ports;
  const { config, status } = await readMembership(ports);
  if (!isAnythingLeft(status)) {
    const isDisabled =
      options.disable && !config.isDisabled && (config.ip !== '' || config.faults.length > 0);
    if (isDisabled) await store.write([], [planDisable(true)]);
    return { kind: 'not-joined', isDisabled };
  }
  // Before any service is restarted for it.
  const obstacle = tools.findObstacle('reset');
  if (obstacle !== undefined) throw new CtrkitError('cluster', obstacle);
  const fates = await readFates(ports);
  const text = options.isForced ? undefined : findLock(fates, ports);
  if (text !== undefined) return { kind: 'refused', text };
  tellFates(fates, say);
  await store.write([], [...(options.disable ? [planDisable(true)] : []), planDisconnected(clock.wallMs())]);
  const left: string[] = [];
  const note = (problem: string | undefined): void => {
    if (problem === undefined) return;
    left.push(problem);
    ports.warn(problem);
  };
  // One after the other: a switch has few cores, and its network to look after.
  for (const { feature, fate } of fates)
    if (fate.kind === 'fall-back') note(await fallBackFeature(feature, ports));
  note(await takeOut(ports));
  return { kind: 'left', left };
}

/** The features that leaving changes. */
async function readFates(ports: MembershipPorts): Promise<FatedFeature[]> {
  const fates: FatedFeature[] = [];
  for (const feature of await ports.listFeatures()) {
    const { fate } = await readFate(feature, ports);
    if (fate.kind !== 'stays') fates.push({ feature, fate });
  }
  return fates;
}

/** Why an operator's lock forbids it. */
function findLock(fates: readonly FatedFeature[], { locks, clock }: MembershipPorts): string | undefined {
  let found: readonly FeatureLock[];
  try {
    found = locks.list().locks;
  } catch (error) {
    return fates.length === 0
      ? undefined
      : `the locks can't be read: ${(error as Error).message}; every feature counts as locked`;
  }
  const now = readTimestamps(clock);
  for (const { feature } of fates) {
    const lock = found.find((one) => one.feature === feature);
    const verdict = lock === undefined ? undefined : decideLock(lock, now);
    if (verdict?.kind === 'active')
      return `${feature} is ${verdict.text}. To lift it: ctrkit lock rm ${feature}; to leave all the same: ctrkit kube reset --force`;
  }
  return undefined;
}

function tellFates(fates: readonly FatedFeature[], say: MembershipPorts['say']): void {
  const named = (kind: FeatureFate['kind']): string =>
    fates.flatMap(({ feature, fate }) => (fate.kind === kind ? [feature] : [])).join(', ');
  const [restarted, down] = [named('fall-back'), named('goes-down')];
  say(restarted === '' ? 'no feature has to be restarted' : `restarted, to run locally: ${restarted}`);
  if (down !== '') say(`they go down, as no_fallback_to_local is true: ${down}`);
}

/** What is left to be done by hand, undefined if nothing is. */
async function takeOut(ports: MembershipPorts): Promise<string | undefined> {
  const { tools, signal } = ports;
  await withProgress('the node is taken out of the cluster', ports, () => tools.reset(signal));
  if (tools.hasJoined())
    throw new CtrkitError(
      'cluster',
      `the tool has ended well, but ${tools.kubeletConfigPath} is still there: look at CTRKIT_RESET_COMMAND and CTRKIT_KUBELET_CONF`,
    );
  // It has nothing to do, and would be started in vain with each boot.
  const failure = await findFailure(() => tools.enableKubelet(false, signal));
  // The last: as long as it is there, the leave is not done.
  tools.removeAdminConfig();
  // A node of least power can't remove its own object.
  ports.say(
    `the server still has the node ${tools.nodeName}, and counts its pods as unavailable, until somebody removes it there: kubectl delete node ${tools.nodeName}`,
  );
  return failure === undefined ? undefined : `kubelet may start with the next boot: ${failure}`;
}
