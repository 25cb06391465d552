/** Which feature of CONFIG_DB a word of the command line means, and which one it may have meant. */
import { listConfigRowNames } from '../../../../decide/command/host-snapshot.ts';

export type FoundFeature =
  /** `configName` is its row of CONFIG_DB: that of all instances on multi-ASIC, `lldp` for `lldp0`. */
  | { readonly kind: 'known'; readonly configName: string }
  /** `text` is one line for people. */
  | { readonly kind: 'unknown'; readonly text: string };

/** Names that differ in more letters are no typing mistake of each other. */
const MAX_CHANGES = 3;

/** `features` are all of CONFIG_DB's. */
export function findFeature(name: string, features: readonly string[]): FoundFeature {
  const configName = listConfigRowNames(name).find((row) => features.includes(row));
  if (configName !== undefined) return { kind: 'known', configName };
  const nearest = findNearest(name, features);
  const hint = nearest === undefined ? 'ctrkit status lists them all' : `do you mean ${nearest}?`;
  return { kind: 'unknown', text: `CONFIG_DB has no feature ${name}: ${hint}` };
}

export interface FeatureNames {
  readonly feature: string;
  /** Its row of CONFIG_DB, see FoundFeature. */
  readonly configName: string;
  /** All features of CONFIG_DB. */
  readonly features: readonly string[];
}

type SelectedFeatures =
  | { readonly kind: 'known'; readonly names: readonly FeatureNames[] }
  | Extract<FoundFeature, { kind: 'unknown' }>;

/** The one that the command line names, or all of them for undefined. */
export function selectFeatures(name: string | undefined, features: readonly string[]): SelectedFeatures {
  if (name === undefined)
    return { kind: 'known', names: features.map((feature) => ({ feature, configName: feature, features })) };
  const found = findFeature(name, features);
  if (found.kind === 'unknown') return found;
  return { kind: 'known', names: [{ feature: name, configName: found.configName, features }] };
}

/** The name that differs least, in a few letters; undefined if there is none. */
export function findNearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((other) => ({ other, changes: countChanges(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, changes }) => changes <= Math.min(MAX_CHANGES, Math.ceil(other.length / 2)))
    .toSorted((a, b) => a.changes - b.changes);
  return best?.other;
}

/** The Levenshtein distance: how many letters have to be inserted, removed or changed. */
function countChanges(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
