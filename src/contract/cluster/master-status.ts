/**
 * STATE_DB `KUBERNETES_MASTER|SERVER`: whether this switch is a node of its cluster (HLD, "Kubernetes Server Status";
 * sonic.md, "STATE_DB").
 */
import { decodeMs, isTrue } from '../feature/feature.ts';
import type { FieldValues, RowAddress } from '../rows.ts';

export const masterStatusRow: RowAddress = { db: 'state', table: 'KUBERNETES_MASTER', row: 'SERVER' };

/** The fields that `decodeMasterStatus` and `canMasterDeploy` read. */
export const MASTER_STATUS_FIELDS = ['connected', 'server_reachability'] as const;

export interface MasterStatus {
  /** This switch is a node of the cluster; undefined as long as nobody has said. */
  readonly isConnected: boolean | undefined;
  /** The API server answers; undefined as long as nobody has said. */
  readonly isReachable: boolean | undefined;
}

export const decodeMasterStatus = (values: FieldValues): MasterStatus => ({
  isConnected: decodeYesNo(values['connected']),
  isReachable: decodeYesNo(values['server_reachability']),
});

const decodeYesNo = (text: string | undefined): boolean | undefined =>
  text === undefined || text === '' ? undefined : isTrue(text);

/** The fields that `decodeMasterUpdate` reads. */
export const MASTER_UPDATE_FIELDS = ['update_time', 'last_update_ts'] as const;

/** When something in the row last changed. */
export interface MasterUpdate {
  /** SONiC's local time text; empty if there is none. */
  readonly localTime: string;
  /** Seconds since the epoch; undefined if there is none that makes sense. */
  readonly wallS: number | undefined;
}

export const decodeMasterUpdate = (values: FieldValues): MasterUpdate => ({
  localTime: values['update_time'] ?? '',
  wallS: decodeMs(values['last_update_ts']),
});

/**
 * Whether Kubernetes can deploy here: this switch has joined, and nobody says that the API server is away (SONiC's own daemon
 * does not write server_reachability). Undefined as long as nobody has said whether this switch has joined.
 */
export function canMasterDeploy({
  connected,
  server_reachability: reachability,
}: FieldValues): boolean | undefined {
  if (connected === undefined || connected === '') return undefined;
  return isTrue(connected) && reachability?.toLowerCase() !== 'false';
}

export interface MasterRecord {
  /** This switch is a node of the cluster. */
  readonly isConnected: boolean;
  /** The API server answers. */
  readonly isReachable: boolean;
  /** The API server that the kubeconfig names; undefined for none. */
  readonly server: { readonly host: string; readonly port: number } | undefined;
}

/** The fields that `encodeMasterRecord` may give. */
export const MASTER_RECORD_FIELDS = [...MASTER_STATUS_FIELDS, 'ip', 'server_ip', 'port'] as const;

/** Where no server is configured the address stays as it is: somebody else may have written where the server will be. */
export const encodeMasterRecord = ({
  isConnected,
  isReachable,
  server,
}: MasterRecord): Readonly<Record<string, string>> => ({
  connected: String(isConnected),
  server_reachability: String(isReachable),
  ...(server && { ip: server.host, server_ip: server.host, port: String(server.port) }),
});

/** Whatever the row says of the API server: this switch is no node of it. */
export const encodeDisconnected = (): Readonly<Record<string, string>> => ({ connected: 'false' });
