/** One feature goes back to its local image before the switch leaves its master (HLD, "Self-mitigation"). */
import { CtrkitError } from '../../contract/errors.ts';
import { decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { featureStatusRow } from '../../contract/rows.ts';
import { decodeHostSnapshot, selectHostRows } from '../../decide/command/host-snapshot.ts';
import {
  decideFate,
  decideFateOfUnit,
  isLocal,
  planLocalNext,
  type FeatureFate,
} from '../../decide/cluster/membership-leave.ts';
import { CONFLICT, retryOnConflict } from '../../loop/retry-on-conflict.ts';
import type { MembershipPorts } from './membership-ports.ts';
import { assertGoesOn, withProgress } from './progress.ts';

/** From the end of the restart to the record of the local container: seconds, on a busy switch. */
const LOCAL_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Throws CtrkitError('database'). */
export async function readFate(feature: string, ports: MembershipPorts) {
  const { store, service, warn } = ports;
  const snapshot = decodeHostSnapshot(await store.read(selectHostRows(feature)));
  const fate = decideFate(feature, snapshot);
  if (fate.kind !== 'ask-unit') return { fate, guards: snapshot.guards };
  const unit = await service.readState(feature).catch((error: unknown) => {
    warn(`${feature}: ${(error as Error).message}; it counts as stopped`);
    return undefined;
  });
  return { fate: decideFateOfUnit(unit), guards: snapshot.guards };
}

/**
 * Ends when the local container is on record. Returns what is left to be done by hand, one line, undefined if nothing is:
 * one feature that can't must not keep the others. Throws CtrkitError('database'), and 'cluster' where it is interrupted.
 */
export async function fallBackFeature(feature: string, ports: MembershipPorts): Promise<string | undefined> {
  const fate = await letLocalBeNext(feature, ports);
  if (fate.kind !== 'fall-back') return undefined;
  const { service, say } = ports;
  try {
    await withProgress(`${feature}: its service is restarted`, ports, () => service.restart(feature));
  } catch (error) {
    assertGoesOn(ports);
    if (!(error instanceof CtrkitError) || error.code !== 'service') throw error;
    return `${feature}: ${error.message}. To start it by hand: systemctl restart ${feature}`;
  }
  const isDone = await withProgress(`${feature}: waiting for its local container`, ports, () =>
    waitForLocal(feature, ports),
  );
  if (isDone) say(`${feature}: its local image runs`);
  return isDone
    ? undefined
    : `${feature}: no local container of it is on record ${LOCAL_WITHIN_MS / 1_000} s after its restart. To see why: ctrkit explain ${feature}`;
}

/** Reads and writes again until nobody else has written between the two. */
async function letLocalBeNext(feature: string, ports: MembershipPorts): Promise<FeatureFate> {
  const result = await retryOnConflict(async () => {
    assertGoesOn(ports);
    const { fate, guards } = await readFate(feature, ports);
    if (fate.kind !== 'fall-back') return fate;
    const writes = planLocalNext(feature, ports.clock.wallMs());
    return (await ports.store.write(guards, writes)) ? fate : CONFLICT;
  });
  if (result !== CONFLICT) return result;
  throw new CtrkitError('database', `the record of ${feature} changes with every look: try again`);
}

async function waitForLocal(feature: string, ports: MembershipPorts): Promise<boolean> {
  const { clock, store, signal } = ports;
  const untilMs = clock.bootMs() + LOCAL_WITHIN_MS;
  for (;;) {
    assertGoesOn(ports);
    const [row] = await store.read([{ address: featureStatusRow(feature), fields: STATUS_FIELDS }]);
    if (isLocal(decodeStatus(row?.values ?? {}))) return true;
    if (clock.bootMs() >= untilMs) return false;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
