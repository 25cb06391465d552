/** Which labels of the node are to be written (contract.md, section 9; D23; HLD, "Proposed behavior at high level"). */
import {
  decodeEnabledVersion,
  enabledLabel,
  failedLabel,
  goldenLabel,
  versionEnabledLabel,
  isEnabledLabel,
} from '../../contract/cluster/feature-labels.ts';
import { findLabelKeyFault, findLabelValueFault } from '../../contract/cluster/kubernetes-names.ts';
import type { FeatureLedger, Ledger } from '../../contract/images/ledger.ts';
import { DESCRIPTION_KEYS, isReservedLabel, type Labels } from '../../contract/cluster/node-labels.ts';

export interface DesiredLabelSources {
  /** STATE_DB KUBE_LABELS|SET as it is. */
  readonly labels: Labels;
  readonly ledger: Ledger;
  /** From `describeSwitch`. */
  readonly description: Labels;
}

/**
 * All labels that the node is to have; what is legal is decided later. KUBE_LABELS wins. `<f>_golden` is the golden image
 * of the ledger: an adopted one, which is the switch's own local image, as well as a certified one.
 */
export function gatherDesiredLabels({ labels, ledger, description }: DesiredLabelSources): Labels {
  const features = Object.entries(ledger);
  const own = features.flatMap(([feature, of]) => describeImages(feature, of));
  const failed = new Set(
    features.flatMap(([feature, { fallbacks }]) =>
      fallbacks.map(({ version }) => versionEnabledLabel(feature, version)),
    ),
  );
  const wished = Object.entries(labels).flatMap(([key, value]) => {
    // A selector compares letter by letter, and SONiC's tools write True and False.
    const text = isEnabledLabel(key) ? value.toLowerCase() : value;
    return failed.has(key) && text === 'false' ? [] : [[key, text] as const];
  });
  return Object.fromEntries([...Object.entries(description), ...own, ...wished]);
}

/**
 * What failed is told by a label of its own, not by the version's block: that would take the node out of the rollout, which
 * would then go on to the next one, and so through the whole fleet. The pod that stays is held, and not Ready.
 */
function describeImages(
  feature: string,
  { golden, fallbacks }: FeatureLedger,
): (readonly [string, string])[] {
  return [
    [goldenLabel(feature), golden?.version ?? ''] as const,
    [failedLabel(feature), fallbacks.at(-1)?.version ?? ''] as const,
  ].filter(([, version]) => version !== '');
}

export interface NodeLabelInput {
  readonly node: {
    readonly labels: Labels;
    /** Keys that ctrkitd wrote last. */
    readonly owned: ReadonlySet<string>;
  };
  readonly wishes: Labels;
  /** Keys whose absence from the wishes means something: see `DesiredLabelsMemory`. */
  readonly isGone: (key: string) => boolean;
  /** CONFIG_DB says to stay away from the cluster, or a leave is under way. */
  readonly isLeaving: boolean;
  /** Keys that let in what Kubernetes runs at this moment: while leaving, its turn to be replaced has not come. */
  readonly stillNeeded: ReadonlySet<string>;
  /** Names of the switch's features, as far as they are known. Used while leaving. */
  readonly features: ReadonlySet<string>;
}

interface PlannedLabel {
  readonly key: string;
  /** Undefined: it goes. */
  readonly value: string | undefined;
}

interface RefusedLabel {
  readonly key: string;
  readonly value: string;
  /** Half a line for people. */
  readonly why: string;
}

export interface NodeLabelPlan {
  /** In the order of their keys, what keeps Kubernetes from deploying first. */
  readonly writes: readonly PlannedLabel[];
  /** Wishes that can't be brought to a node; what the node has under such a key stays. */
  readonly refused: readonly RefusedLabel[];
}

/**
 * What to write so that the node has what is wished. A label that ctrkitd did not write goes unharmed unless it is wished
 * otherwise; one that it did goes when it is wished no more.
 */
export function decideNodeLabels(scene: NodeLabelInput): NodeLabelPlan {
  const { node, wishes, isGone } = scene;
  const isShut = (key: string): boolean =>
    scene.isLeaving &&
    isEnabledLabel(key) &&
    !scene.stillNeeded.has(key) &&
    !isVersionLabel(key, scene.features);
  const refused: RefusedLabel[] = [];
  const wanted = new Map<string, string>();
  for (const [key, value] of Object.entries(wishes)) {
    const why = findFault(key, value);
    if (why === undefined) wanted.set(key, isShut(key) ? 'false' : value);
    else refused.push({ key, value, why });
  }
  const set = [...wanted]
    .filter(([key, value]) => !hasLabel(node.labels, key, value))
    .map(([key, value]) => ({ key, value }));
  const mine = [...node.owned].filter(
    (key) => Object.hasOwn(node.labels, key) && !Object.hasOwn(wishes, key) && !isReservedLabel(key),
  );
  const rest = mine.flatMap((key): PlannedLabel[] => {
    if (isShut(key)) return node.labels[key] === 'false' ? [] : [{ key, value: 'false' }];
    return !DESCRIPTION_KEYS.has(key) && isGone(key) ? [{ key, value: undefined }] : [];
  });
  return { writes: [...set, ...rest].toSorted(byUrgency), refused: refused.toSorted(byKey) };
}

/**
 * True for `<f>_<version>_enabled` of one of the features, which lets nothing in by itself: its feature's own label does. A key
 * that is also the own label of a feature (`snmp_trap_enabled` of snmp_trap) counts as that.
 */
function isVersionLabel(key: string, features: ReadonlySet<string>): boolean {
  const names = [...features];
  if (names.some((name) => enabledLabel(name) === key)) return false;
  return names.some((name) => decodeEnabledVersion(name, key) !== undefined);
}

/** Why this can't be a label of ours. */
function findFault(key: string, value: string): string | undefined {
  const keyFault = findLabelKeyFault(key);
  if (keyFault !== undefined) return `its key ${keyFault}`;
  if (isReservedLabel(key)) return 'its key is one of Kubernetes’ own';
  const valueFault = findLabelValueFault(value);
  return valueFault === undefined ? undefined : `its value ${valueFault}`;
}

const hasLabel = (labels: Labels, key: string, value: string): boolean =>
  Object.hasOwn(labels, key) && labels[key] === value;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => compare(a.key, b.key);
/** A version that is blocked is blocked before its feature is let in: no pod of it comes for a moment. */
const byUrgency = (a: PlannedLabel, b: PlannedLabel): number =>
  Number(a.value !== 'false') - Number(b.value !== 'false') || byKey(a, b);
