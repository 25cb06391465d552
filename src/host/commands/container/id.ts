import { EXIT } from '../../../contract/exit-codes.ts';
import { decodeStatus, STATUS_FIELDS } from '../../../contract/feature/feature.ts';
import { isContainerId } from '../../../contract/names.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import { hasHolder } from '../../../decide/command/host-snapshot.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

/** What docker's own commands know the container by. Throws CtrkitError('database'). */
export async function printId(
  name: string,
  store: RowStore,
  { print, report: tell, clock }: ContainerPorts,
): Promise<number> {
  const [row] = await store.read([{ address: featureStatusRow(name), fields: STATUS_FIELDS }]);
  const status = decodeStatus(row?.values ?? {});
  const { currentOwner, claimBootId, containerId, dockerId } = status;
  const isOfThisBoot = claimBootId === '' || claimBootId === clock.bootId();
  if (!hasHolder(status) || !isOfThisBoot) {
    tell(`${name}: nothing runs. To start it: systemctl start ${name}`);
    return EXIT.refused;
  }
  const id = (currentOwner === 'local' && containerId) || dockerId;
  if (id === 'unknown') {
    tell(`${name}: it runs, but could not find its own id. To look for it: docker ps, crictl ps`);
    return EXIT.refused;
  }
  // It ends up in somebody's command line.
  if (!isContainerId(id)) {
    tell(`${name}: refused: the id on record is none: "${id}". To clear it: container state ${name} down`);
    return EXIT.refused;
  }
  print(id);
  return EXIT.ok;
}
