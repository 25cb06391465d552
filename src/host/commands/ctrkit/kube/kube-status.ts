import { EXIT } from '../../../../contract/exit-codes.ts';
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  STATUS_FIELDS,
} from '../../../../contract/feature/feature.ts';
import { describeServer, type MasterConfig } from '../../../../contract/cluster/master-config.ts';
import type { MasterUpdate } from '../../../../contract/cluster/master-status.ts';
import { toPlainLine } from '../../../../text/printable.ts';
import { featureConfigRow, featureStatusRow, type FieldValues } from '../../../../contract/rows.ts';
import type { Reading } from '../reading/explain-item.ts';
import type { MembershipStatus } from '../../../../decide/cluster/membership.ts';
import { readMembership } from '../../../membership/read-membership.ts';
import { describeTime } from '../terminal/local-time.ts';
import type { MembershipSide, CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { tryReading } from '../reading/reading.ts';

export interface KubeStatusOptions {
  readonly json: boolean;
  readonly redisUrl: string;
}

/** Of a feature that Kubernetes runs, or is to run. Part of `--json`, stable. */
interface KubeFeature {
  readonly feature: string;
  readonly set_owner: string;
  readonly current_owner: string;
  readonly version: string;
  readonly remote_state: string;
  readonly no_fallback_to_local: boolean;
}

interface Rows {
  readonly config: MasterConfig;
  readonly status: MembershipStatus;
  readonly update: MasterUpdate;
  readonly features: readonly KubeFeature[];
}

/** Returns the exit code: an answer is an answer also where some of it can't be read. Throws CtrkitError('usage'). */
export async function showKubeStatus(
  { json, redisUrl }: KubeStatusOptions,
  ports: CtrkitPorts,
): Promise<number> {
  const { terminal, clock } = ports;
  const cluster = await ports.openMembership(new AbortController().signal);
  const rows = await readRows(redisUrl, ports, cluster);
  const daemon = ports.view.read(clock.bootId());
  const problems = [
    ...('problem' in rows ? [rows.problem] : rows.found.config.faults),
    ...('problem' in daemon
      ? [`${daemon.problem}: systemctl start ctrkitd starts it`]
      : daemon.found.problems),
  ];
  const about = { rows, cluster, problems, isDaemonRunning: 'found' in daemon };
  terminal.write(json ? `${JSON.stringify(encode(about), undefined, 2)}\n` : format(about));
  if (!json) for (const problem of problems) terminal.report(problem);
  return EXIT.ok;
}

async function readRows(
  redisUrl: string,
  ports: CtrkitPorts,
  { tools }: MembershipSide,
): Promise<Reading<Rows>> {
  let on: SwitchDatabases | undefined;
  try {
    return await tryReading(async () => {
      on = ports.openDatabases(redisUrl);
      const { store, tables } = on;
      const names = await tables.listFeatures();
      const rows = await store.read(
        names.flatMap((name) => [
          { address: featureConfigRow(name), fields: CONFIG_FIELDS },
          { address: featureStatusRow(name), fields: STATUS_FIELDS },
        ]),
      );
      const features = names.flatMap((feature, i) =>
        describeFeature(feature, rows[2 * i]?.values ?? {}, rows[2 * i + 1]?.values ?? {}),
      );
      return { ...(await readMembership({ store, tools })), features };
    });
  } finally {
    on?.close();
  }
}

function describeFeature(
  feature: string,
  configValues: FieldValues,
  statusValues: FieldValues,
): KubeFeature[] {
  const config = decodeConfig(configValues);
  const status = decodeStatus(statusValues);
  if (config.setOwner !== 'kube' && status.currentOwner !== 'kube') return [];
  return [
    {
      feature,
      set_owner: config.setOwner,
      current_owner: status.currentOwner,
      version: status.containerVersion,
      remote_state: status.remoteState,
      no_fallback_to_local: config.noFallbackToLocal,
    },
  ];
}

interface KubeStatus {
  readonly rows: Reading<Rows>;
  readonly cluster: MembershipSide;
  readonly problems: readonly string[];
  readonly isDaemonRunning: boolean;
}

/** `--json`, stable: null is what nobody knows. `last_update_ts` is seconds since the epoch. */
function encode({ rows, cluster, problems, isDaemonRunning }: KubeStatus) {
  const found = 'found' in rows ? rows.found : undefined;
  return {
    server:
      found === undefined
        ? null
        : {
            ip: found.config.ip,
            port: found.config.port,
            is_disabled: found.config.isDisabled,
            is_insecure: found.config.isInsecure,
          },
    node_name: cluster.tools.nodeName,
    is_joined: cluster.tools.hasJoined(),
    is_connected: found?.status.isConnected ?? null,
    is_reachable: found?.status.isReachable ?? null,
    last_update_ts: found?.update.wallS ?? null,
    features: found?.features ?? null,
    is_database_read: found !== undefined,
    is_daemon_running: isDaemonRunning,
    problems: problems.map((text) => toPlainLine(text)),
  };
}

const LABEL_WIDTH = 'reachable'.length;

function format({ rows, cluster: { tools } }: KubeStatus): string {
  const found = 'found' in rows ? rows.found : undefined;
  const lines: (readonly [string, string])[] = [
    ['server', found === undefined ? 'unknown' : formatServer(found.config)],
    ['node', tools.nodeName],
    ['joined', tools.hasJoined() ? `yes, by ${tools.kubeletConfigPath}` : 'no'],
    ['connected', yesNo(found?.status.isConnected)],
    ['reachable', `${yesNo(found?.status.isReachable)}${formatSince(found?.update)}`],
    ...formatFeatures(found),
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}  ${toPlainLine(text)}\n`).join('');
}

function formatServer(config: MasterConfig): string {
  const { ip, isDisabled, isInsecure } = config;
  const server = ip === '' ? 'none' : describeServer(config);
  return `${server}, disable ${isDisabled}, insecure ${isInsecure}`;
}

/** The row is written when something in it changes. */
function formatSince(update: MasterUpdate | undefined): string {
  const time = describeTime(update?.wallS ?? 0) || (update?.localTime ?? '');
  return time === '' ? '' : `, last change ${time}`;
}

function formatFeatures(found: Rows | undefined): (readonly [string, string])[] {
  if (found === undefined) return [['features', 'unknown']];
  if (found.features.length === 0) return [['features', 'none is Kubernetes’']];
  return found.features.map((one, i) => [i === 0 ? 'features' : '', formatFeature(one)]);
}

function formatFeature(one: KubeFeature): string {
  const { feature, current_owner: owner, version, remote_state: state } = one;
  const isRun = owner === 'kube' || owner === 'local';
  const runs = isRun ? `run by ${owner}${version === '' ? '' : `, version ${version}`}` : 'run by nobody';
  const more = [
    ...(one.set_owner === 'kube' ? [] : [`set_owner ${one.set_owner}`]),
    ...(state === '' ? [] : [`remote_state ${state}`]),
    ...(one.no_fallback_to_local ? ['no_fallback_to_local'] : []),
  ];
  return `${feature}: ${[runs, ...more].join(', ')}`;
}

const yesNo = (value: boolean | undefined): string =>
  value === undefined ? 'unknown' : value ? 'yes' : 'no';
