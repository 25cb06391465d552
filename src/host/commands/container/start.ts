import { readTimestamps } from '../../../loop/timestamps.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { listRecordedContainers, type HostSnapshot } from '../../../decide/command/host-snapshot.ts';
import { decideStart, type StartDecision } from '../../../decide/command/decide-start.ts';
import { planStart, planStartFailed } from '../../../decide/command/plan-writes.ts';
import { findLiveHolder } from '../../../decide/gate/live-holder.ts';
import { CONFLICT, retryOnConflict } from '../../../loop/retry-on-conflict.ts';
import type { ContainerDetails } from '../../../ports/container-engine.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import { findRecordedContainer, readSnapshot, shortenId } from './feature-record.ts';
import type { ContainerPorts } from './ports.ts';

/** First the record, then the container: its gate finds the feature up. Throws CtrkitError('database' or 'engine'). */
export async function startFeature(name: string, store: RowStore, ports: ContainerPorts): Promise<number> {
  const exitCode = await retryOnConflict(async () => {
    const snapshot = await readSnapshot(store, name);
    const isKubeRunning = await isRunByKubernetes(snapshot, name, ports);
    const decision = decideStart({ ...snapshot, isKubeRunning });
    const engine = decision.kind === 'kube' ? undefined : await ports.openEngine();
    const local = await engine?.findContainer(name);
    if (decision.kind === 'local' && local === undefined) {
      ports.report(
        `${name}: refused: the engine has no container of that name. To make and start one: systemctl start ${name}`,
      );
      return EXIT.refused;
    }
    const isOnRecord = local?.state === 'running' && snapshot.status.dockerId === shortenId(local);
    const dockerId = local === undefined || isOnRecord ? undefined : shortenId(local);
    const writes = planStart(decision, { name, dockerId }, ports.clock.wallMs());
    if (!(await store.write(snapshot.guards, writes))) return CONFLICT;
    if (local === undefined) return reportUp(name, decision, ports);
    return startLocal(name, local, { store, ports, decision });
  });
  if (exitCode !== CONFLICT) return exitCode;
  throw new CtrkitError('database', `the record of ${name} changes with every look: try again`);
}

/** By the engine, or, where it does not know the container, by its heartbeat. */
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
  // Of a container of the shipped kit that the engine does not know there is no sign of life to be had.
  return holder !== undefined && holder.token !== '';
}

async function startLocal(
  name: string,
  local: ContainerDetails,
  by: { readonly store: RowStore; readonly ports: ContainerPorts; readonly decision: StartDecision },
): Promise<number> {
  const { store, ports, decision } = by;
  try {
    await (await ports.openEngine()).startContainer(name);
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'engine') throw error;
    const { guard, write } = planStartFailed(name, shortenId(local), ports.clock.wallMs());
    await store.write([guard], [write]);
    ports.report(`${name}: not started: ${error.message}. See: docker logs ${name}, journalctl -u docker`);
    return EXIT.refused;
  }
  const state = local.state === 'running' ? 'runs already' : 'started';
  const also = decision.kind === 'local' ? '' : `, until Kubernetes deploys it (${decision.text})`;
  ports.report(`${name}: ${state}: the switch's own container ${shortenId(local)}${also}`);
  return EXIT.ok;
}

function reportUp(name: string, decision: StartDecision, { report: tell }: ContainerPorts): number {
  const why =
    decision.kind === 'kube-and-local'
      ? `${decision.text}, and the engine has no container "${name}" to run until then`
      : decision.text;
  tell(`${name}: up: Kubernetes is to run it (${why})`);
  return EXIT.ok;
}
