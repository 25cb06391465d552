import { startUnitCommand } from '../../../../text/operator-commands.ts';
import { encodeAsciiJson } from '../../../../text/printable.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { readKubeRows } from './kube-rows.ts';
import { encodeKubeStatus } from './kube-status-json.ts';
import { renderKubeStatus, type KubeStatus } from './kube-status-text.ts';

export interface KubeStatusOptions {
  readonly json: boolean;
  readonly redisUrl: string;
}

/** `ctrkit kube status`. Returns the exit code: 0 also where the database or the daemon is away. Throws CtrkitError('usage'). */
export async function showKubeStatus(
  { json, redisUrl }: KubeStatusOptions,
  ports: CtrkitPorts,
): Promise<number> {
  const { terminal } = ports;
  const status = await readKubeStatus(redisUrl, ports);
  terminal.write(json ? `${encodeAsciiJson(encodeKubeStatus(status))}\n` : renderKubeStatus(status));
  if (!json) for (const problem of status.problems) terminal.report(problem);
  return EXIT.ok;
}

async function readKubeStatus(redisUrl: string, ports: CtrkitPorts): Promise<KubeStatus> {
  const { tools, files } = await ports.openMembership(new AbortController().signal, 'read');
  const rows = await readKubeRows(redisUrl, ports, files);
  const daemon = ports.view.read(ports.clock.bootId());
  return {
    rows: 'found' in rows ? rows.found : undefined,
    nodeName: tools.nodeName,
    isJoined: files.hasJoined(),
    kubeletConfigPath: files.kubeletConfigPath,
    isDaemonRunning: 'found' in daemon,
    problems: [
      ...('problem' in rows ? [rows.problem] : [...rows.found.problems, ...rows.found.config.faults]),
      ...('problem' in daemon
        ? [`${daemon.problem}: ${startUnitCommand('ctrkitd')} starts it`]
        : daemon.found.problems),
    ],
  };
}
