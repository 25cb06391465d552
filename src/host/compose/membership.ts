import { hostname } from 'node:os';
import { HostAdminConfigSource } from '../adapters/cluster-tools/admin-config-source.ts';
import { HostClusterTools } from '../adapters/cluster-tools/cluster-tools.ts';
import { HostMembershipFiles } from '../adapters/cluster-tools/membership-files.ts';
import { acquireMembershipLock } from '../adapters/cluster-tools/membership-lock.ts';
import { moveAdminConfig } from '../adapters/cluster-tools/move-admin-config.ts';
import { UNFINISHED_SUFFIX, UnfinishedMark } from '../adapters/cluster-tools/unfinished-mark.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../adapters/service/service-command.ts';
import type { MembershipSide } from '../membership/membership-ports.ts';
import { placeAdminConfig, readMembershipSettings } from '../membership/settings.ts';

export interface MembershipSideOptions {
  /** The place that counts. */
  readonly stateDir: string;
  /** Where the locks are. */
  readonly runDir: string;
  /** Of the one process on this host that joins or leaves. */
  readonly lockName: string;
  readonly signal: AbortSignal;
  /** Empty for the default. */
  readonly restartCommand: string;
  /** What is odd about the files, one line for people, each once. */
  readonly warn: (text: string) => void;
}

/** What joins and leaves, for `ctrkit kube` and for the daemon. Throws CtrkitError('usage'). */
export function buildMembershipSide({
  stateDir,
  runDir,
  lockName,
  signal,
  restartCommand,
  warn,
}: MembershipSideOptions): MembershipSide {
  const words = parseRestartCommand(restartCommand || DEFAULT_RESTART_COMMAND);
  const settings = placeAdminConfig(readMembershipSettings(process.env, hostname), stateDir);
  const { adminConfigPath, oldAdminConfigPath: oldPath } = settings;
  const mark = new UnfinishedMark(
    `${adminConfigPath}${UNFINISHED_SUFFIX}`,
    oldPath === undefined ? undefined : `${oldPath}${UNFINISHED_SUFFIX}`,
  );
  const warned = new Set<string>();
  const warnOnce = (text: string): void => {
    if (!warned.has(text)) warn(text);
    warned.add(text);
  };
  return {
    tools: new HostClusterTools(settings, mark),
    files: new HostMembershipFiles(settings, mark),
    adminConfigs: new HostAdminConfigSource(settings),
    service: new ServiceCommand(words, undefined, signal),
    acquireLock: async () => {
      const release = await acquireMembershipLock({ folder: runDir, subject: lockName }, () =>
        mark.isAtWork(),
      );
      if (release !== undefined) for (const problem of moveAdminConfig(settings)) warnOnce(problem);
      return release;
    },
  };
}
