import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { createRebootHooks } from '../adapters/reboot/hook-folder.ts';
import { createKubeletUnit } from '../adapters/reboot/kubelet-unit.ts';
import type { RebootMarkStore } from '../../ports/reboot.ts';
import {
  DEFAULT_RESTART_COMMAND,
  findSystemctl,
  parseRestartCommand,
} from '../adapters/service/service-command.ts';
import { readMembershipSettings } from '../membership/settings.ts';
import type { RebootSide } from '../reboot/reboot-ports.ts';

const HOOKS_FOLDER = '/etc/ctrkit/reboot.d';

/** What prepares and finishes a reboot, for `ctrkit reboot` and for the daemon. Throws CtrkitError('usage'). */
export function buildRebootSide(marks: RebootMarkStore, restartCommand: string): RebootSide {
  const { kubeletUnit, kubeletConfigPath } = readMembershipSettings(process.env, hostname);
  const words = parseRestartCommand(restartCommand || DEFAULT_RESTART_COMMAND);
  return {
    marks,
    hooks: createRebootHooks(process.env['CTRKIT_REBOOT_HOOKS'] || HOOKS_FOLDER),
    kubelet: createKubeletUnit(findSystemctl(words), kubeletUnit),
    hasJoined: () => existsSync(kubeletConfigPath),
  };
}
