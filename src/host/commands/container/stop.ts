import { shortenId } from '../../../contract/images/engine.ts';
import { hasRecordedHolder } from '../../../contract/feature/feature.ts';
import { setOwnerCommand } from '../../../text/operator-commands.ts';
import { readTimestamps } from '../../../loop/timestamps.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { EXIT } from '../../../contract/exit-codes.ts';
import { listRecordedContainers, type HostSnapshot } from '../../../decide/command/host-snapshot.ts';
import { isKillRefused } from '../../../decide/command/decide-start.ts';
import { planDown, planLabel } from '../../../decide/command/plan-writes.ts';
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

/** `container stop` and `container kill`. Returns the exit code. Throws CtrkitError('database' | 'engine'). */
export async function endFeature(
  options: EndOptions,
  store: RowStore,
  ports: ContainerPorts,
): Promise<number> {
  const { name, action, skipUpdates } = options;
  const snapshot = await readSnapshot(store, name).catch((error: unknown) =>
    endUnrecorded(options, ports, error),
  );
  reportUnread(name, snapshot, ports);
  const { config, status } = snapshot;
  const engine = await ports.openEngine();
  if (!snapshot.isKnown && (await engine.findContainer(name)) === undefined) {
    ports.report(`${name}: refused: there is no feature and no container of that name`);
    return EXIT.refused;
  }
  if (action === 'kill' && isKillRefused(config, status)) {
    ports.report(
      `${name}: refused: its state is "${config.state}", and only a feature that is enabled is killed. To stop it: container stop ${name}`,
    );
    return EXIT.refused;
  }
  const ending = skipUpdates ? [] : planEnding(options, snapshot, ports.clock.wallMs());
  if (ending.length > 0) await store.write([], ending, reportLeftOut(name, ports));
  const found = await findRecordedContainer(engine, listRecordedContainers(name, status));
  if (found === undefined && isOutOfReach(snapshot, ports)) {
    ports.report(
      `${name}: refused: the engine does not know container ${status.dockerId}, which still gives signs of life. Have Kubernetes end it: ${setOwnerCommand(name, 'local')}`,
    );
    return EXIT.refused;
  }
  if (found !== undefined) await stopOrKill(options, found.id, engine);
  const another = skipUpdates ? undefined : await clearRecord(name, status, store, ports.clock);
  ports.report(
    `${name}: ${describeEnd(action, found)}${another === undefined ? '' : `; container ${another} has taken its place`}`,
  );
  return EXIT.ok;
}

/** What is written before the container ends: then no gate passes meanwhile, and nobody takes its end for a failure. */
function planEnding({ name, action }: EndOptions, { config, status }: HostSnapshot, wallMs: number) {
  const isKube = config.setOwner === 'kube';
  // The container ends also where the labels can't be written.
  const label = asDispensable(planLabel(name, false));
  if (action === 'stop') return [planDown(name, wallMs), ...(isKube ? [] : [label])];
  return isKube || status.currentOwner === 'kube' ? [label] : [];
}

/** The container on record has a fresh heartbeat, but the engine does not know it: only Kubernetes can end it. */
function isOutOfReach({ status, heartbeat }: HostSnapshot, { clock }: ContainerPorts): boolean {
  const now = readTimestamps(clock);
  return hasRecordedHolder(status) && (findLiveHolder(status, heartbeat, now)?.token ?? '') !== '';
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

/** While the databases are away: ends the switch's own container all the same, leaves the record, and throws `error` on. */
async function endUnrecorded(
  options: EndOptions,
  { openEngine, report }: ContainerPorts,
  error: unknown,
): Promise<never> {
  if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
  const engine = await openEngine();
  const found = await engine.findContainer(options.name);
  if (found?.state === 'running') {
    await stopOrKill(options, found.id, engine);
    report(`${options.name}: ${describeEnd(options.action, found)}; its record is left as it was`);
  }
  throw error;
}
