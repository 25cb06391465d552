/** One feature as `ctrkit kube status` shows it. */
import { decodeConfig, decodeStatus } from '../../../../contract/feature/feature.ts';
import type { FieldValues } from '../../../../contract/rows.ts';

/** A feature that Kubernetes runs or is to run. Part of `--json`, stable. */
export interface KubeFeature {
  readonly feature: string;
  readonly set_owner: string;
  readonly current_owner: string;
  readonly version: string;
  readonly remote_state: string;
  readonly no_fallback_to_local: boolean;
}

/** Empty for a feature that is not Kubernetes'. */
export function decodeKubeFeature(
  feature: string,
  configValues: FieldValues,
  statusValues: FieldValues,
): KubeFeature[] {
  const config = decodeConfig(configValues);
  const status = decodeStatus(statusValues);
  if (config.setOwner !== 'kube' && status.currentOwner !== 'kube') return [];
  return [
    {
      feature,
      set_owner: config.setOwner,
      current_owner: status.currentOwner,
      version: status.containerVersion,
      remote_state: status.remoteState,
      no_fallback_to_local: config.noFallbackToLocal,
    },
  ];
}
