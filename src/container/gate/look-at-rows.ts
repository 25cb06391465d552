import { HOLD_FIELD } from '../../contract/gate/hold.ts';
import type { FieldValues, RowValues } from '../../contract/rows.ts';
import { selectHolderHealth } from '../../decide/gate/served.ts';
import { decodeSnapshot, selectStartupRows } from '../../decide/gate/startup-snapshot.ts';
import type { Candidate, StartupSnapshot } from '../../decide/gate/startup-types.ts';
import type { GateSession } from './gate-session.ts';
import type { Look, StoreObserver } from './store-observer.ts';

/** `rows` are those of the decision alone: they guard the claim. */
export interface GateLook extends Look {
  readonly snapshot: StartupSnapshot;
  /** The row CONTAINER_HOLD of this container. */
  readonly ownHold: RowValues;
  /** Of `selectHolderHealth`; empty where it was not asked for, and where the server takes no writes: nobody can beat there. */
  readonly holderHealth: FieldValues;
}

/** Reads, in one step, all that the gate of owner kube goes by. Throws CtrkitError('database'). */
export async function lookAtRows(
  observer: StoreObserver,
  { store, databases, holdAddress }: GateSession,
  { feature, version }: Candidate,
  isHealthAsked: boolean,
): Promise<GateLook> {
  const startupRows = selectStartupRows(feature, version, databases.asic);
  const ownRow = { address: holdAddress, fields: [HOLD_FIELD.renewedMs], isDispensable: true };
  const decode = (found: readonly RowValues[]): StartupSnapshot => decodeSnapshot(found, feature, version);
  const { rows: found, refusal } = await observer.look(store, {
    rows: [...startupRows, ownRow, ...(isHealthAsked ? [selectHolderHealth(feature)] : [])],
    probe: holdAddress,
    decode,
  });
  const rows = found.slice(0, startupRows.length);
  const [ownHold = { address: holdAddress, values: {} }, health] = found.slice(startupRows.length);
  const holderHealth = refusal === '' ? (health?.values ?? {}) : {};
  return { rows, refusal, snapshot: decode(rows), ownHold, holderHealth };
}
