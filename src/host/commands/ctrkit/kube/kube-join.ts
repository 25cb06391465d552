/** `ctrkit kube join` (HLD, "config kube join/reset"). */
import { EXIT } from '../../../../contract/exit-codes.ts';
import { joinCluster, type JoinOptions } from '../../../membership/join.ts';
import type { MembershipPorts } from '../../../membership/membership-ports.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { runMembershipAct } from './run-membership-act.ts';

/** Returns the exit code. Throws CtrkitError('database' | 'cluster' | 'disk' | 'usage'). */
export function runKubeJoin(options: JoinOptions, ports: CtrkitPorts, redisUrl: string): Promise<number> {
  const { report } = ports.terminal;
  return runMembershipAct({
    ports,
    redisUrl,
    describeInterrupt: (membership) => describeInterrupt(options, membership),
    run: async (membership) => {
      const outcome = await joinCluster(options, membership);
      report(outcome.text);
      if (outcome.kind === 'refused') return EXIT.refused;
      report(
        `${outcome.left.length === 0 ? '' : 'but see above. '}Features whose owner is kube are deployed as the master has them: ctrkit kube status`,
      );
      return outcome.left.length === 0 ? EXIT.ok : EXIT.refused;
    },
  });
}

function describeInterrupt({ isForced }: JoinOptions, { files }: Pick<MembershipPorts, 'files'>): string {
  if (!files.hasJoined())
    return 'The switch has not joined. To go on: ctrkit kube join; ctrkitd does so by itself, where it runs';
  return isForced
    ? 'The switch is a node, of the master before or of the new one. To be sure: ctrkit kube join --force'
    : 'The switch has joined all the same: ctrkit kube status';
}
