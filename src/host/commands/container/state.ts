/**
 * `container state NAME up|down`: writes and clears the record by hand, for a container that can't do it itself (HLD,
 * "Proposed behavior at high level").
 */
import { shortenId } from '../../../contract/images/engine.ts';
import { hasRecordedHolder } from '../../../contract/feature/feature.ts';
import { planClaim, planNoClaim, type Claim } from '../../../contract/gate/claim.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { listRecordedContainers, type HostSnapshot } from '../../../decide/command/host-snapshot.ts';
import { planClear } from '../../../decide/command/plan-writes.ts';
import { findLiveHolder } from '../../../decide/gate/live-holder.ts';
import { writeFirst } from '../../../loop/write-first.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import { findRecordedContainer, readSnapshot, reportLeftOut } from './feature-record.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerPorts } from './ports.ts';

type UpOptions = Extract<ContainerOptions, { action: 'up' }>;

/** Returns the exit code. Throws CtrkitError('database' | 'engine'). */
export async function recordUp(options: UpOptions, store: RowStore, ports: ContainerPorts): Promise<number> {
  const { name, owner, version } = options;
  const snapshot = await readSnapshot(store, name);
  const now = readTimestamps(ports.clock);
  const holder = findLiveHolder(snapshot.status, snapshot.heartbeat, now);
  if (holder !== undefined && owner === 'kube') {
    ports.report(
      `${name}: refused: container ${holder.dockerId}, owner ${holder.owner}, is on record. To clear that: container state ${name} down`,
    );
    return EXIT.refused;
  }
  const dockerId = await findLocalId(options, snapshot, ports);
  const claim: Claim = { feature: name, owner, version, dockerId, token: '' };
  const writes = planClaim(claim, readTimestamps(ports.clock));
  const isWritten = await store.write(
    snapshot.guards,
    [...writes, planNoClaim(name)],
    reportLeftOut(name, ports),
  );
  if (!isWritten) return reportChanged(name, ports);
  ports.report(`${name}: up: ${owner}, version ${version}, container ${dockerId}`);
  return EXIT.ok;
}

/** The container's own id. The host does not know what id a container of Kubernetes has. */
async function findLocalId(
  { name, owner }: UpOptions,
  { status }: HostSnapshot,
  { openEngine }: ContainerPorts,
) {
  if (owner === 'kube') return 'unknown';
  const ids = status.currentOwner === 'local' ? listRecordedContainers(name, status) : [name];
  const found = await findRecordedContainer(await openEngine(), ids);
  return found === undefined ? 'unknown' : shortenId(found.id);
}

/** Returns the exit code. Throws CtrkitError('database'). */
export async function recordDown(name: string, store: RowStore, ports: ContainerPorts): Promise<number> {
  const { guards, status } = await readSnapshot(store, name);
  if (!hasRecordedHolder(status)) {
    ports.report(`${name}: down: nobody was on record`);
    return EXIT.ok;
  }
  const clears = planClear(name, guards[0]?.values ?? {}, ports.clock.wallMs());
  if (!(await writeFirst(store, clears))) return reportChanged(name, ports);
  ports.report(`${name}: down: the record of container ${status.dockerId} is cleared`);
  return EXIT.ok;
}

function reportChanged(name: string, { report }: ContainerPorts): number {
  report(`${name}: refused: the record has just changed. Look at it with ctrkit status, then try again`);
  return EXIT.refused;
}
