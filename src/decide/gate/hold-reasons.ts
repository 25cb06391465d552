/** Rows 1 to 6 of the gate's table (contract.md, section 3): this deployment is not wanted on the switch. */
import {
  enableFeatureCommand,
  setOwnerCommand,
  startUnitCommand,
  unblockVersionCommand,
} from '../../text/operator-commands.ts';
import {
  localVersionLabel,
  versionEnabledLabel,
  type NodeLabels,
} from '../../contract/cluster/feature-labels.ts';
import { isDisabled, type FeatureConfig } from '../../contract/feature/feature.ts';
import type { HoldReason } from '../../contract/gate/hold.ts';
import type { Holder } from './live-holder.ts';
import { compareVersions } from './version-order.ts';

export interface Hold {
  readonly reason: HoldReason;
  /** One line: the row and field that is the reason, and what to do about it. */
  readonly text: string;
}

export interface DeploymentInput {
  readonly feature: string;
  readonly version: string;
  readonly config: Pick<FeatureConfig, 'setOwner' | 'state' | 'noFallbackToLocal'>;
  readonly systemState: string;
  readonly labels: NodeLabels;
  /** The live holder, if it is another container. */
  readonly other: Holder | undefined;
}

/** The first row that holds the container; undefined if none does. */
export const findHold = (input: DeploymentInput): Hold | undefined =>
  findFeatureHold(input) ?? findVersionHold(input);

/** Rows 1 to 3: no version of the feature is to be run by Kubernetes now. */
function findFeatureHold({ feature, config, systemState }: DeploymentInput): Hold | undefined {
  if (config.setOwner !== 'kube') {
    return {
      reason: 'owner-is-local',
      text: `CONFIG_DB FEATURE|${feature} set_owner is "${config.setOwner}": the switch runs its own image. To run this one: ${setOwnerCommand(feature, 'kube')}`,
    };
  }
  if (isDisabled(config)) {
    return {
      reason: 'feature-disabled',
      text: `CONFIG_DB FEATURE|${feature} state is "${config.state}". To run it: ${enableFeatureCommand(feature)}`,
    };
  }
  if (systemState !== 'up') {
    return {
      reason: 'system-not-up',
      text: `STATE_DB FEATURE|${feature} system_state is "${systemState}": the host has not started the feature. To start it: ${startUnitCommand(feature)}`,
    };
  }
  return undefined;
}

/** Rows 4 to 6: this version is blocked, is the version of the local image, or is lower than the running one. */
function findVersionHold({ feature, version, config, labels, other }: DeploymentInput): Hold | undefined {
  if (labels.isVersionBlocked) {
    return {
      reason: 'version-blocked',
      text: `STATE_DB KUBE_LABELS|SET ${versionEnabledLabel(feature, version)} is "false": version ${version} is blocked on this switch. To lift it: ${unblockVersionCommand(feature, version)}, or set that field to true`,
    };
  }
  const isLocalVersion =
    labels.localVersion !== '' && labels.localVersion.toLowerCase() === version.toLowerCase();
  // If there is no local container and none may start, a hold would leave the feature without any container.
  const isNobodyElse = config.noFallbackToLocal && other?.owner !== 'local';
  if (isLocalVersion && !isNobodyElse) {
    return {
      reason: 'version-is-local',
      text: `STATE_DB KUBE_LABELS|SET ${localVersionLabel(feature)} is "${labels.localVersion}": the switch's own image already has this version. Deploy a higher one`,
    };
  }
  if (other !== undefined && compareVersions(other.version, version) === 'higher') {
    return {
      reason: 'higher-version-running',
      text: `container ${other.dockerId} runs version ${other.version}, higher than this one's ${version}. It goes on when that one has stopped`,
    };
  }
  return undefined;
}

/** One line if row 6 can't tell which version is higher, and therefore does not hold; otherwise undefined. */
export function describeUncomparable(version: string, other: Holder | undefined): string | undefined {
  if (other === undefined || compareVersions(other.version, version) !== 'not-comparable') return undefined;
  return `version ${version} can't be compared with ${other.version}, which runs in ${other.dockerId}: nothing is held for it`;
}
