/** What is wanted of a feature, what runs, how it is, and what keeps it from running. */
import { decodeChecks } from '../../../../contract/health/check-list.ts';
import type { EngineContainer } from '../../../../contract/images/engine.ts';
import { isDisabled, decodeConfig, decodeStatus } from '../../../../contract/feature/feature.ts';
import { decodeHeartbeat, overdueAtMs } from '../../../../contract/health/heartbeat.ts';
import type { HoldReason } from '../../../../contract/gate/hold.ts';
import { isImageId, shortImageId } from '../../../../contract/images/image.ts';
import { decodeObservedBeat } from '../../../../contract/health/observed-beat.ts';
import { enabledLabel } from '../../../../contract/cluster/feature-labels.ts';
import {
  canMasterDeploy,
  decodeMasterStatus,
  MASTER_STATUS_FIELDS,
} from '../../../../contract/cluster/master-status.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import {
  pick,
  quote,
  unitOf,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';
import { findLiveHolder, type Holder } from '../../../../decide/gate/live-holder.ts';

type Snapshot = Pick<ExplainSnapshot, 'feature' | 'now' | 'containers' | 'ledger'>;

export function explainWanted(rows: FeatureRows, { feature }: Snapshot): Explanation[] {
  const { setOwner, state, noFallbackToLocal } = decodeConfig(rows.config.values);
  const values = pick(rows.config, ['set_owner', 'state', 'no_fallback_to_local']);
  if (isDisabled({ state })) {
    const lifts = `config feature state ${rows.config.address.row} enabled`;
    return [{ topic: 'wanted', text: `nobody is to run it: its state is ${state}`, lifts, values }];
  }
  const who =
    setOwner === 'kube'
      ? `Kubernetes is to run it; ${noFallbackToLocal ? 'it may not' : 'it may'} fall back to the local image`
      : 'the switch is to run its local image';
  return [{ topic: 'wanted', text: who, values }, ...explainSystemState(rows, unitOf(feature, rows))];
}

function explainSystemState({ status }: FeatureRows, unit: string): Explanation[] {
  if (decodeStatus(status.values).systemState === 'up') return [];
  const text = `the host has not started it: system_state is ${quote(status.values, 'system_state')}`;
  const values = pick(status, ['system_state']);
  return [{ topic: 'wanted', text, lifts: `systemctl start ${unit}`, values }];
}

export const findHolder = (rows: FeatureRows, { now }: Pick<Snapshot, 'now'>): Holder | undefined =>
  findLiveHolder(decodeStatus(rows.status.values), decodeHeartbeat(rows.health.values), now);

/** By its id, or by its name where the shipped kit has recorded nothing else. */
const findContainer = (dockerId: string, { containers }: Snapshot): EngineContainer | undefined =>
  'found' in containers && dockerId !== ''
    ? containers.found.find(({ id, names }) => id.startsWith(dockerId) || names.includes(dockerId))
    : undefined;

export function explainRuns(rows: FeatureRows, snapshot: Snapshot): Explanation[] {
  const values = pick(rows.status, [
    'current_owner',
    'docker_id',
    'container_id',
    'container_version',
    'claim_boot_id',
    'update_time',
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

function describeImage(container: EngineContainer | undefined, { containers, ledger }: Snapshot): string {
  if (container === undefined)
    return 'found' in containers ? '; the engine knows no such container' : '; its image is not known now';
  const { imageId, image, state } = container;
  const golden = 'found' in ledger ? ledger.found.golden : undefined;
  const previous = 'found' in ledger ? ledger.found.previous : undefined;
  const mark =
    golden?.imageId === imageId
      ? 'the golden one'
      : previous?.imageId === imageId
        ? 'the golden one before'
        : 'not golden';
  const engineState = state === 'running' ? '' : `; the engine says it is ${state}`;
  // kubelet starts a container by the image's id, which is no name.
  const name = isImageId(image) ? shortImageId(imageId) : `${image} (${shortImageId(imageId)})`;
  return `, image ${name}, ${mark}${engineState}`;
}

export function explainHeartbeat(rows: FeatureRows, snapshot: Snapshot): Explanation[] {
  const beat = decodeObservedBeat(rows.health.values);
  const values = pick(rows.health, [
    'status',
    'reason',
    'seq',
    'beat_ms',
    'interval_ms',
    'restarts',
    'token',
  ]);
  if (beat.beatMs === undefined || beat.bootId !== snapshot.now.bootId) {
    const isNeeded = findHolder(rows, snapshot) !== undefined;
    const text = isNeeded ? 'none: a container of an image without the kit has none' : 'none';
    return [{ topic: 'heartbeat', text, values }];
  }
  const ageMs = snapshot.now.bootMs - beat.beatMs;
  const isOverdue = snapshot.now.bootMs >= overdueAtMs({ beatMs: beat.beatMs, intervalMs: beat.intervalMs });
  const isOurs = beat.token === decodeStatus(rows.status.values).claimToken;
  const said = `${beat.status ?? 'unknown'}${beat.reason === '' ? '' : ` (${beat.reason})`}`;
  const when = `${describeDuration(ageMs)} ago, every ${describeDuration(beat.intervalMs)}`;
  const restarts = beat.restarts ? `, ${beat.restarts} unexpected exits since its start` : '';
  const note = `${isOverdue ? ', overdue' : ''}${isOurs ? '' : ', of an earlier container'}`;
  const item: Explanation = { topic: 'heartbeat', text: `${said}, ${when}${restarts}${note}`, values };
  return isOurs && !isOverdue ? [item, ...explainChecks(rows)] : [item];
}

/** Those that are not ok. */
const explainChecks = ({ health }: FeatureRows): Explanation[] =>
  decodeChecks(health.values['checks'] ?? '')
    .filter(({ result }) => result !== 'ok')
    .map(({ name, kind, result, message }) => ({
      topic: 'check',
      text: `${name} (${kind}) is ${result}: ${message}`,
      values: pick(health, ['checks']),
    }));

interface HeldNames {
  readonly feature: string;
  readonly version: string;
  readonly configName: string;
  readonly unit: string;
}

const HOLD_LIFTS: Readonly<Record<HoldReason, (names: HeldNames) => string>> = {
  'owner-is-local': ({ configName }) => `config feature owner ${configName} kube`,
  'feature-disabled': ({ configName }) => `config feature state ${configName} enabled`,
  'system-not-up': ({ unit }) => `systemctl start ${unit}`,
  'version-blocked': ({ feature, version }) => `ctrkit unblock ${feature} ${version}`,
  'version-is-local': () => 'nothing is amiss: the local image has this version; deploy a higher one',
  'higher-version-running': () => 'nothing is amiss: it goes on when the higher version has stopped',
  superseded: () => 'nothing is amiss: it goes on when the container that was let in has stopped',
};

export function explainHolds(rows: FeatureRows, { feature, now }: Snapshot): Explanation[] {
  const names = { feature, configName: rows.config.address.row, unit: unitOf(feature, rows) };
  return rows.holds
    .filter(({ values }) => values['boot_id'] === now.bootId)
    .map((hold) => {
      const { version = '', reason = '', text = '' } = hold.values;
      const lifts = Object.hasOwn(HOLD_LIFTS, reason)
        ? HOLD_LIFTS[reason as HoldReason]({ ...names, version })
        : undefined;
      return {
        topic: 'held',
        text: `container ${hold.dockerId} of version ${version} waits, ${reason}: ${text}`,
        ...(lifts === undefined ? {} : { lifts }),
        values: pick(hold, ['version', 'reason', 'since_ts']),
      };
    });
}

/** Why it does not serve, as far as neither the heartbeat nor a hold says it already. */
export function explainReady(rows: FeatureRows, snapshot: Snapshot): Explanation[] {
  const { feature } = snapshot;
  const { remoteState, containerVersion } = decodeStatus(rows.status.values);
  const values = pick(rows.status, ['remote_state', 'container_version', 'pending_token']);
  // explainSwitchOver says what becomes of a live holder.
  if (findHolder(rows, snapshot) !== undefined) return [];
  if (remoteState === 'pending') {
    const text = `version ${containerVersion} asks to be let in, and the host has not answered`;
    const lifts = `container wait ${feature} answers: see systemctl status ${unitOf(feature, rows)}`;
    return [{ topic: 'ready', text, lifts, values }];
  }
  if (remoteState === 'ready')
    return [{ topic: 'ready', text: 'the host has let a container in that has not claimed yet', values }];
  return decodeConfig(rows.config.values).setOwner === 'kube' ? explainNotDeployed(rows, snapshot) : [];
}

function explainNotDeployed(rows: FeatureRows, { feature }: Snapshot): Explanation[] {
  const field = enabledLabel(feature);
  const label = rows.labels.find(({ values }) => values[field] !== undefined) ?? rows.labels[0];
  const values = [
    ...(label === undefined ? [] : pick(label, [field])),
    ...pick(rows.master, MASTER_STATUS_FIELDS),
  ];
  if (rows.holds.length > 0) return [];
  if (canMasterDeploy(rows.master.values) === false) {
    const text =
      decodeMasterStatus(rows.master.values).isConnected === true
        ? 'not deployed: the Kubernetes master does not answer this switch'
        : 'not deployed: the switch is not connected to its Kubernetes master';
    return [{ topic: 'ready', text, lifts: 'show kube server', values }];
  }
  if (label?.values[field]?.toLowerCase() !== 'true') {
    const text = `not deployed: this node's label ${field} is not "true", so Kubernetes leaves it alone`;
    return [{ topic: 'ready', text, lifts: `systemctl start ${unitOf(feature, rows)} sets it`, values }];
  }
  const text = 'not deployed: this node has the label, and no container has come yet';
  return [{ topic: 'ready', text, lifts: `on the master: kubectl get pods -A, for ${feature}`, values }];
}
