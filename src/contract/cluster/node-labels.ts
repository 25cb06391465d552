/**
 * Labels of this switch's Node object (contract.md, section 9; sonic.md, "Label rules"; HLD, "Proposed behavior at high
 * level").
 */
import type { FieldValues, RowAddress } from '../rows.ts';

/** By key. */
export type Labels = Readonly<Record<string, string>>;

export const deviceMetadataRow: RowAddress = { db: 'config', table: 'DEVICE_METADATA', row: 'localhost' };
export const DEVICE_FIELDS = ['hwsku', 'platform', 'type', 'deployment_type'] as const;

/** A feature's own `<f>_enabled`, and `<f>_<version>_enabled`: whatever lets Kubernetes deploy something here. */
export const isEnabledLabel = (key: string): boolean => key.endsWith('_enabled');

/** Kubernetes keeps these to itself: its NodeRestriction refuses most of them to a node, and all are somebody else's. */
export function isReservedLabel(key: string): boolean {
  const [prefix = ''] = key.includes('/') ? key.split('/') : [];
  return ['kubernetes.io', 'k8s.io'].some((own) => prefix === own || prefix.endsWith(`.${own}`));
}

/**
 * What the switch is, as labels: the names that SONiC's ctrmgrd gives them, and those of the HLD's node selectors. Only
 * what is known: a source that is silent describes nothing.
 */
export function describeSwitch(device: FieldValues, sonicVersion: string): Labels {
  const { hwsku, platform, type, deployment_type: deploymentType } = device;
  const known = {
    sonic_version: sonicVersion,
    hwsku,
    deployment_type: deploymentType,
    'worker.sonic/platform': platform,
    'worker.sonic/hwsku': hwsku,
    'worker.sonic/device-type': type,
  };
  return Object.fromEntries(
    Object.entries(known).flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [[key, value] as const],
    ),
  );
}

/** The keys that `describeSwitch` may give. */
export const DESCRIPTION_KEYS: ReadonlySet<string> = new Set([
  'sonic_version',
  'hwsku',
  'deployment_type',
  'worker.sonic/platform',
  'worker.sonic/hwsku',
  'worker.sonic/device-type',
]);
