/**
 * What STATE_DB `KUBERNETES_MASTER|SERVER` is to say of the API server and of this switch's node (contract.md, section 9;
 * HLD, "Kubernetes Server Status"; sonic.md, "STATE_DB").
 */
import { encodeUpdateTimes } from '../../contract/gate/claim.ts';
import {
  decodeMasterStatus,
  encodeMasterRecord,
  masterStatusRow,
  type MasterRecord,
} from '../../contract/cluster/master-status.ts';
import type { RowValues, RowWrite } from '../../contract/rows.ts';

export interface MasterInput {
  /** The API server that the kubeconfig names; undefined: there is no kubeconfig. */
  readonly server: MasterRecord['server'];
  /** What the API server last said of this switch's Node; undefined as long as it has said nothing. */
  readonly node: 'found' | 'missing' | undefined;
  /** The last call to the API server failed. */
  readonly isFailing: boolean;
  /** Calls have failed for longer than a restart of the API server takes. */
  readonly isAway: boolean;
  /** CONFIG_DB tells the switch to stay away from the cluster. */
  readonly isDisabled: boolean;
}

/** Undefined as long as the row may be right: the API server was not asked yet, and is not given up on. */
export function decideMasterRecord({ values }: RowValues, input: MasterInput): MasterRecord | undefined {
  const { server, node, isFailing, isAway, isDisabled } = input;
  if (server !== undefined && node === undefined && !isAway && !isDisabled) return undefined;
  if (server === undefined && isFailing && !isAway) return undefined;
  const recorded = decodeMasterStatus(values);
  const hasJoined = server !== undefined || isFailing;
  const isNode = node === undefined ? recorded.isConnected === true : node === 'found';
  const hasAnswered = node !== undefined || recorded.isReachable === true;
  return {
    isConnected: hasJoined && isNode && !isDisabled,
    isReachable: hasJoined && !isAway && hasAnswered,
    server,
  };
}

/** The write that makes the row say `record`; undefined if the row does, because a write wakes everybody who watches it. */
export function planMasterRecord(
  { values }: RowValues,
  record: MasterRecord,
  wallMs: number,
): RowWrite | undefined {
  const wanted = encodeMasterRecord(record);
  if (Object.entries(wanted).every(([field, value]) => values[field] === value)) return undefined;
  return { kind: 'set', address: masterStatusRow, values: { ...wanted, ...encodeUpdateTimes(wallMs) } };
}
