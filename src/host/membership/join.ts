/** Joining the cluster (HLD, "Proposed behavior at high level": kube_join). */
import { CtrkitError } from '../../contract/errors.ts';
import { describeServer, planDisable, type MasterConfig } from '../../contract/cluster/master-config.ts';
import type { MembershipStatus } from '../../decide/cluster/membership.ts';
import { decideJoin } from '../../decide/cluster/membership-join.ts';
import { checkAdminConfig, type AdminConfig } from './admin-config.ts';
import { leaveCluster, type LeaveOutcome } from './leave.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { assertNotInterrupted, findFailure, withProgress } from './progress.ts';
import { readMembership } from './read-membership.ts';

export interface JoinOptions {
  /** Joins even where the switch has joined already: it leaves first. */
  readonly isForced: boolean;
  /** A file to join by; undefined: the admin configuration is fetched from the server. */
  readonly configPath: string | undefined;
}

export type JoinOutcome =
  | { readonly kind: 'refused'; readonly text: string }
  /** `left`: what an operator has to do by hand, a line each; all of it has been reported. */
  | { readonly kind: 'joined'; readonly text: string; readonly left: readonly string[] };

/** A join that was cut short can be done again from the start. Throws CtrkitError('database' | 'cluster' | 'disk'). */
export async function joinCluster(options: JoinOptions, ports: MembershipPorts): Promise<JoinOutcome> {
  const { tools, files } = ports;
  const { config, status } = await readMembership(ports);
  const decision = decideJoin(config, status, options.isForced);
  if (decision.kind === 'refuse') return { kind: 'refused', text: decision.text };
  assertTools(status, ports);
  // Before anything is touched: without a configuration there is no join.
  const admin = await readAdminConfig(options, config, ports);
  const left: string[] = [];
  if (decision.isAnew) {
    const outcome = await leaveFirst(ports);
    if (outcome.kind === 'refused') return outcome;
    if (outcome.kind === 'left') left.push(...outcome.left);
  } else if (status.isUnfinished) await resetUnfinished(ports);
  assertNotInterrupted(ports);
  files.writeAdminConfig(admin.text);
  left.push(...(await runJoin(admin, ports)));
  return { kind: 'joined', text: `joined ${admin.server} as node ${tools.nodeName}`, left };
}

/** Returns what an operator has to do by hand, a line each. */
async function runJoin(admin: AdminConfig, ports: MembershipPorts): Promise<string[]> {
  const { tools, files, signal } = ports;
  // Before the join: where the join is done, nothing is left to do.
  const failure = await findFailure(() => tools.enableKubelet(true, signal));
  const left = failure === undefined ? [] : [`kubelet does not start with the next boot: ${failure}`];
  for (const problem of left) ports.warn(problem);
  await withProgress(`${tools.nodeName} joins ${admin.server}`, ports, () =>
    tools.join(admin.secrets, signal),
  );
  if (!files.hasJoined())
    throw new CtrkitError(
      'cluster',
      `the tool has ended well, but there is no ${files.kubeletConfigPath}: look at CTRKIT_JOIN_COMMAND and CTRKIT_KUBELET_CONF`,
    );
  return left;
}

function assertTools(
  { isJoined, isUnfinished }: Pick<MembershipStatus, 'isJoined' | 'isUnfinished'>,
  { tools }: Pick<MembershipPorts, 'tools'>,
): void {
  const obstacle =
    tools.findObstacle('join') ?? (isJoined || isUnfinished ? tools.findObstacle('reset') : undefined);
  if (obstacle !== undefined) throw new CtrkitError('cluster', obstacle);
}

/** An earlier join was cut short. What it left on the host would keep the tool from joining. */
async function resetUnfinished(ports: MembershipPorts): Promise<void> {
  const { tools, files, signal } = ports;
  const path = files.findStaticPod();
  if (path !== undefined)
    throw new CtrkitError(
      'cluster',
      `what an earlier join left can't be taken away without ${path}, which somebody else has put there: move it away first`,
    );
  await withProgress('what an earlier join left is taken away', ports, () => tools.reset(signal));
}

async function readAdminConfig(
  { configPath }: Pick<JoinOptions, 'configPath'>,
  config: MasterConfig,
  ports: MembershipPorts,
): Promise<AdminConfig> {
  const { adminConfigs, signal, warn } = ports;
  if (configPath !== undefined) return checkAdminConfig(adminConfigs.readAdminConfig(configPath), config);
  if (config.isInsecure)
    warn(`insecure is on: whoever answers at ${describeServer(config)} becomes the master of this switch`);
  const answer = await withProgress(`asking ${describeServer(config)}`, ports, () =>
    adminConfigs.fetchAdminConfig(config, signal),
  );
  return checkAdminConfig(answer, config);
}

/** The server is disabled during the leave: the daemon must not join it, nor bring labels to a node that is being left. */
async function leaveFirst(ports: MembershipPorts): Promise<LeaveOutcome> {
  const enable = (): Promise<unknown> => ports.store.write([], [planDisable(false)]);
  let outcome: LeaveOutcome;
  try {
    outcome = await leaveCluster({ isForced: false, disable: true }, ports);
  } catch (error) {
    // Otherwise the switch would stay away for good, which no operator has asked for.
    const failure = await findFailure(async () => void (await enable()));
    if (failure !== undefined)
      ports.warn(
        `the server stays disabled (${failure}). To enable it: config kubernetes server disable off`,
      );
    throw error;
  }
  if (outcome.kind === 'left') await enable();
  return outcome;
}
