/** Explains which container is to take over the feature, and what ctrkitd does about it. */
import { decodeConfig, decodeStatus } from '../../../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../../../contract/feature/status-fields.ts';
import { canMasterDeploy } from '../../../../contract/cluster/master-status.ts';
import type { SwitchView } from '../../../../contract/feature/daemon-view.ts';
import type { Holder } from '../../../../decide/gate/live-holder.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import {
  findView,
  listValues,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';

type Snapshot = Pick<ExplainSnapshot, 'feature' | 'now' | 'daemon'>;

/** `holder` is the live one, undefined if there is none. */
export function explainSwitchOver(
  rows: FeatureRows,
  holder: Holder | undefined,
  snapshot: Snapshot,
): Explanation[] {
  const { remoteState, containerVersion } = decodeStatus(rows.status.values);
  const decision = findView(snapshot)?.switchOver;
  const values = listValues(rows.status, [
    STATUS_FIELD.remoteState,
    STATUS_FIELD.containerVersion,
    STATUS_FIELD.currentOwner,
  ]);
  // A live holder has to be stopped first, which only ctrkitd does: `container wait` waits for its end.
  if (remoteState === 'pending' && holder !== undefined) {
    const who = `version ${containerVersion} asks to take over from container ${holder.dockerId} (${holder.owner})`;
    const text = `${who}: ${describeDecision(decision, snapshot)}`;
    return [{ topic: 'ready', text, values, ...findRemedy(rows, holder, decision) }];
  }
  const isUnwanted = holder?.owner === 'kube' && decodeConfig(rows.config.values).setOwner === 'local';
  if (decision === undefined || (decision.kind === 'none' && !isUnwanted)) return [];
  return [{ topic: 'ready', text: describeDecision(decision, snapshot), values }];
}

/** Why ctrkitd leaves the service as it is; undefined where it restarts it, or nothing tells. */
export function explainNoRestart(snapshot: Snapshot): string | undefined {
  const decision = findView(snapshot)?.switchOver;
  return decision?.kind === 'none' ? describeDecision(decision, snapshot) : undefined;
}

function describeDecision(decision: SwitchView | undefined, { daemon, now }: Snapshot): string {
  if ('problem' in daemon) return 'ctrkitd does not run, and nothing else restarts the service for that';
  if (decision === undefined) return 'ctrkitd has not decided on it yet';
  const { kind, text, restartAtMs = 0 } = decision;
  if (kind === 'none') return `ctrkitd does not restart the service: ${text}`;
  const verb = daemon.found.isShadow ? 'would restart' : 'restarts';
  const when = restartAtMs > now.bootMs ? `in ${describeDuration(restartAtMs - now.bootMs)}` : 'now';
  return `ctrkitd ${verb} the service ${when}: ${text}`;
}

/** A local container stays while the master is out of reach: a start would choose it again. */
function findRemedy(
  { master }: FeatureRows,
  { owner }: Holder,
  decision: SwitchView | undefined,
): Pick<Explanation, 'lifts'> {
  if (decision?.kind !== 'none' || owner !== 'local' || canMasterDeploy(master.values) === true) return {};
  return { lifts: 'ctrkit kube status says why the master is out of reach' };
}
