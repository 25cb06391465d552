import { encodeAsciiJson, markUnprintable } from '../../text/printable.ts';
import { readInBatches } from '../../loop/read-in-batches.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import type { BootTime } from '../../contract/timestamps.ts';
import { decodeChecks } from '../../contract/health/check-list.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { CONFIG_FIELDS, decodeConfig, decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import { decodeHeartbeat, decodeHeartbeatTexts, HEALTH_FIELDS } from '../../contract/health/heartbeat.ts';
import { decodeHoldTexts, HOLD_FIELDS, isHoldExpired } from '../../contract/gate/hold.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  HOLD_TABLE,
  type FieldValues,
  type RowFields,
} from '../../contract/rows.ts';
import { findLiveHolder } from '../../decide/gate/live-holder.ts';
import type { StateOptions } from './state-options.ts';
import type { StatePorts } from './state-ports.ts';

/** The key is no hash: what is there is told apart. */
const UNREAD = "can't be read";
/** Of a line; the longest that the kit writes itself is half of it. */
const MAX_SHOWN_LENGTH = 1_000;
const SHOWN_STATUS_FIELDS = [...STATUS_FIELDS, STATUS_FIELD.updateTime, STATUS_FIELD.lastUpdateTs];

/** What CONFIG_DB and STATE_DB hold of one feature's containers, as read. */
interface State {
  readonly feature: string;
  readonly config: FieldValues;
  readonly status: FieldValues;
  readonly heartbeat: FieldValues;
  readonly canRead: Readonly<Record<'config' | 'status' | 'heartbeat', boolean>>;
  /** The keys that are no hash, one line each. */
  readonly problems: readonly string[];
  readonly holds: readonly { readonly dockerId: string; readonly values: FieldValues }[];
}

export async function showState(
  options: Extract<StateOptions, { verb: 'show' }>,
  ports: StatePorts,
): Promise<number> {
  const now = readTimestamps(ports.clock);
  const state = await readState(options.feature, now, ports);
  for (const problem of state.problems) ports.printNotice(`${options.feature}: not read: ${problem}`);
  const lastEnd = ports.lastEnd.read();
  ports.print(
    options.json ? describeForMachines(state, now, lastEnd) : describeForPeople(state, now, lastEnd),
  );
  return EXIT.ok;
}

async function readState(feature: string, now: BootTime, { store, databases }: StatePorts): Promise<State> {
  const prefix = `${feature}${databases.state.separator}`;
  const addresses = await store.list(HOLD_TABLE, prefix);
  const own: RowFields[] = [
    { address: featureConfigRow(feature), fields: CONFIG_FIELDS, isDispensable: true },
    { address: featureStatusRow(feature), fields: SHOWN_STATUS_FIELDS, isDispensable: true },
    { address: healthRow(feature), fields: HEALTH_FIELDS, isDispensable: true },
  ];
  const groups = addresses.map((address) => [{ address, fields: HOLD_FIELDS, isDispensable: true }]);
  const rows = (await readInBatches(store, [own, ...groups])).flat();
  const [config, status, heartbeat, ...holds] = rows;
  return {
    feature,
    config: config?.values ?? {},
    status: status?.values ?? {},
    heartbeat: heartbeat?.values ?? {},
    canRead: {
      config: config?.problem === undefined,
      status: status?.problem === undefined,
      heartbeat: heartbeat?.problem === undefined,
    },
    problems: rows.flatMap(({ problem }) => problem ?? []),
    holds: holds
      .filter(({ values }) => !isHoldExpired(values, now))
      .map(({ address, values }) => ({ dockerId: address.row.slice(prefix.length), values })),
  };
}

const findHolder = (state: State, now: BootTime) =>
  findLiveHolder(
    decodeStatus(state.status),
    { ...decodeHeartbeat(state.heartbeat), isUnreadable: !state.canRead.heartbeat },
    now,
  );

function describeForMachines(state: State, now: BootTime, lastEnd: string): string {
  const holder = findHolder(state, now);
  const { feature, config, status, heartbeat } = state;
  const holds = state.holds.map(({ dockerId, values }) => ({ ...values, [STATUS_FIELD.dockerId]: dockerId }));
  const shown = { feature, live: holder !== undefined, config, status, heartbeat, holds, last_end: lastEnd };
  return encodeAsciiJson(shown);
}

function describeForPeople(state: State, now: BootTime, lastEnd: string): string {
  const { feature, holds, canRead } = state;
  const config = decodeConfig(state.config);
  const status = decodeStatus(state.status);
  const wanted = `set_owner ${config.setOwner}, state ${config.state || '(none)'}`;
  const host = `system_state ${status.systemState || '(none)'}, remote_state ${status.remoteState || '(none)'}`;
  const rows = [
    ['wanted', canRead.config ? wanted : UNREAD],
    ['host', canRead.status ? host : UNREAD],
    ['runs', canRead.status ? describeHolder(state, now) : UNREAD],
    ['heartbeat', canRead.heartbeat ? describeHeartbeat(state, now) : UNREAD],
    ...describeChecks(state),
    ...holds.map(({ dockerId, values }) => ['held', describeHold(dockerId, values)]),
    ...(lastEnd === '' ? [] : [['last end', lastEnd]]),
  ];
  // Text from a database must not forge a line, colour a terminal, or fill it.
  const lines = rows.map(
    ([name = '', text = '']) => `  ${name.padEnd(10)} ${markUnprintable(text).slice(0, MAX_SHOWN_LENGTH)}`,
  );
  return [feature, ...lines].join('\n');
}

function describeHolder(state: State, now: BootTime): string {
  const status = decodeStatus(state.status);
  const holder = findHolder(state, now);
  if (holder !== undefined) {
    const since = state.status[STATUS_FIELD.updateTime] ?? '(unknown)';
    return `container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, since ${since}`;
  }
  if (status.dockerId === '') return 'nobody';
  return `nobody: container ${status.dockerId}, version ${status.containerVersion}, is on record, but is gone (its heartbeat is overdue, or it is of an earlier boot)`;
}

function describeHold(dockerId: string, values: FieldValues): string {
  const { version, reason, text } = decodeHoldTexts(values);
  return `container ${dockerId}, version ${version || '?'}: ${reason || '?'}: ${text}`;
}

/** One line for each check that is not ok. */
const describeChecks = ({ heartbeat }: State): string[][] =>
  decodeChecks(heartbeat['checks'] ?? '')
    .filter(({ result }) => result !== 'ok')
    .map(({ name, kind, result, message }) => ['check', `${name} (${kind}): ${result}: ${message}`]);

function describeHeartbeat(state: State, now: BootTime): string {
  const { heartbeat } = state;
  const { beatMs, intervalMs, token, bootId } = decodeHeartbeat(heartbeat);
  const texts = decodeHeartbeatTexts(heartbeat);
  if (beatMs === undefined || bootId !== now.bootId) return 'none';
  const whose = token === decodeStatus(state.status).claimToken ? '' : ', of an earlier holder';
  const age = ((now.bootMs - beatMs) / 1000).toFixed(1);
  const reason = texts.reason === '' ? '' : ` (${texts.reason})`;
  return `${texts.status || '?'}${reason}, ${age} s ago, every ${intervalMs / 1000} s, number ${texts.seq || '?'}${whose}`;
}
