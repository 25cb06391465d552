/** One feature goes back to its local image before the switch leaves the cluster (HLD, "Self-mitigation"). */
import { CtrkitError } from '../../contract/errors.ts';
import { decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { featureStatusRow, type RowValues } from '../../contract/rows.ts';
import { decodeHostSnapshot, selectHostRows } from '../../decide/command/host-snapshot.ts';
import {
  decideLeaveAction,
  decideUnitLeaveAction,
  isRunLocally,
  planLeave,
  type LeaveAction,
} from '../../decide/cluster/membership-leave.ts';
import { describeConflicts, CONFLICT, retryOnConflict } from '../../loop/retry-on-conflict.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { assertNotInterrupted, withProgress } from './progress.ts';

/** Time from the end of the restart to the record of the local container: seconds, on a busy switch. */
const LOCAL_WITHIN_MS = 60_000;
const POLL_MS = 250;

interface LeaveActionReading {
  readonly action: LeaveAction;
  /** The rows that the action was decided on, as they were read. */
  readonly guards: readonly RowValues[];
}

/** Reads what becomes of a feature when the switch leaves. Throws CtrkitError('database'). */
export async function readLeaveAction(
  feature: string,
  { store, service, warn }: Pick<MembershipPorts, 'store' | 'service' | 'warn'>,
): Promise<LeaveActionReading> {
  const { config, status, guards } = decodeHostSnapshot(await store.read(selectHostRows(feature)));
  const action = decideLeaveAction(feature, { config, status });
  if (action.kind !== 'ask-unit') return { action, guards };
  const unit = await service.readState(feature).catch((error: unknown) => {
    warn(`${feature}: ${(error as Error).message}; it counts as stopped`);
    return undefined;
  });
  return { action: decideUnitLeaveAction(unit), guards };
}

/**
 * Ends when the local container is on record. Returns what an operator has to do by hand, one line; undefined if nothing: a
 * feature that can't fall back must not keep the others from it. Throws CtrkitError('database'), and 'cluster' after an
 * interrupt.
 */
export async function fallBackFeature(feature: string, ports: MembershipPorts): Promise<string | undefined> {
  const action = await recordReturnToLocal(feature, ports);
  if (action.kind !== 'fall-back') return undefined;
  const { service, report } = ports;
  try {
    await withProgress(`${feature}: its service is restarted`, ports, () => service.restart(feature));
  } catch (error) {
    assertNotInterrupted(ports);
    if (!(error instanceof CtrkitError) || error.code !== 'service') throw error;
    return `${feature}: ${error.message}. To start it by hand: systemctl restart ${feature}`;
  }
  const isDone = await withProgress(`${feature}: waiting for its local container`, ports, () =>
    waitForLocal(feature, ports),
  );
  if (isDone) report(`${feature}: its local image runs`);
  return isDone
    ? undefined
    : `${feature}: no local container of it is on record ${LOCAL_WITHIN_MS / 1_000} s after its restart. To see why: ctrkit explain ${feature}`;
}

/** Decides again and records that the local image is next, in one guarded write. */
async function recordReturnToLocal(feature: string, ports: MembershipPorts): Promise<LeaveAction> {
  const result = await retryOnConflict(async () => {
    assertNotInterrupted(ports);
    const { action, guards } = await readLeaveAction(feature, ports);
    if (action.kind !== 'fall-back') return action;
    const writes = planLeave(feature, ports.clock.wallMs());
    return (await ports.store.write(guards, writes)) ? action : CONFLICT;
  });
  if (result !== CONFLICT) return result;
  throw new CtrkitError('database', describeConflicts(feature, ': try again'));
}

/** False if no local container is on record in time. */
async function waitForLocal(feature: string, { clock, store, signal }: MembershipPorts): Promise<boolean> {
  const untilMs = clock.bootMs() + LOCAL_WITHIN_MS;
  for (;;) {
    assertNotInterrupted({ signal });
    const [row] = await store.read([{ address: featureStatusRow(feature), fields: STATUS_FIELDS }]);
    if (isRunLocally(decodeStatus(row?.values ?? {}))) return true;
    if (clock.bootMs() >= untilMs) return false;
    await clock.sleep(POLL_MS, signal);
  }
}
