/** Explains which versions Kubernetes may not run here: by an operator, by a label, or because local runs them. */
import { localVersionLabel, versionEnabledLabel } from '../../../../contract/cluster/feature-labels.ts';
import type { RowValues } from '../../../../contract/rows.ts';
import { listBlocks } from '../../../../decide/gate/version-blocks.ts';
import { unblockVersionCommand } from '../../../../text/operator-commands.ts';
import { listValues, type ExplainSnapshot, type Explanation } from '../reading/explain-item.ts';
import { describeTime } from '../terminal/local-time.ts';

/** `labels`: those of this feature, of each STATE_DB; empty where no database was read. */
export function explainBlocks(
  labels: readonly RowValues[],
  { feature, blocks }: Pick<ExplainSnapshot, 'feature' | 'blocks'>,
): Explanation[] {
  const kept = 'found' in blocks ? blocks.found : [];
  const ofOperators = kept.map(({ version, reason, owner, sinceTs }): Explanation => {
    const field = versionEnabledLabel(feature, version);
    return {
      topic: 'blocked',
      text: `version ${version} is blocked on this switch by ${owner} (${reason}) since ${describeTime(sinceTs)}`,
      lifts: unblockVersionCommand(feature, version),
      values: labels
        .filter(({ values }) => values[field] !== undefined)
        .flatMap((row) => listValues(row, [field])),
    };
  });
  const ofLabels = listBlocks(feature, labels)
    .filter(({ version }) => !kept.some((block) => block.version === version))
    .map(({ version, row, field }): Explanation => ({
      topic: 'blocked',
      text: `version ${version} is blocked on this switch`,
      lifts: unblockVersionCommand(feature, version),
      values: listValues(row, [field]),
    }));
  const unread: Explanation[] =
    'problem' in blocks ? [{ topic: 'disk', text: blocks.problem, values: [] }] : [];
  return [...unread, ...ofOperators, ...ofLabels, ...explainLocalVersion(labels, feature)];
}

function explainLocalVersion(labels: readonly RowValues[], feature: string): Explanation[] {
  const local = localVersionLabel(feature);
  return labels
    .filter(({ values }) => values[local])
    .map((row) => ({
      topic: 'blocked',
      text: `version ${row.values[local] ?? ''} is the local image's, so Kubernetes does not deploy it as well`,
      values: listValues(row, [local]),
    }));
}
