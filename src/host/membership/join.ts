/** Joining the master (HLD, "Proposed behavior at high level": kube_join). */
import { CtrkitError } from '../../contract/errors.ts';
import { describeServer, planDisable, type MasterConfig } from '../../contract/cluster/master-config.ts';
import { decideJoin, type MembershipStatus } from '../../decide/cluster/membership.ts';
import { checkAdminConfig, type AdminConfig } from './admin-config.ts';
import { leave, type LeaveOutcome } from './leave.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { assertGoesOn, findFailure, withProgress } from './progress.ts';
import { readMembership } from './read-membership.ts';

export interface JoinOptions {
  /** Also where it has joined already. */
  readonly isForced: boolean;
  /** A file in place of the server's answer; undefined for that. */
  readonly configPath: string | undefined;
}

export type JoinOutcome =
  | { readonly kind: 'refused'; readonly text: string }
  /** `left`: what is to be done by hand, a line each; all of it has been told. */
  | { readonly kind: 'joined'; readonly text: string; readonly left: readonly string[] };

/** Throws CtrkitError('database' | 'cluster' | 'disk'). Once it has begun it can be done again from the start. */
export async function join(options: JoinOptions, ports: MembershipPorts): Promise<JoinOutcome> {
  const { tools, signal } = ports;
  const { config, status } = await readMembership(ports);
  const decision = decideJoin(config, status, options.isForced);
  if (decision.kind === 'refuse') return { kind: 'refused', text: decision.text };
  assertTools(status, ports);
  // First of all: without it nothing is touched.
  const admin = await readAdmin(options, config, ports);
  const left: string[] = [];
  if (decision.isAnew) {
    const outcome = await leaveFirst(ports);
    if (outcome.kind === 'refused') return outcome;
    if (outcome.kind === 'left') left.push(...outcome.left);
  } else if (status.isUnfinished) await clearUp(ports);
  assertGoesOn(ports);
  tools.writeAdminConfig(admin.text);
  // Before the tool: a join that is done leaves nothing to be done.
  const failure = await findFailure(() => tools.enableKubelet(true, signal));
  if (failure !== undefined) {
    left.push(`kubelet does not start with the next boot: ${failure}`);
    ports.warn(left.at(-1) ?? '');
  }
  await withProgress(`${tools.nodeName} joins ${admin.server}`, ports, () =>
    tools.join(admin.secrets, signal),
  );
  if (!tools.hasJoined())
    throw new CtrkitError(
      'cluster',
      `the tool has ended well, but there is no ${tools.kubeletConfigPath}: look at CTRKIT_JOIN_COMMAND and CTRKIT_KUBELET_CONF`,
    );
  return { kind: 'joined', text: `joined ${admin.server} as node ${tools.nodeName}`, left };
}

function assertTools({ isJoined, isUnfinished }: MembershipStatus, { tools }: MembershipPorts): void {
  const obstacle =
    tools.findObstacle('join') ?? (isJoined || isUnfinished ? tools.findObstacle('reset') : undefined);
  if (obstacle !== undefined) throw new CtrkitError('cluster', obstacle);
}

/** An earlier join was cut short: what it has left behind would keep the tool from joining. */
async function clearUp(ports: MembershipPorts): Promise<void> {
  const { tools, signal } = ports;
  const file = tools.findStaticPod();
  if (file !== undefined)
    throw new CtrkitError(
      'cluster',
      `what an earlier join left can't be taken away without ${file}, which somebody else has put there: move it away first`,
    );
  await withProgress('what an earlier join left is taken away', ports, () => tools.reset(signal));
}

async function readAdmin(
  { configPath }: JoinOptions,
  config: MasterConfig,
  ports: MembershipPorts,
): Promise<AdminConfig> {
  const { tools, signal, warn } = ports;
  if (configPath !== undefined) return checkAdminConfig(tools.readAdminConfig(configPath), config);
  if (config.isInsecure)
    warn(`insecure is on: whoever answers at ${describeServer(config)} becomes the master of this switch`);
  const answer = await withProgress(`asking ${describeServer(config)}`, ports, () =>
    tools.fetchAdminConfig(config, signal),
  );
  return checkAdminConfig(answer, config);
}

/** Disabled meanwhile: the daemon must not take it for a node of the master that is being left. */
async function leaveFirst(ports: MembershipPorts): Promise<LeaveOutcome> {
  const enable = (): Promise<unknown> => ports.store.write([], [planDisable(false)]);
  let outcome: LeaveOutcome;
  try {
    outcome = await leave({ isForced: false, disable: true }, ports);
  } catch (error) {
    // Or the switch would stay away for good, and nobody has said that it is to.
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
