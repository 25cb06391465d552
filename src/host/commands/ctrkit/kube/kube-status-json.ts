/** What `ctrkit kube status --json` prints. */
import type { MasterConfig } from '../../../../contract/cluster/master-config.ts';
import { toPlainLine } from '../../../../text/printable.ts';
import type { KubeStatus } from './kube-status-text.ts';

/** `--json`, stable: null is what nobody knows. `last_update_ts` is seconds since the epoch. */
export function encodeKubeStatus({ rows, nodeName, isJoined, isDaemonRunning, problems }: KubeStatus) {
  return {
    server: rows === undefined ? null : encodeServer(rows.config),
    node_name: nodeName,
    is_joined: isJoined,
    is_connected: rows?.status.isConnected ?? null,
    is_reachable: rows?.status.isReachable ?? null,
    last_update_ts: rows?.update.wallS ?? null,
    features: rows?.features ?? null,
    is_database_read: rows !== undefined,
    is_daemon_running: isDaemonRunning,
    problems: problems.map((text) => toPlainLine(text)),
  };
}

const encodeServer = ({ ip, port, isDisabled, isInsecure }: MasterConfig) => ({
  ip,
  port,
  is_disabled: isDisabled,
  is_insecure: isInsecure,
});
