/** What is wanted of a feature, and what runs. */
import { enableFeatureCommand, startUnitCommand } from '../../../../text/operator-commands.ts';
import {
  CONFIG_FIELD,
  decodeConfig,
  decodeStatus,
  isDisabled,
} from '../../../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../../../contract/feature/status-fields.ts';
import { decodeHeartbeat } from '../../../../contract/health/heartbeat.ts';
import { matchesIdOrName, type EngineContainer } from '../../../../contract/images/engine.ts';
import { isImageId, shortImageId } from '../../../../contract/images/image.ts';
import { listRungs, NO_FACTS, type RungName } from '../../../../decide/images/ladder.ts';
import { findLiveHolder, type Holder } from '../../../../decide/gate/live-holder.ts';
import {
  areRead,
  findUnit,
  listValues,
  quoteField,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';

type Snapshot = Pick<ExplainSnapshot, 'feature' | 'now' | 'containers' | 'ledger'>;

export function explainWanted(rows: FeatureRows, { feature }: Snapshot): Explanation[] {
  const { setOwner, state, noFallbackToLocal } = decodeConfig(rows.config.values);
  const values = listValues(rows.config, [
    CONFIG_FIELD.setOwner,
    CONFIG_FIELD.state,
    CONFIG_FIELD.noFallbackToLocal,
  ]);
  if (isDisabled({ state })) {
    const lifts = enableFeatureCommand(rows.config.address.row);
    return [{ topic: 'wanted', text: `nobody is to run it: its state is ${state}`, lifts, values }];
  }
  const who =
    setOwner === 'kube'
      ? `Kubernetes is to run it; ${noFallbackToLocal ? 'it may not' : 'it may'} fall back to the local image`
      : 'the switch is to run its local image';
  return [{ topic: 'wanted', text: who, values }, ...explainSystemState(rows, findUnit(feature, rows))];
}

function explainSystemState({ status }: FeatureRows, unit: string): Explanation[] {
  if (!areRead(status) || decodeStatus(status.values).systemState === 'up') return [];
  const text = `the host has not started it: system_state is ${quoteField(status.values, STATUS_FIELD.systemState)}`;
  const values = listValues(status, [STATUS_FIELD.systemState]);
  return [{ topic: 'wanted', text, lifts: startUnitCommand(unit), values }];
}

/** The live container on record; undefined if there is none. */
export const findHolder = (rows: FeatureRows, { now }: Pick<Snapshot, 'now'>): Holder | undefined =>
  findLiveHolder(
    decodeStatus(rows.status.values),
    { ...decodeHeartbeat(rows.health.values), isUnreadable: !areRead(rows.health) },
    now,
  );

/** Finds it by its id, or by its name, which the shipped kit may have recorded instead. */
const findContainer = (dockerId: string, { containers }: Snapshot): EngineContainer | undefined =>
  'found' in containers && dockerId !== ''
    ? containers.found.find((listed) => matchesIdOrName(listed, dockerId))
    : undefined;

export function explainRuns(rows: FeatureRows, snapshot: Snapshot): Explanation[] {
  const values = listValues(rows.status, [
    STATUS_FIELD.currentOwner,
    STATUS_FIELD.dockerId,
    STATUS_FIELD.containerId,
    STATUS_FIELD.containerVersion,
    STATUS_FIELD.claimBootId,
    STATUS_FIELD.updateTime,
  ]);
  const holder = findHolder(rows, snapshot);
  const recorded = decodeStatus(rows.status.values);
  const container = findContainer(holder?.dockerId ?? recorded.dockerId, snapshot);
  if (holder !== undefined) {
    const who = `container ${holder.dockerId} of version ${holder.version || '0.0.0'}, owner ${holder.owner}`;
    return [{ topic: 'runs', text: `${who}${describeImage(container, snapshot)}`, values }];
  }
  if (recorded.dockerId === '') return [{ topic: 'runs', text: 'nobody runs it', values }];
  const text = `nobody: container ${recorded.dockerId} of version ${recorded.containerVersion} is on record, but it is of an earlier boot or its heartbeat is overdue`;
  const lifts = 'ctrkitd clears the record when the container is gone; the container itself renews it';
  return [{ topic: 'runs', text, lifts, values }];
}

const RUNG_TEXTS: Readonly<Record<RungName, string>> = {
  golden: 'the golden one',
  previous: 'the golden one before',
  shipped: 'the shipped one',
};

function describeImage(container: EngineContainer | undefined, { containers, ledger }: Snapshot): string {
  if (container === undefined)
    return 'found' in containers ? '; the engine knows no such container' : '; its image is not known now';
  const { imageId, image, state } = container;
  const rungs = 'found' in ledger ? listRungs(ledger.found, NO_FACTS) : [];
  const rung = rungs.find(({ image: { imageId: id } }) => id === imageId);
  const mark = rung === undefined ? 'not golden' : RUNG_TEXTS[rung.name];
  const engineState = state === 'running' ? '' : `; the engine says it is ${state}`;
  // kubelet starts a container by the image's id, which is no name.
  const name = isImageId(image) ? shortImageId(imageId) : `${image} (${shortImageId(imageId)})`;
  return `, image ${name}, ${mark}${engineState}`;
}
