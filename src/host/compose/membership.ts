import { hostname } from 'node:os';
import { HostAdminConfigSource } from '../adapters/cluster-tools/admin-config-source.ts';
import { HostClusterTools } from '../adapters/cluster-tools/cluster-tools.ts';
import { HostMembershipFiles } from '../adapters/cluster-tools/membership-files.ts';
import { acquireMembershipLock } from '../adapters/cluster-tools/membership-lock.ts';
import { UnfinishedMark } from '../adapters/cluster-tools/unfinished-mark.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../adapters/service/service-command.ts';
import type { MembershipSide } from '../membership/membership-ports.ts';
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
  const settings = readMembershipSettings(process.env, hostname);
  const mark = new UnfinishedMark(`${settings.adminConfigPath}.unfinished`);
  return {
    tools: new HostClusterTools(settings, mark),
    files: new HostMembershipFiles(settings, mark),
    adminConfigs: new HostAdminConfigSource(settings),
    service: new ServiceCommand(words, undefined, signal),
    acquireLock: () => acquireMembershipLock(stateDir, () => mark.isAtWork()),
  };
}
