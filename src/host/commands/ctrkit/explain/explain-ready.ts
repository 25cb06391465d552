/** Explains why a feature is not Ready, where neither its heartbeat nor a hold does. */
import { startUnitCommand } from '../../../../text/operator-commands.ts';
import { decodeEnabledValue, enabledLabel } from '../../../../contract/cluster/feature-labels.ts';
import {
  canMasterDeploy,
  decodeMasterStatus,
  MASTER_STATUS_FIELDS,
} from '../../../../contract/cluster/master-status.ts';
import { decodeConfig, decodeStatus } from '../../../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../../../contract/feature/status-fields.ts';
import {
  findUnit,
  listValues,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';
import { findHolder } from './explain-run.ts';
import { explainNoRestart } from './explain-switch.ts';

type Snapshot = Pick<ExplainSnapshot, 'feature' | 'now' | 'daemon'>;

export function explainReady(rows: FeatureRows, snapshot: Snapshot): Explanation[] {
  const { feature } = snapshot;
  const { remoteState, containerVersion } = decodeStatus(rows.status.values);
  const values = listValues(rows.status, [
    STATUS_FIELD.remoteState,
    STATUS_FIELD.containerVersion,
    STATUS_FIELD.pendingToken,
  ]);
  // explainSwitchOver says what becomes of a live holder.
  if (findHolder(rows, snapshot) !== undefined) return [];
  if (remoteState === 'pending') {
    const asks = `version ${containerVersion} asks to be let in, and the host has not answered`;
    const why = explainNoRestart(snapshot);
    const text = why === undefined ? asks : `${asks}; ${why}`;
    const lifts = `container wait ${feature} answers: see systemctl status ${findUnit(feature, rows)}`;
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
    ...(label === undefined ? [] : listValues(label, [field])),
    ...listValues(rows.master, MASTER_STATUS_FIELDS),
  ];
  if (rows.holds.length > 0) return [];
  if (canMasterDeploy(rows.master.values) === false) {
    const text =
      decodeMasterStatus(rows.master.values).isConnected === true
        ? 'not deployed: the Kubernetes master does not answer this switch'
        : 'not deployed: the switch is not connected to its Kubernetes master';
    return [{ topic: 'ready', text, lifts: 'show kube server', values }];
  }
  if (decodeEnabledValue(label?.values[field]) !== true) {
    const text = `not deployed: this node's label ${field} is not "true", so Kubernetes leaves it alone`;
    return [{ topic: 'ready', text, lifts: `${startUnitCommand(findUnit(feature, rows))} sets it`, values }];
  }
  const text = 'not deployed: this node has the label, and no container has come yet';
  return [{ topic: 'ready', text, lifts: `on the master: kubectl get pods -A, for ${feature}`, values }];
}
