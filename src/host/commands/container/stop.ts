import { RUNNING_STATES, shortenId } from '../../../contract/images/engine.ts';
import { hasRecordedHolder, type FeatureStatus } from '../../../contract/feature/feature.ts';
import { setOwnerCommand } from '../../../text/operator-commands.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { listRecordedContainers, type HostSnapshot } from '../../../decide/command/host-snapshot.ts';
import { isKillRefused } from '../../../decide/command/decide-start.ts';
import { planDown, planLabel } from '../../../decide/command/plan-writes.ts';
import { isRecordKept } from '../../../decide/command/record-kept.ts';
import { findLiveHolder } from '../../../decide/gate/live-holder.ts';
import { asDispensable } from '../../../contract/rows.ts';
import type { ContainerDetails, ContainerEngine } from '../../../ports/container-engine.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import {
  clearRecord,
  findRecordedContainer,
  readSnapshot,
  reportLeftOut,
  reportUnread,
} from './feature-record.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerPorts } from './ports.ts';

type EndOptions = Extract<ContainerOptions, { action: 'stop' | 'kill' }>;

/**
 * `container stop` and `container kill`. Returns the exit code, which is that of a service's ExecStop: not 0 only where the
 * container may go on. Throws CtrkitError('database' | 'engine').
 */
export async function endFeature(
  options: EndOptions,
  store: RowStore,
  ports: ContainerPorts,
): Promise<number> {
  try {
    return await endRecorded(options, store, ports);
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
    return endUnrecorded(options, ports, error);
  }
}

async function endRecorded(options: EndOptions, store: RowStore, ports: ContainerPorts): Promise<number> {
  const { name, action, skipUpdates } = options;
  const snapshot = await readSnapshot(store, name);
  reportUnread(name, snapshot, ports);
  const { status } = snapshot;
  const engine = await ports.openEngine();
  const nothingToEnd = await findNothingToEnd(options, snapshot, engine);
  if (nothingToEnd !== undefined) {
    ports.report(`${name}: ${nothingToEnd.text}`);
    return nothingToEnd.exitCode;
  }
  const isKept = !skipUpdates && isRecordKept(snapshot.config, status, ports.hasDaemon());
  const ending = isKept ? planEnding(options, snapshot, ports.clock.wallMs()) : [];
  if (ending.length > 0) await store.write([], ending, reportLeftOut(name, ports));
  const found = await findRecordedContainer(engine, listRecordedContainers(name, status));
  if (found === undefined && (await isOutOfReach(snapshot, engine, ports))) {
    ports.report(
      `${name}: refused: the engine does not know container ${status.dockerId}, which still gives signs of life. Have Kubernetes end it: ${setOwnerCommand(name, 'local')}`,
    );
    return EXIT.refused;
  }
  if (found !== undefined) await stopOrKill(options, found.id, engine);
  const record = isKept ? await clearEndedRecord(name, status, store, ports) : '';
  ports.report(`${name}: ${describeEnd(action, found)}${record}`);
  return EXIT.ok;
}

interface NothingToEnd {
  readonly exitCode: number;
  readonly text: string;
}

/** Why no container is ended; undefined where one is, if there is one. */
async function findNothingToEnd(
  { name, action }: EndOptions,
  { isKnown, config, status }: HostSnapshot,
  engine: ContainerEngine,
): Promise<NothingToEnd | undefined> {
  if (!isKnown && (await engine.findContainer(name)) === undefined)
    return {
      exitCode: EXIT.ok,
      text: `nothing to ${action}: there is no feature and no container of that name`,
    };
  if (action === 'stop' || !isKillRefused(config, status)) return undefined;
  const state = `its state is "${config.state}"`;
  const found = await findRecordedContainer(engine, listRecordedContainers(name, status));
  if (found === undefined || !RUNNING_STATES.has(found.state))
    return { exitCode: EXIT.ok, text: `nothing to kill: ${state}, and it does not run` };
  const text = `refused: ${state}, and only a feature that is enabled is killed. To stop it: container stop ${name}`;
  return { exitCode: EXIT.refused, text };
}

/** Clears the record of the container that has ended. Returns what to say beside that. */
async function clearEndedRecord(
  name: string,
  before: FeatureStatus,
  store: RowStore,
  { clock }: ContainerPorts,
): Promise<string> {
  try {
    const another = await clearRecord(name, before, store, clock);
    return another === undefined ? '' : `; container ${another} has taken its place`;
  } catch (error) {
    // The container has ended, and that is what was asked for: a record of it goes overdue.
    if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
    return describeLeftRecord(error);
  }
}

const describeLeftRecord = ({ message }: CtrkitError): string => `; its record is left as it was: ${message}`;

/** What is written before the container ends: then no gate passes meanwhile, and nobody takes its end for a failure. */
function planEnding({ name, action }: EndOptions, { config, status }: HostSnapshot, wallMs: number) {
  const isKube = config.setOwner === 'kube';
  // The container ends also where the labels can't be written.
  const label = asDispensable(planLabel(name, false));
  if (action === 'stop') return [planDown(name, wallMs), ...(isKube ? [] : [label])];
  return isKube || status.currentOwner === 'kube' ? [label] : [];
}

/** Of every container that kubelet runs in Docker. */
const KUBERNETES_NAME = /^k8s_/;

/**
 * The container on record has a fresh heartbeat, but the engine does not know it: only Kubernetes can end it. Where kubelet's
 * containers are this engine's, it would know one that runs: kubelet has just removed it.
 */
async function isOutOfReach(
  { status, heartbeat }: HostSnapshot,
  engine: ContainerEngine,
  { clock }: ContainerPorts,
): Promise<boolean> {
  const holder = findLiveHolder(status, heartbeat, readTimestamps(clock));
  if (!hasRecordedHolder(status) || (holder?.token ?? '') === '') return false;
  if (status.dockerId === 'unknown' || status.currentOwner !== 'kube') return true;
  const containers = await engine.listContainers();
  return !containers.some(({ names }) => names.some((name) => KUBERNETES_NAME.test(name)));
}

async function stopOrKill(options: EndOptions, id: string, engine: ContainerEngine): Promise<void> {
  await (options.action === 'stop' ? engine.stopContainer(id, options.graceS) : engine.killContainer(id));
}

function describeEnd(action: EndOptions['action'], found: ContainerDetails | undefined): string {
  const done = action === 'stop' ? 'stopped' : 'killed';
  if (found === undefined) return `${done}: it had no container`;
  const { state } = found;
  const isIdle = state === 'exited' || state === 'created' || state === 'dead';
  return `${done}: container ${shortenId(found.id)}${isIdle ? ' did not run' : ''}`;
}

/** Who runs the feature is in the databases: without them only the switch's own container is found. Throws `error` for none. */
async function endUnrecorded(
  options: EndOptions,
  { openEngine, report }: ContainerPorts,
  error: CtrkitError,
): Promise<number> {
  const engine = await openEngine();
  const found = await engine.findContainer(options.name);
  if (found?.state !== 'running') throw error;
  await stopOrKill(options, found.id, engine);
  report(`${options.name}: ${describeEnd(options.action, found)}${describeLeftRecord(error)}`);
  return EXIT.ok;
}
