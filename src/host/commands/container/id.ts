import { startUnitCommand } from '../../../text/operator-commands.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { hasRecordedHolder, decodeStatus, STATUS_FIELDS } from '../../../contract/feature/feature.ts';
import { isContainerId } from '../../../contract/names.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

/** `container id`: prints the name or id by which docker's commands know it. Returns the exit code. Throws CtrkitError('database'). */
export async function printId(
  name: string,
  store: RowStore,
  { print, report, clock }: ContainerPorts,
): Promise<number> {
  const [row] = await store.read([{ address: featureStatusRow(name), fields: STATUS_FIELDS }]);
  const status = decodeStatus(row?.values ?? {});
  const { currentOwner, claimBootId, containerId, dockerId } = status;
  const isOfThisBoot = claimBootId === '' || claimBootId === clock.bootId();
  if (!hasRecordedHolder(status) || !isOfThisBoot) {
    report(`${name}: nothing runs. To start it: ${startUnitCommand(name)}`);
    return EXIT.refused;
  }
  const id = (currentOwner === 'local' && containerId) || dockerId;
  if (id === 'unknown') {
    report(`${name}: it runs, but could not find its own id. To look for it: docker ps, crictl ps`);
    return EXIT.refused;
  }
  // Shell scripts put it into command lines.
  if (!isContainerId(id)) {
    report(`${name}: refused: the id on record is none: "${id}". To clear it: container state ${name} down`);
    return EXIT.refused;
  }
  print(id);
  return EXIT.ok;
}
