/**
 * STATE_DB KUBERNETES_MASTER|SERVER, what the switch knows of its master (contract.md, section 9; HLD, "Kubernetes
 * Server Status"; sonic.md, "STATE_DB").
 */
import { encodeUpdateTimes } from '../../contract/gate/claim.ts';
import { isTrue } from '../../contract/feature/feature.ts';
import type { RowValues, RowWrite } from '../../contract/rows.ts';
import { masterRow } from '../../contract/feature/switch-rows.ts';

export interface MasterRecord {
  /** This switch is a node of the cluster. */
  readonly isConnected: boolean;
  /** The API server answers. */
  readonly isReachable: boolean;
  /** Of the server that the kubeconfig names; undefined for none. */
  readonly server: { readonly host: string; readonly port: number } | undefined;
}

export interface MasterInput {
  /** Undefined: there is no kubeconfig. */
  readonly server: MasterRecord['server'];
  /** What the server last said of this switch's node; undefined as long as it has said nothing. */
  readonly node: 'found' | 'missing' | undefined;
  /** It did not answer when it was asked last. */
  readonly isFailing: boolean;
  /** That has lasted for longer than a restart takes. */
  readonly isAway: boolean;
  /** CONFIG_DB says to stay away from it. */
  readonly isDisabled: boolean;
}

/** What the row is to say; undefined as long as what it says may be so: not asked yet, and not given up on. */
export function decideMasterRecord({ values }: RowValues, scene: MasterInput): MasterRecord | undefined {
  const { server, node, isFailing, isAway, isDisabled } = scene;
  if (server !== undefined && node === undefined && !isAway && !isDisabled) return undefined;
  if (server === undefined && isFailing && !isAway) return undefined;
  const hasJoined = server !== undefined || isFailing;
  const isNode = node === undefined ? isTrue(values['connected']) : node === 'found';
  const hasAnswered = node !== undefined || isTrue(values['server_reachability']);
  return {
    isConnected: hasJoined && isNode && !isDisabled,
    isReachable: hasJoined && !isAway && hasAnswered,
    server,
  };
}

/** What `planMasterRecord` compares. */
export const MASTER_RECORD_FIELDS = ['connected', 'server_reachability', 'ip', 'server_ip', 'port'] as const;

/** The write that makes the row say so, and nothing if it does: a write wakes all who watch it. */
export function planMasterRecord(
  { values }: RowValues,
  { isConnected, isReachable, server }: MasterRecord,
  wallMs: number,
): RowWrite | undefined {
  const wanted: Record<string, string> = {
    connected: String(isConnected),
    server_reachability: String(isReachable),
    // A switch that has not joined may have been told by somebody else where its master will be.
    ...(server && { ip: server.host, server_ip: server.host, port: String(server.port) }),
  };
  if (Object.entries(wanted).every(([field, value]) => values[field] === value)) return undefined;
  return { kind: 'set', address: masterRow, values: { ...wanted, ...encodeUpdateTimes(wallMs) } };
}
