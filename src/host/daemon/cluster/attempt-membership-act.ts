/** The daemon's own joining and leaving, once. */
import { CtrkitError } from '../../../contract/errors.ts';
import { hasSomethingToLeave } from '../../../decide/cluster/membership.ts';
import { joinCluster } from '../../membership/join.ts';
import { leaveCluster } from '../../membership/leave.ts';
import type { MembershipPorts } from '../../membership/membership-ports.ts';
import { readMembership } from '../../membership/read-membership.ts';

/**
 * Returns why the act failed, one line; undefined if it is done. `openPorts` is called for each use of the databases, because
 * they may have been opened anew meanwhile. Throws for a defect only.
 */
export async function attemptMembershipAct(
  kind: 'join' | 'leave',
  openPorts: () => MembershipPorts,
): Promise<string | undefined> {
  try {
    return await (kind === 'join' ? attemptJoin(openPorts()) : attemptLeave(openPorts));
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
    return error.message;
  }
}

async function attemptJoin(ports: MembershipPorts): Promise<string | undefined> {
  const outcome = await joinCluster({ isForced: false, configPath: undefined }, ports);
  if (outcome.kind === 'joined') ports.report(outcome.text);
  return outcome.kind === 'refused' ? outcome.text : undefined;
}

async function attemptLeave(openPorts: () => MembershipPorts): Promise<string | undefined> {
  const ports = openPorts();
  const outcome = await leaveCluster({ isForced: false, disable: false }, ports);
  if (outcome.kind === 'refused') return outcome.text;
  // Without this check the daemon would find something to leave and leave again, without a pause.
  const { status } = await readMembership(openPorts());
  if (hasSomethingToLeave(status)) return 'it was done, and something is still there: ctrkit kube status';
  if (outcome.kind === 'left') ports.report('the switch has left its master');
  return undefined;
}
