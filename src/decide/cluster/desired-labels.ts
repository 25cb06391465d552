/** Which labels this switch desires on its Node (contract.md, section 9; D23; HLD, "Proposed behavior at high level"). */
import {
  failedLabel,
  goldenLabel,
  isEnabledLabel,
  versionEnabledLabel,
} from '../../contract/cluster/feature-labels.ts';
import type { Labels } from '../../contract/cluster/node-labels.ts';
import type { FeatureLedger, Ledger } from '../../contract/images/ledger.ts';
import { findStanding, type LadderFacts } from '../images/ladder.ts';

export interface DesiredLabelSources {
  /** STATE_DB KUBE_LABELS|SET as it is. */
  readonly labels: Labels;
  readonly ledger: Ledger;
  readonly findFacts: (feature: string) => LadderFacts;
  /** From `describeSwitch`. */
  readonly description: Labels;
}

/**
 * All labels that the Node is to have; whether they are legal is checked later. KUBE_LABELS wins. `<f>_golden` is the highest
 * rung that stands: the shipped image too, where there is no better one.
 */
export function gatherDesiredLabels(sources: DesiredLabelSources): Labels {
  const { labels, ledger, findFacts, description } = sources;
  const features = Object.entries(ledger);
  const reported = features.flatMap(([feature, images]) =>
    describeImages(feature, images, findFacts(feature)),
  );
  const failed = new Set(
    features.flatMap(([feature, { fallbacks }]) =>
      fallbacks.map(({ version }) => versionEnabledLabel(feature, version)),
    ),
  );
  const configured = Object.entries(labels).flatMap(([key, value]) => {
    // A selector compares letter by letter, and SONiC's tools write True and False.
    const text = isEnabledLabel(key) ? value.toLowerCase() : value;
    return failed.has(key) && text === 'false' ? [] : [[key, text] as const];
  });
  return Object.fromEntries([...Object.entries(description), ...reported, ...configured]);
}

/**
 * A failed version is reported by the label `<f>_failed`, not by a block of the version. A block would take the node out of the
 * rollout, which would go on to the next node, and so through the whole fleet. The pod that stays is held and not Ready, and
 * stops the rollout.
 */
function describeImages(
  feature: string,
  ledger: FeatureLedger,
  facts: LadderFacts,
): (readonly [string, string])[] {
  return [
    [goldenLabel(feature), findStanding(ledger, facts)?.image.version ?? ''] as const,
    [failedLabel(feature), ledger.fallbacks.at(-1)?.version ?? ''] as const,
  ].filter(([, version]) => version !== '');
}
