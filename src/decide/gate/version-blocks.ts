/** Versions that are blocked on this switch, by labels (HLD, "Proposed behavior at high level"). */
import { decodeEnabledValue, decodeEnabledVersion } from '../../contract/cluster/feature-labels.ts';
import type { RowValues } from '../../contract/rows.ts';

export interface VersionBlock {
  readonly version: string;
  readonly row: RowValues;
  readonly field: string;
}

/**
 * The labels `<feature>_<version>_enabled` among `fields`. The name of one feature may be the beginning of another: a label
 * that also fits a longer name of `features` belongs to that feature.
 */
export function listVersionLabels(
  feature: string,
  fields: readonly string[],
  features: readonly string[],
): string[] {
  const longer = features.filter((name) => name !== feature && name.startsWith(`${feature}_`));
  return fields.filter(
    (field) =>
      decodeEnabledVersion(feature, field) !== undefined &&
      !longer.some((name) => field.startsWith(`${name}_`)),
  );
}

/** The labels that say false, among fields that `listVersionLabels` has selected. */
export const listBlocks = (feature: string, labels: readonly RowValues[]): VersionBlock[] =>
  labels.flatMap((row) =>
    Object.entries(row.values).flatMap(([field, value]) => {
      const version = decodeEnabledVersion(feature, field);
      return version !== undefined && decodeEnabledValue(value) === false ? [{ version, row, field }] : [];
    }),
  );
