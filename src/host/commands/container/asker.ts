/** Whether the container that asked to take over (`remote_state` pending) is still there (contract.md, section 14). */
import { HOLD_FIELD, isHoldExpired } from '../../../contract/gate/hold.ts';
import { HOLD_TABLE } from '../../../contract/rows.ts';
import { canAskerBeGone, type StartInput } from '../../../decide/command/decide-start.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

/** A gate looks again at least every 5 s, and writes at once why it is held. */
const LOOK_FOR_MS = 6_000;
const LOOK_EVERY_MS = 250;

/**
 * While its service is down a gate is held, and says so in CONTAINER_HOLD. So an asker of which nothing is there after this
 * time is gone. Throws CtrkitError('database').
 */
export async function isAskerGone(
  name: string,
  input: StartInput,
  store: RowStore,
  ports: Pick<ContainerPorts, 'clock' | 'openEngine'>,
): Promise<boolean> {
  if (!canAskerBeGone(input, name)) return false;
  const { clock, openEngine } = ports;
  const endMs = clock.bootMs() + LOOK_FOR_MS;
  const engine = await openEngine();
  if ((await engine.findContainer(name)) === undefined) return false;
  for (;;) {
    const holders = await listHeld(name, store, ports);
    for (const id of holders) {
      // Another engine may run a container that this one does not know.
      const container = await engine.findContainer(id);
      if (container === undefined || container.state === 'running') return false;
    }
    if (clock.bootMs() >= endMs) return true;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** The containers of Kubernetes that say of this feature that they are held. */
async function listHeld(
  name: string,
  store: RowStore,
  { clock }: Pick<ContainerPorts, 'clock'>,
): Promise<string[]> {
  const listed = await store.list(HOLD_TABLE, name);
  // The separator is no letter of a feature's name, whichever it is.
  const rows = listed.filter(({ row }) => /^[^\w-]/.test(row.slice(name.length)));
  const fields = [HOLD_FIELD.owner, HOLD_FIELD.bootId, HOLD_FIELD.renewedMs];
  const found = await store.read(rows.map((address) => ({ address, fields, isDispensable: true })));
  return found
    .filter(
      ({ values }) => values[HOLD_FIELD.owner] === 'kube' && !isHoldExpired(values, readTimestamps(clock)),
    )
    .map(({ address }) => address.row.slice(name.length + 1));
}
