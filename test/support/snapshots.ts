import type { BootTime } from '../../src/contract/timestamps.ts';
import type { FieldValues, RowValues } from '../../src/contract/rows.ts';
import { decodeSnapshot, selectStartupRows } from '../../src/decide/gate/startup-snapshot.ts';
import { beginObservation, type StoreObservation } from '../../src/decide/gate/observation.ts';
import type { Candidate, StartupSnapshot } from '../../src/decide/gate/startup-types.ts';

/** The rows of a feature as somebody left them in the databases; host rows are of multi-ASIC switches only. */
export interface RawRows {
  readonly config?: FieldValues;
  readonly status?: FieldValues;
  readonly heartbeat?: FieldValues;
  readonly labels?: FieldValues;
  readonly hostStatus?: FieldValues;
  readonly hostLabels?: FieldValues;
}

export const SELF: Candidate = {
  feature: 'snmp',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
};

export const NOW: BootTime = { bootId: 'boot-1', bootMs: 10_000_000 };

/** What a gate has seen that was there all the time, of a store that was well all the time. */
export const WATCHED: StoreObservation = {
  ...beginObservation(10_000),
  goodSinceMs: -Infinity,
  serverId: 'server-1',
};

/** Nothing speaks against owner kube; nobody has asked to run yet. */
export const WANTED: RawRows = {
  config: { set_owner: 'kube', state: 'enabled' },
  status: { system_state: 'up' },
};

export const ready = (pendingToken?: string): FieldValues => ({
  remote_state: 'ready',
  ...(pendingToken === undefined ? {} : { pending_token: pendingToken }),
});

/** A holder of the kit: `beatAgoMs` since its last heartbeat, none if undefined. */
export function kitsHolder(by: {
  readonly dockerId?: string;
  readonly token?: string;
  readonly owner?: string;
  readonly version?: string;
  readonly claimAgoMs: number;
  readonly beatAgoMs?: number;
  readonly intervalMs?: number;
  readonly startedAgoMs?: number;
  readonly bootId?: string;
}): RawRows {
  const { dockerId = 'bbbbbbbbbbbb', token = 'token-b', owner = 'kube', version = '1.0.0' } = by;
  return {
    status: {
      current_owner: owner,
      docker_id: dockerId,
      container_id: owner === 'local' ? SELF.feature : dockerId,
      container_version: version,
      ...(owner === 'kube' ? { remote_state: 'running' } : {}),
      claim_token: token,
      claim_boot_id: by.bootId ?? NOW.bootId,
      claim_ms: String(NOW.bootMs - by.claimAgoMs),
    },
    ...(by.beatAgoMs === undefined
      ? {}
      : {
          heartbeat: {
            token,
            version,
            beat_ms: String(NOW.bootMs - by.beatAgoMs),
            interval_ms: String(by.intervalMs ?? 10_000),
            started_ms: String(NOW.bootMs - (by.startedAgoMs ?? by.claimAgoMs)),
          },
        }),
  };
}

/** A holder of the shipped kit, which knows one id and no token. */
export const shippedHolder = (by: { owner: string; id: string; version: string }): RawRows => ({
  status: {
    current_owner: by.owner,
    container_id: by.id,
    container_version: by.version,
    ...(by.owner === 'kube' ? { remote_state: 'running' } : {}),
  },
});

/** Later rows win, field by field. */
export function merge(...all: readonly RawRows[]): RawRows {
  const names = ['config', 'status', 'heartbeat', 'labels', 'hostStatus', 'hostLabels'] as const;
  return Object.fromEntries(names.map((name) => [name, Object.assign({}, ...all.map((rows) => rows[name]))]));
}

/** What the gate reads of such rows; with `asic`, on a multi-ASIC switch. */
export function readSnapshot(rows: RawRows, self: Candidate = SELF, asic = ''): StartupSnapshot {
  const { config, status, heartbeat, labels, hostStatus, hostLabels } = rows;
  const inOrder = [config, status, heartbeat, labels, hostStatus, hostLabels];
  const read = selectStartupRows(self.feature, self.version, asic).map(
    ({ address, fields }, i): RowValues => ({
      address,
      values: Object.fromEntries(fields.map((field) => [field, inOrder[i]?.[field]])),
    }),
  );
  return decodeSnapshot(read, self.feature, self.version);
}
