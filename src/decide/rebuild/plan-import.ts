/** What becomes of each file of an export on this switch. */
import type { ExportManifest } from '../../contract/rebuild/node-export.ts';
import { findKnownPath, type Area } from './known-paths.ts';

type Fate =
  /** It is not there, or has to be replaced. */
  | 'write'
  /** It is there with the same content. */
  | 'same'
  /** Another one is there, and stays. */
  | 'kept';

export interface ImportInput {
  readonly manifest: Pick<ExportManifest, 'files' | 'links'>;
  /** SHA-256 of what is there now, by path in the archive; a file that is not there is left out. */
  readonly present: ReadonlyMap<string, string>;
  /** Where the links of certificates lead now, by name. */
  readonly presentLinks: ReadonlyMap<string, string>;
  readonly isForced: boolean;
}

export interface ImportPlan {
  /** By path, in the order in which they are written. */
  readonly fates: ReadonlyMap<string, Fate>;
  /** The links of certificates are to be set. */
  readonly setsLinks: boolean;
}

/** Its presence says that the switch has joined: the last one. */
const JOINED = 'cluster/kubelet.conf';
const LEDGERS = ['state/ledger.json', 'state/ledger.previous.json'];

/**
 * Nothing that differs is replaced, unless by force, and a feature's file never: the image brings its own. The two generations of
 * the ledger go together, and so does all that makes the switch a node: halves of two would be neither.
 */
export function planImport({ manifest, present, presentLinks, isForced }: ImportInput): ImportPlan {
  const fates = new Map<string, Fate>();
  const paths = manifest.files.map(({ path }) => path);
  for (const { path, sha256 } of manifest.files) {
    const area = findKnownPath(path)?.area;
    if (area === undefined || area === 'images') continue;
    const found = present.get(path);
    const isOther = found !== undefined && found !== sha256;
    const mayReplace = isForced && area !== 'features';
    fates.set(path, found === sha256 ? 'same' : isOther && !mayReplace ? 'kept' : 'write');
  }
  const isOtherLink = Object.entries(manifest.links).some(
    ([name, target]) => presentLinks.has(name) && presentLinks.get(name) !== target,
  );
  const cluster = paths.filter((path) => findKnownPath(path)?.area === 'cluster');
  keepTogether(fates, cluster, isOtherLink && !isForced);
  keepTogether(fates, LEDGERS, false);
  const isClusterKept = cluster.some((path) => fates.get(path) === 'kept');
  return { fates: sortFates(fates), setsLinks: !isClusterKept };
}

/** Where one of them stays as it is, all that would be written stay. */
function keepTogether(fates: Map<string, Fate>, paths: readonly string[], isKept: boolean): void {
  if (!isKept && !paths.some((path) => fates.get(path) === 'kept')) return;
  for (const path of paths) if (fates.get(path) === 'write') fates.set(path, 'kept');
}

const ORDER: readonly (Area | undefined)[] = ['state', 'features', 'cluster'];

const sortFates = (fates: ReadonlyMap<string, Fate>): Map<string, Fate> =>
  new Map([...fates].toSorted(([a], [b]) => rank(a) - rank(b)));

/** The older generation of the ledger first, as ctrkitd writes it. */
function rank(path: string): number {
  if (path === JOINED) return 100;
  return ORDER.indexOf(findKnownPath(path)?.area) * 10 + (path === 'state/ledger.json' ? 1 : 0);
}

/** Why this export must not be used here, one line; undefined if it may. `here` is the node's name, empty if it is not known yet. */
export function findImportObstacle(
  { switchName }: Pick<ExportManifest, 'switchName'>,
  here: string,
  isForced: boolean,
): string | undefined {
  if (isForced || here === '' || switchName === here) return undefined;
  return `the export is of the switch ${switchName}, and this one is ${here}: a node's certificate has its name. To import it all the same: --force`;
}
