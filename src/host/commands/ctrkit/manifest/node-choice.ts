/** Which switches a feature is deployed on (HLD, "Proposed behavior at high level"; contract.md, section 9). */
import {
  enabledLabel,
  goldenLabel,
  localVersionLabel,
  versionEnabledLabel,
} from '../../../../contract/cluster/feature-labels.ts';
import { findLabelKeyFault, findLabelValueFault } from '../../../../contract/cluster/kubernetes-names.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { parsePair, quoteText, refuseRequest } from './manifest-arguments.ts';

/** The labels that a node must have. A switch sets `<feature>_enabled` to `true` when it wants the feature from Kubernetes. */
export function planNodeSelector(
  request: ManifestRequest,
  { containerName }: Instance,
): Readonly<Record<string, string>> {
  const selector = new Map<string, string>();
  const addLabel = (option: string, key: string, value: string): void => {
    const keyFault = findLabelKeyFault(key);
    if (keyFault !== undefined) refuseRequest(`${option}: the label's key ${quoteText(key)} ${keyFault}`);
    const valueFault = findLabelValueFault(value);
    if (valueFault !== undefined)
      refuseRequest(`${option}: no node can have it: ${quoteText(value)} ${valueFault}`);
    if (selector.has(key)) refuseRequest(`${option}: ${key} is selected by already: leave one of them away`);
    selector.set(key, value);
  };
  // `container start NAME` writes it, and NAME is lldp0 for the instance of ASIC 0.
  addLabel('FEATURE', enabledLabel(containerName), 'true');
  const { osVersion, platform, hwsku, deviceType } = request;
  const described = [
    ['--os-version', 'sonic_version', osVersion],
    ['--platform', 'worker.sonic/platform', platform],
    ['--hwsku', 'hwsku', hwsku],
    ['--device-type', 'worker.sonic/device-type', deviceType],
  ] as const;
  for (const [option, key, value] of described) {
    if (value === '') refuseRequest(`${option} is empty: leave it away to deploy on all`);
    if (value !== undefined) addLabel(option, key, value);
  }
  const blockKey = versionEnabledLabel(request.feature, request.version);
  for (const text of request.selectors) {
    const { key, value } = parsePair('--select', text);
    if (key === blockKey && value === 'false')
      refuseRequest(`--select: ${key}=false is how a node blocks this version: no node would get the pod`);
    addLabel('--select', key, value);
  }
  return Object.fromEntries(selector);
}

/** Every node except those that block the version. `NotIn` also holds for a node without the label. */
export const planVersionAffinity = ({ feature, version }: ManifestRequest) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: versionEnabledLabel(feature, version), operator: 'NotIn', values: ['false'] },
          ],
        },
      ],
    },
  },
});

/** Refuses a version that no label can hold: no node could block it, or show that it is golden. */
export function assertVersionFitsLabels({ feature, version }: ManifestRequest): void {
  const rule = 'build the image with a version that a label can hold, - in place of + for instance';
  const blockKey = versionEnabledLabel(feature, version);
  const keyFault = findLabelKeyFault(blockKey);
  if (keyFault !== undefined)
    refuseRequest(
      `the version can't be blocked by a node's label: the key ${quoteText(blockKey)} ${keyFault}: ${rule}`,
    );
  const valueFault = findLabelValueFault(version);
  if (valueFault !== undefined)
    refuseRequest(
      `the version can't be the value of the labels ${localVersionLabel(feature)} and ${goldenLabel(feature)}: ${quoteText(version)} ${valueFault}: ${rule}`,
    );
}
