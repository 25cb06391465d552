import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostClusterTools } from '../src/host/adapters/cluster-tools/cluster-tools.ts';
import { acquireMembershipLock } from '../src/host/adapters/cluster-tools/membership-lock.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../src/host/adapters/service/service-command.ts';
import type { MembershipSide } from '../src/host/commands/ctrkit/reading/ports.ts';
import { readMembershipSettings } from '../src/host/membership/settings.ts';

interface MembershipSideOptions {
  readonly stateDir: string;
  readonly signal: AbortSignal;
  /** Empty for the default. */
  readonly restartCommand: string;
}

/** What joins and leaves, for the command and for the daemon. Throws CtrkitError('usage'). */
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
    pause: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
    takeTurn: () => acquireMembershipLock(stateDir, () => tools.isAtWork()),
  };
}
