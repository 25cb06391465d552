/** What `ctrkit kube status` prints for people. */
import { describeServer, type MasterConfig } from '../../../../contract/cluster/master-config.ts';
import type { MasterUpdate } from '../../../../contract/cluster/master-status.ts';
import { toPlainLine } from '../../../../text/printable.ts';
import { describeTime } from '../terminal/local-time.ts';
import type { KubeFeature } from './kube-feature-entry.ts';
import type { KubeRows } from './kube-rows.ts';

export interface KubeStatus {
  /** Undefined while the database is away. */
  readonly rows: KubeRows | undefined;
  readonly nodeName: string;
  readonly isJoined: boolean;
  readonly kubeletConfigPath: string;
  readonly isDaemonRunning: boolean;
  /** A line each. */
  readonly problems: readonly string[];
}

const LABEL_WIDTH = 'reachable'.length;

/** For people, without the problems. */
export function renderKubeStatus({ rows, nodeName, isJoined, kubeletConfigPath }: KubeStatus): string {
  const lines: (readonly [string, string])[] = [
    ['server', rows === undefined ? 'unknown' : renderServer(rows.config)],
    ['node', nodeName],
    ['joined', isJoined ? `yes, by ${kubeletConfigPath}` : 'no'],
    ['connected', renderYesNo(rows?.status.isConnected)],
    ['reachable', `${renderYesNo(rows?.status.isReachable)}${renderLastChange(rows?.update)}`],
    ...renderFeatures(rows),
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}  ${toPlainLine(text)}\n`).join('');
}

function renderServer(config: MasterConfig): string {
  const { ip, isDisabled, isInsecure } = config;
  const server = ip === '' ? 'none' : describeServer(config);
  return `${server}, disable ${isDisabled}, insecure ${isInsecure}`;
}

/** The row is written only when something in it changes. */
function renderLastChange(update: MasterUpdate | undefined): string {
  const time = describeTime(update?.wallS ?? 0) || (update?.localTime ?? '');
  return time === '' ? '' : `, last change ${time}`;
}

function renderFeatures(rows: KubeRows | undefined): (readonly [string, string])[] {
  if (rows === undefined) return [['features', 'unknown']];
  if (rows.features.length === 0) return [['features', 'none is Kubernetes’']];
  return rows.features.map((feature, i) => [i === 0 ? 'features' : '', renderFeature(feature)]);
}

function renderFeature(status: KubeFeature): string {
  const { feature, current_owner: owner, version, remote_state: remoteState } = status;
  const isRun = owner === 'kube' || owner === 'local';
  const runs = isRun ? `run by ${owner}${version === '' ? '' : `, version ${version}`}` : 'run by nobody';
  const details = [
    ...(status.set_owner === 'kube' ? [] : [`set_owner ${status.set_owner}`]),
    ...(remoteState === '' ? [] : [`remote_state ${remoteState}`]),
    ...(status.no_fallback_to_local ? ['no_fallback_to_local'] : []),
  ];
  return `${feature}: ${[runs, ...details].join(', ')}`;
}

const renderYesNo = (value: boolean | undefined): string =>
  value === undefined ? 'unknown' : value ? 'yes' : 'no';
