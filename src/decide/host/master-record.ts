/** STATE_DB KUBERNETES_MASTER|SERVER, what the switch knows of its master (HLD, "Kubernetes Server Status"; FACTS). */
import { encodeUpdateTimes } from '../../contract/claim.ts';
import type { RowValues, RowWrite } from '../../contract/rows.ts';
import { masterRow } from '../../contract/switch-rows.ts';

export interface MasterRecord {
  /** This switch is a node of the cluster. */
  readonly isConnected: boolean;
  /** The API server answers. */
  readonly isReachable: boolean;
  /** Of the server that the kubeconfig names; undefined for none. */
  readonly server: { readonly host: string; readonly port: number } | undefined;
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
