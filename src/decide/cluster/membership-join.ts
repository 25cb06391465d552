/** May an operator's join go ahead? (HLD, "config kube join/reset"; contract.md, section 11.) */
import type { MasterConfig } from '../../contract/cluster/master-config.ts';
import type { MembershipStatus } from './membership.ts';

export type JoinDecision =
  /** `isAnew`: the switch has joined already, and has to leave first. */
  | { readonly kind: 'join'; readonly isAnew: boolean }
  /** `text`: one line that says what to do. */
  | { readonly kind: 'refuse'; readonly text: string };

export function decideJoin(
  config: Pick<MasterConfig, 'ip' | 'isDisabled' | 'faults'>,
  { isJoined }: Pick<MembershipStatus, 'isJoined'>,
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
