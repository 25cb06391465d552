/** `ctrkit kube reset` (HLD, "config kube join/reset"). */
import { EXIT } from '../../../../contract/exit-codes.ts';
import { leaveCluster } from '../../../membership/leave.ts';
import type { MembershipPorts } from '../../../membership/membership-ports.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { runMembershipAct } from './run-membership-act.ts';

const DISABLED_NOW =
  'the server is disabled now, so that ctrkitd does not join (config save keeps that over a reboot). To join again: config kubernetes server disable off';

/** `isForced`: also where an operator has locked a feature. Returns the exit code. Throws CtrkitError('database' | 'cluster' | 'disk' | 'usage'). */
export function runKubeReset(isForced: boolean, ports: CtrkitPorts, redisUrl: string): Promise<number> {
  const { report } = ports.terminal;
  return runMembershipAct({
    ports,
    redisUrl,
    describeInterrupt,
    run: async (membership) => {
      const outcome = await leaveCluster({ isForced, disable: true }, membership);
      switch (outcome.kind) {
        case 'not-joined':
          report(`the switch has not joined${outcome.isDisabled ? `; ${DISABLED_NOW}` : ''}`);
          return EXIT.ok;
        case 'refused':
          report(outcome.text);
          return EXIT.refused;
        case 'left':
          report(`left the master; ${DISABLED_NOW}`);
          if (outcome.left.length > 0) report(`${outcome.left.length} to be done by hand, see above`);
          return outcome.left.length === 0 ? EXIT.ok : EXIT.refused;
      }
    },
  });
}

function describeInterrupt({ files }: Pick<MembershipPorts, 'files'>): string {
  const state = files.hasJoined()
    ? 'The switch is still a node of its master; features that were restarted run locally'
    : 'The switch has left its master, but what it was joined by is not all removed';
  return `${state}. To go on: ctrkit kube reset; ctrkitd does so by itself, where it runs, once the server is disabled`;
}
