import { markUnprintable } from '../../text/printable.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { decodeChecks } from '../../contract/health/check-list.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { CONFIG_FIELDS, decodeConfig, decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { decodeHeartbeat, HEALTH_FIELDS } from '../../contract/health/heartbeat.ts';
import { HOLD_FIELDS } from '../../contract/gate/hold.ts';
import { featureConfigRow, featureStatusRow, healthRow, type FieldValues } from '../../contract/rows.ts';
import { findLiveHolder } from '../../decide/gate/live-holder.ts';
import type { StateOptions } from './state-options.ts';
import type { StatePorts } from './state-ports.ts';

/** Everything STATE_DB says of one feature's containers, as read. */
interface State {
  readonly feature: string;
  readonly config: FieldValues;
  readonly status: FieldValues;
  readonly heartbeat: FieldValues;
  readonly holds: readonly (FieldValues & { readonly docker_id: string })[];
}

export async function showState(
  options: Extract<StateOptions, { verb: 'show' }>,
  ports: StatePorts,
): Promise<number> {
  const state = await readState(options.feature, ports);
  const now = readTimestamps(ports.clock);
  const lastEnd = ports.lastEnd.read();
  ports.print(
    options.json ? describeForMachines(state, now, lastEnd) : describeForPeople(state, now, lastEnd),
  );
  return EXIT.ok;
}

async function readState(feature: string, { store, databases }: StatePorts): Promise<State> {
  const prefix = `${feature}${databases.state.separator}`;
  const addresses = await store.list('CONTAINER_HOLD', prefix);
  const rows = await store.read([
    { address: featureConfigRow(feature), fields: CONFIG_FIELDS },
    { address: featureStatusRow(feature), fields: [...STATUS_FIELDS, 'update_time', 'last_update_ts'] },
    { address: healthRow(feature), fields: HEALTH_FIELDS },
    ...addresses.map((address) => ({ address, fields: HOLD_FIELDS })),
  ]);
  const [config, status, heartbeat, ...holds] = rows;
  return {
    feature,
    config: config?.values ?? {},
    status: status?.values ?? {},
    heartbeat: heartbeat?.values ?? {},
    holds: holds.map(({ address, values }) => ({ ...values, docker_id: address.row.slice(prefix.length) })),
  };
}

const findHolder = (state: State, now: BootTime) =>
  findLiveHolder(decodeStatus(state.status), decodeHeartbeat(state.heartbeat), now);

function describeForMachines(state: State, now: BootTime, lastEnd: string): string {
  const holder = findHolder(state, now);
  const { feature, config, status, heartbeat, holds } = state;
  return JSON.stringify(
    { feature, live: holder !== undefined, config, status, heartbeat, holds, last_end: lastEnd },
    undefined,
    2,
  );
}

function describeForPeople(state: State, now: BootTime, lastEnd: string): string {
  const { feature, config, status, holds } = state;
  const rows = [
    ['wanted', `set_owner ${decodeConfig(config).setOwner}, state ${config['state'] ?? '(none)'}`],
    [
      'host',
      `system_state ${status['system_state'] || '(none)'}, remote_state ${status['remote_state'] || '(none)'}`,
    ],
    ['runs', describeHolder(state, now)],
    ['heartbeat', describeHeartbeat(state, now)],
    ...describeChecks(state),
    ...holds.map((hold) => [
      'held',
      `container ${hold.docker_id}, version ${hold['version'] ?? '?'}: ${hold['reason'] ?? '?'}: ${hold['text'] ?? ''}`,
    ]),
    ...(lastEnd === '' ? [] : [['last end', lastEnd]]),
  ];
  // A database's text must not forge a line or colour a terminal.
  const lines = rows.map(([name = '', text = '']) => `  ${name.padEnd(10)} ${markUnprintable(text)}`);
  return [feature, ...lines].join('\n');
}

function describeHolder(state: State, now: BootTime): string {
  const status = decodeStatus(state.status);
  const holder = findHolder(state, now);
  if (holder !== undefined) {
    const since = state.status['update_time'] ?? '(unknown)';
    return `container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, since ${since}`;
  }
  if (status.dockerId === '') return 'nobody';
  return `nobody: container ${status.dockerId}, version ${status.containerVersion}, is on record, but is gone (its heartbeat is overdue, or it is of an earlier boot)`;
}

/** Those that are not ok. */
const describeChecks = ({ heartbeat }: State): string[][] =>
  decodeChecks(heartbeat['checks'] ?? '')
    .filter(({ result }) => result !== 'ok')
    .map(({ name, kind, result, message }) => ['check', `${name} (${kind}): ${result}: ${message}`]);

function describeHeartbeat(state: State, now: BootTime): string {
  const { heartbeat } = state;
  const { beatMs, intervalMs, token } = decodeHeartbeat(heartbeat);
  if (beatMs === undefined || heartbeat['boot_id'] !== now.bootId) return 'none';
  const whose = token === decodeStatus(state.status).claimToken ? '' : ', of an earlier holder';
  const age = ((now.bootMs - beatMs) / 1000).toFixed(1);
  const reason = heartbeat['reason'] ? ` (${heartbeat['reason']})` : '';
  return `${heartbeat['status'] ?? '?'}${reason}, ${age} s ago, every ${intervalMs / 1000} s, number ${heartbeat['seq'] ?? '?'}${whose}`;
}
