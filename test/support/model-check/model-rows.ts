/** The rows of one feature, as a value: what the walk reads, guards and writes. */
import { CONFIG_FIELDS, STATUS_FIELDS } from '../../../src/contract/feature/feature.ts';
import { LIVENESS_FIELDS } from '../../../src/contract/health/heartbeat.ts';
import {
  featureConfigRow,
  featureStatusRow,
  FEATURE_TABLE,
  HEALTH_TABLE,
  healthRow,
  type FieldValues,
  type RowAddress,
  type RowValues,
  type RowWrite,
} from '../../../src/contract/rows.ts';
import { labelsRow } from '../../../src/contract/cluster/feature-labels.ts';

export const FEATURE = 'snmp';
export type Fields = Readonly<Record<string, string>>;

export interface ModelRows {
  readonly status: Fields;
  readonly health: Fields;
}

/** What no decision of these rows rests on would make states of nothing. */
const KEPT = {
  status: new Set<string>(STATUS_FIELDS),
  health: new Set<string>(LIVENESS_FIELDS),
} as const;

/** The host wants the feature, and has started it. */
export const EMPTY_ROWS: ModelRows = { status: { system_state: 'up' }, health: {} };
/** Nobody runs for certain: where there is no owner at all, every walk would begin with a wait. */
export const FIRST_ROWS: ModelRows = {
  status: { ...EMPTY_ROWS.status, current_owner: 'none' },
  health: {},
};
/** After the release of a container whose claim is long ago. */
export const RELEASED_ROWS: ModelRows = {
  status: {
    ...EMPTY_ROWS.status,
    current_owner: 'none',
    docker_id: '',
    container_id: '',
    container_version: '1.0.0',
    remote_state: 'stopped',
    claim_token: '',
    claim_owner: '',
  },
  health: {},
};
const CONFIG: Fields = { set_owner: 'kube', state: 'enabled' };

const ADDRESS = {
  config: featureConfigRow(FEATURE),
  status: featureStatusRow(FEATURE),
  health: healthRow(FEATURE),
  labels: labelsRow('state'),
} as const;

const pick = (values: Fields, fields: readonly string[]): FieldValues =>
  Object.fromEntries(fields.map((field) => [field, values[field]]));

/** One reading of one state of the rows is one value: two that are the same are equal. */
const readings = new WeakMap<ModelRows, readonly RowValues[]>();

/** As `selectStartupRows` selects them. */
export function readStartupRows(rows: ModelRows): readonly RowValues[] {
  const known = readings.get(rows);
  if (known !== undefined) return known;
  const found = selectRows(rows);
  readings.set(rows, found);
  return found;
}

const selectRows = ({ status, health }: ModelRows): RowValues[] => [
  { address: ADDRESS.config, values: pick(CONFIG, CONFIG_FIELDS) },
  { address: ADDRESS.status, values: pick(status, STATUS_FIELDS) },
  { address: ADDRESS.health, values: pick(health, LIVENESS_FIELDS) },
  { address: ADDRESS.labels, values: {} },
];

/** As `selectHolderRows` selects them. */
export const readHolderRows = ({ status, health }: ModelRows): RowValues[] => [
  { address: ADDRESS.status, values: pick(status, STATUS_FIELDS) },
  { address: ADDRESS.health, values: pick(health, LIVENESS_FIELDS) },
];

export function nameOfRow({ db, table }: RowAddress): keyof ModelRows | undefined {
  if (db !== 'state') return undefined;
  if (table === FEATURE_TABLE) return 'status';
  return table === HEALTH_TABLE ? 'health' : undefined;
}

export const areHeld = (rows: ModelRows, guards: readonly RowValues[]): boolean =>
  guards === readings.get(rows) ||
  guards.every(({ address, values }) => {
    const name = nameOfRow(address);
    if (name === undefined) return true;
    const found = rows[name];
    return Object.entries(values).every(([field, value]) => found[field] === value);
  });

export function applyWrites(rows: ModelRows, writes: readonly RowWrite[]): ModelRows {
  let { status, health } = rows;
  for (const write of writes) {
    const name = nameOfRow(write.address);
    if (name === 'status') status = applyWrite(status, write, KEPT.status);
    else if (name === 'health') health = applyWrite(health, write, KEPT.health);
  }
  return { status, health };
}

function applyWrite(fields: Fields, write: RowWrite, kept: ReadonlySet<string>): Fields {
  if (write.kind === 'delete') return {};
  const next: Record<string, string> = { ...fields };
  for (const [field, value] of Object.entries(write.values)) if (kept.has(field)) next[field] = value;
  for (const field of write.remove ?? []) delete next[field];
  return next;
}

export const putStatus = (rows: ModelRows, values: Fields): ModelRows => ({
  ...rows,
  status: { ...rows.status, ...values },
});
