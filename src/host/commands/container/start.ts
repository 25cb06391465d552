import { RUNNING_STATES, shortenId } from '../../../contract/images/engine.ts';
import { startUnitCommand } from '../../../text/operator-commands.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { listRecordedContainers, type HostSnapshot } from '../../../decide/command/host-snapshot.ts';
import { decideStart, type StartDecision } from '../../../decide/command/decide-start.ts';
import { planStart, planStartFailed } from '../../../decide/command/plan-writes.ts';
import { isRecordKept } from '../../../decide/command/record-kept.ts';
import { findLiveHolder } from '../../../decide/gate/live-holder.ts';
import { describeConflicts, CONFLICT, retryOnConflict } from '../../../loop/retry-on-conflict.ts';
import type { ContainerDetails } from '../../../ports/container-engine.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import { describeBlockLabels, readBlockLabels, type BlockLabels } from './block-labels.ts';
import { isAskerGone } from './asker.ts';
import { findRecordedContainer, readSnapshot, reportLeftOut, reportUnread } from './feature-record.ts';
import type { LocalContainer, LocalRenewal } from './local-image.ts';
import type { ContainerPorts } from './ports.ts';

/**
 * `container start`: writes the record first and starts the container then, so that its gate finds the feature up. Returns
 * the exit code. Throws CtrkitError('database' | 'engine').
 */
export async function startFeature(name: string, store: RowStore, ports: ContainerPorts): Promise<number> {
  const exitCode = await retryOnConflict(async () => {
    const snapshot = await readSnapshot(store, name);
    reportUnread(name, snapshot, ports);
    const isKubeRunning = await isRunByKubernetes(snapshot, name, ports);
    const blocks = await readBlockLabels(name, store, ports);
    const { config, status, isMasterConnected } = snapshot;
    const isVersionBlocked = blocks.blocked.has(status.containerVersion);
    const input = { config, status, isMasterConnected, isKubeRunning, isVersionBlocked };
    const decision = decideStart({ ...input, isAskerGone: await isAskerGone(name, input, store, ports) });
    const engine = decision.kind === 'kube' ? undefined : await ports.openEngine();
    const local = await engine?.findContainer(name);
    if (decision.kind === 'local' && local === undefined) {
      ports.report(
        `${name}: refused: the engine has no container of that name. To make and start one: ${startUnitCommand(name)}`,
      );
      return EXIT.refused;
    }
    return recordAndStart({ name, snapshot, blocks, decision, local }, store, ports);
  });
  if (exitCode !== CONFLICT) return exitCode;
  throw new CtrkitError('database', describeConflicts(name, ': try again'));
}

interface DecidedStart {
  readonly name: string;
  readonly snapshot: HostSnapshot;
  readonly blocks: BlockLabels;
  readonly decision: StartDecision;
  /** The switch's own container; undefined where it is not to be started, or there is none. */
  readonly local: ContainerDetails | undefined;
}

async function recordAndStart(
  { name, snapshot, blocks, decision, local }: DecidedStart,
  store: RowStore,
  ports: ContainerPorts,
): Promise<number | typeof CONFLICT> {
  const { config, status } = snapshot;
  const isKept = isRecordKept(config, status, ports.hasDaemon());
  const found = { name, setOwner: config.setOwner, local, blocked: blocks.blocked };
  const renewal = isKept ? await findLocalRenewal(found, store, ports) : undefined;
  const isOnRecord = local?.state === 'running' && status.dockerId === shortenId(local.id);
  const dockerId = local === undefined || isOnRecord ? undefined : shortenId(local.id);
  const start = planStart(decision, { name, dockerId }, ports.clock.wallMs());
  const writes = [...blocks.writes, ...start, ...(renewal?.writes ?? [])];
  const guards = [...snapshot.guards, ...blocks.guards, ...(renewal?.guards ?? [])];
  if (isKept && !(await store.write(guards, writes, reportLeftOut(name, ports)))) return CONFLICT;
  for (const line of describeBlockLabels(blocks)) ports.report(`${name}: ${line}`);
  if (local === undefined) return reportUp(name, decision, ports);
  // The record stays: by that `container wait`, which comes next, sees that the container is gone, and fails the service.
  if (renewal !== undefined && (await renewal.carryOut())) return EXIT.refused;
  return startLocal({ name, local, decision }, store, ports);
}

/** What is to be done about a local container that is not of the image which a local start runs; undefined for nothing. */
async function findLocalRenewal(
  { local, ...found }: Omit<LocalContainer, 'local'> & { readonly local: ContainerDetails | undefined },
  store: RowStore,
  ports: ContainerPorts,
): Promise<LocalRenewal | undefined> {
  if (local === undefined || RUNNING_STATES.has(local.state) || !ports.isOfService()) return undefined;
  try {
    const known = await ports.readKnownLadder(found.name);
    if (known === undefined) return undefined;
    const { findRenewal } = await import('./local-image.ts');
    return await findRenewal({ ...found, local }, known, store, ports);
  } catch (error) {
    // Whatever it is: a feature that does not start is worse than an older version.
    const why = (error as Error).message;
    ports.report(`${found.name}: its image is not looked at, and it is started as it is: ${why}`);
    return undefined;
  }
}

/** Whether Kubernetes' container on record runs: by the engine, or by its heartbeat where the engine does not know it. */
async function isRunByKubernetes(
  { config, status, heartbeat }: HostSnapshot,
  name: string,
  { openEngine, clock }: ContainerPorts,
): Promise<boolean> {
  if (config.setOwner !== 'kube' || config.noFallbackToLocal || status.currentOwner !== 'kube') return false;
  const found = await findRecordedContainer(await openEngine(), listRecordedContainers(name, status));
  if (found !== undefined) return found.state === 'running';
  const now = readTimestamps(clock);
  const holder = findLiveHolder(status, heartbeat, now);
  // A container of the shipped kit has no heartbeat: where the engine does not know it, it counts as gone.
  return holder !== undefined && holder.token !== '';
}

interface LocalStart {
  readonly name: string;
  /** The switch's own container, as it was before. */
  readonly local: ContainerDetails;
  readonly decision: StartDecision;
}

/** After the record is written. A container that does not start loses it again. */
async function startLocal(
  { name, local, decision }: LocalStart,
  store: RowStore,
  ports: ContainerPorts,
): Promise<number> {
  try {
    await (await ports.openEngine()).startContainer(name);
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'engine') throw error;
    const { guard, write } = planStartFailed(name, shortenId(local.id), ports.clock.wallMs());
    await store.write([guard], [write]);
    ports.report(`${name}: not started: ${error.message}. See: docker logs ${name}, journalctl -u docker`);
    return EXIT.refused;
  }
  const state = local.state === 'running' ? 'runs already' : 'started';
  const also = decision.kind === 'local' ? '' : `, until Kubernetes deploys it (${decision.text})`;
  ports.report(`${name}: ${state}: the switch's own container ${shortenId(local.id)}${also}`);
  return EXIT.ok;
}

function reportUp(name: string, decision: StartDecision, { report }: ContainerPorts): number {
  const why =
    decision.kind === 'kube-and-local'
      ? `${decision.text}, and the engine has no container "${name}" to run until then`
      : decision.text;
  report(`${name}: up: Kubernetes is to run it (${why})`);
  return EXIT.ok;
}
