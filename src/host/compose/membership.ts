import { hostname } from 'node:os';
import { HostClusterTools } from '../adapters/cluster-tools/cluster-tools.ts';
import { acquireMembershipLock } from '../adapters/cluster-tools/membership-lock.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../adapters/service/service-command.ts';
import type { MembershipSide } from '../commands/ctrkit/reading/ports.ts';
import { readMembershipSettings } from '../membership/settings.ts';

export interface MembershipSideOptions {
  readonly stateDir: string;
  readonly signal: AbortSignal;
  /** Empty for the default. */
  readonly restartCommand: string;
}

/** What joins and leaves, for `ctrkit kube` and for the daemon. Throws CtrkitError('usage'). */
export function buildMembershipSide({
  stateDir,
  signal,
  restartCommand,
}: MembershipSideOptions): MembershipSide {
  const words = parseRestartCommand(restartCommand || DEFAULT_RESTART_COMMAND);
  const tools = new HostClusterTools(readMembershipSettings(process.env, hostname));
  return {
    tools,
    service: new ServiceCommand(words, undefined, signal),
    takeTurn: () => acquireMembershipLock(stateDir, () => tools.isAtWork()),
  };
}
