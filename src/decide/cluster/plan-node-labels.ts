/**
 * Which labels of the Node ctrkitd writes (contract.md, section 9; D23; HLD, "Proposed behavior at high level"). Label ownership
 * is read from managedFields: ctrkitd removes only labels that it wrote last.
 */
import { decodeEnabledVersion, enabledLabel, isEnabledLabel } from '../../contract/cluster/feature-labels.ts';
import { findLabelKeyFault, findLabelValueFault } from '../../contract/cluster/kubernetes-names.ts';
import { DESCRIPTION_KEYS, isReservedLabel, type Labels } from '../../contract/cluster/node-labels.ts';
import type { LabelValue } from './label-pace.ts';

export interface NodeLabelInput {
  readonly node: {
    readonly labels: Labels;
    /** Keys of labels that ctrkitd wrote last. */
    readonly owned: ReadonlySet<string>;
  };
  /** From `gatherDesiredLabels`. */
  readonly desired: Labels;
  /** Whether a key that is not desired may be removed: see `DesiredLabelsMemory`. */
  readonly isWithdrawn: (key: string) => boolean;
  /** CONFIG_DB tells the switch to stay away from the cluster, or a leave is under way. */
  readonly isLeaving: boolean;
  /** Keys `<f>_enabled` of what Kubernetes still runs. While the switch leaves, they stay until the feature's turn has come. */
  readonly stillNeeded: ReadonlySet<string>;
  /** Names of the switch's features, as far as they are known. Used while the switch leaves. */
  readonly features: ReadonlySet<string>;
}

interface RefusedLabel {
  readonly key: string;
  readonly value: string;
  /** Half a line for people. */
  readonly fault: string;
}

export interface NodeLabelPlan {
  /** What keeps Kubernetes from deploying comes first, then in the order of the keys. An undefined value removes the label. */
  readonly writes: readonly LabelValue[];
  /** Desired labels that no node may have. What the Node has under such a key stays. */
  readonly refused: readonly RefusedLabel[];
}

/**
 * The writes after which the Node has the desired labels. A label of somebody else changes only if it is desired with another
 * value. A label of ctrkitd's is removed when it is withdrawn.
 */
export function planNodeLabels(input: NodeLabelInput): NodeLabelPlan {
  const { node, desired } = input;
  const refused: RefusedLabel[] = [];
  const wanted: { readonly key: string; readonly value: string }[] = [];
  for (const [key, value] of Object.entries(desired)) {
    const fault = findFault(key, value);
    if (fault === undefined) wanted.push({ key, value: isShut(key, input) ? 'false' : value });
    else refused.push({ key, value, fault });
  }
  const changed = wanted.filter(({ key, value }) => !hasLabel(node.labels, key, value));
  const leftOver = [...node.owned]
    .filter((key) => Object.hasOwn(node.labels, key) && !Object.hasOwn(desired, key) && !isReservedLabel(key))
    .flatMap((key) => planLeftOver(key, input));
  return {
    writes: [...changed, ...leftOver].toSorted(compareUrgency),
    refused: refused.toSorted(compareKeys),
  };
}

/** What becomes of a label that ctrkitd wrote and that is not desired. A description stays: a DaemonSet may select by it. */
function planLeftOver(key: string, input: NodeLabelInput): LabelValue[] {
  if (isShut(key, input)) return input.node.labels[key] === 'false' ? [] : [{ key, value: 'false' }];
  return !DESCRIPTION_KEYS.has(key) && input.isWithdrawn(key) ? [{ key, value: undefined }] : [];
}

/** True where the switch leaves and the label would let Kubernetes deploy: then it says false. */
const isShut = (key: string, { isLeaving, stillNeeded, features }: NodeLabelInput): boolean =>
  isLeaving && isEnabledLabel(key) && !stillNeeded.has(key) && !isVersionLabel(key, features);

/**
 * True for `<f>_<version>_enabled` of one of the features, which lets nothing in by itself: its feature's own label does. A key
 * that is also the own label of a feature (`snmp_trap_enabled` of snmp_trap) counts as that.
 */
function isVersionLabel(key: string, features: ReadonlySet<string>): boolean {
  const names = [...features];
  if (names.some((name) => enabledLabel(name) === key)) return false;
  return names.some((name) => decodeEnabledVersion(name, key) !== undefined);
}

/** Why ctrkitd may not write this label; undefined if it may. */
function findFault(key: string, value: string): string | undefined {
  const keyFault = findLabelKeyFault(key);
  if (keyFault !== undefined) return `its key ${keyFault}`;
  if (isReservedLabel(key)) return 'its key is one of Kubernetes’ own';
  const valueFault = findLabelValueFault(value);
  return valueFault === undefined ? undefined : `its value ${valueFault}`;
}

const hasLabel = (labels: Labels, key: string, value: string): boolean =>
  Object.hasOwn(labels, key) && labels[key] === value;

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compareKeys = (a: { readonly key: string }, b: { readonly key: string }): number =>
  compareTexts(a.key, b.key);
/** A version is blocked before its feature is let in, so that no pod of it comes for a moment. */
const compareUrgency = (a: LabelValue, b: LabelValue): number =>
  Number(a.value !== 'false') - Number(b.value !== 'false') || compareKeys(a, b);
