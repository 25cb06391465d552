/** Which feature somebody means, and which one he may have meant. */
import { listConfigRowNames } from '../../../../decide/command/host-snapshot.ts';

export type FoundFeature =
  /** `configName`: the row of CONFIG_DB; that of all instances on multi-ASIC, `lldp` of `lldp0`. */
  | { readonly kind: 'known'; readonly configName: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** More than this many letters apart is another name. */
const FURTHEST = 3;

export function findFeature(name: string, features: readonly string[]): FoundFeature {
  const configName = listConfigRowNames(name).find((row) => features.includes(row));
  if (configName !== undefined) return { kind: 'known', configName };
  const nearest = findNearest(name, features);
  const hint = nearest === undefined ? 'ctrkit status lists them all' : `do you mean ${nearest}?`;
  return { kind: 'unknown', text: `CONFIG_DB has no feature ${name}: ${hint}` };
}

export function findNearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((one) => ({ one, distance: countChanges(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, distance }) => distance <= Math.min(FURTHEST, Math.ceil(one.length / 2)))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.one;
}

/** Levenshtein: how many letters have to be put in, taken out or changed. */
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
