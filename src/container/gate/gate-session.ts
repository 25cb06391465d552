import type { Databases } from '../../contract/databases.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import { nameHold } from '../../contract/gate/hold.ts';
import { holdRow, type RowAddress } from '../../contract/rows.ts';
import type { CallPace } from '../../loop/call-pace.ts';
import type { RepeatLog } from '../../loop/repeat-log.ts';
import type { Session } from '../../loop/watch-loop.ts';
import type { GatePorts } from './gate.ts';

export interface GateSession extends Session {
  readonly databases: Databases;
  /** The row CONTAINER_HOLD of this container. */
  readonly holdAddress: RowAddress;
}

export interface SessionPorts extends Pick<GatePorts, 'findDatabases' | 'openStore'> {
  readonly pace: CallPace;
  readonly notes: RepeatLog;
}

/** Throws CtrkitError('usage' or 'database'). */
export function openSession(
  claim: Claim,
  { findDatabases, openStore, pace, notes }: SessionPorts,
): GateSession {
  const databases = findDatabases();
  for (const warning of databases.warnings) notes.log(warning);
  const store = pace.count(openStore(databases));
  const holdAddress = holdRow(claim.feature, nameHold(claim), databases.state.separator);
  return { store, databases, holdAddress };
}
