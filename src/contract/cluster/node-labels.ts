/**
 * Labels of this switch's Node object (contract.md, section 9; sonic.md, "Label rules"; HLD, "Proposed behavior at high
 * level").
 */
import type { FieldValues, RowAddress } from '../rows.ts';

/** Values by key. */
export type Labels = Readonly<Record<string, string>>;

export const deviceMetadataRow: RowAddress = { db: 'config', table: 'DEVICE_METADATA', row: 'localhost' };
export const DEVICE_FIELDS = ['hwsku', 'platform', 'type', 'deployment_type'] as const;

/** True for a key of Kubernetes' own: its NodeRestriction refuses most of them to a node, and ctrkitd writes none. */
export function isReservedLabel(key: string): boolean {
  const [prefix = ''] = key.includes('/') ? key.split('/') : [];
  return ['kubernetes.io', 'k8s.io'].some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}

/** Where the value of each key comes from: SONiC's ctrmgrd names the first three, the HLD's node selectors the others. */
const DESCRIPTION: Readonly<
  Record<string, (device: FieldValues, sonicVersion: string) => string | undefined>
> = {
  sonic_version: (_device, sonicVersion) => sonicVersion,
  hwsku: ({ hwsku }) => hwsku,
  deployment_type: ({ deployment_type: deploymentType }) => deploymentType,
  'worker.sonic/platform': ({ platform }) => platform,
  'worker.sonic/hwsku': ({ hwsku }) => hwsku,
  'worker.sonic/device-type': ({ type }) => type,
};

/** The keys that `describeSwitch` may give. */
export const DESCRIPTION_KEYS: ReadonlySet<string> = new Set(Object.keys(DESCRIPTION));

/** The labels that describe the switch: `device` is DEVICE_METADATA's row. An empty or missing value gives no label. */
export const describeSwitch = (device: FieldValues, sonicVersion: string): Labels =>
  Object.fromEntries(
    Object.entries(DESCRIPTION).flatMap(([key, read]) => {
      const value = read(device, sonicVersion) ?? '';
      return value === '' ? [] : [[key, value] as const];
    }),
  );
