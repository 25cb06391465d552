import { encodeAsciiJson } from '../../../../text/printable.ts';
import { readTimestamps } from '../../../../loop/timestamps.ts';
import { shortImageId } from '../../../../contract/images/image.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { omitPins } from '../../../../contract/images/pin.ts';
import type { Ledger } from '../../../../contract/images/ledger.ts';
import { planCleanUp, type CleanUpPlan } from '../../../../decide/images/clean-up.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { decideLocalRepository } from '../../../../decide/images/local-repository.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';
import { listOwnedElsewhere } from '../../../../decide/images/owned-elsewhere.ts';
import type { FeatureRows } from '../reading/explain-item.ts';
import { selectFeatures } from '../reading/find-feature.ts';
import { describeImages, type EngineListing, type ImageEntry } from './image-entry.ts';
import { describeTime } from '../terminal/local-time.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { explainUnknown, readFeature } from '../reading/read-feature.ts';
import { formatTable, type Cell } from '../terminal/table.ts';

export interface ImagesOptions {
  /** Undefined for all features. */
  readonly feature: string | undefined;
  readonly json: boolean;
}

/** What a clean-up is planned from beside the rows; the same for every feature. */
interface ImagesInput {
  readonly engine: EngineListing;
  readonly ledger: Ledger;
  readonly mapped: ReadonlyMap<string, string>;
  readonly lockedFeatures: ReadonlySet<string>;
}

interface FeatureImages {
  readonly feature: string;
  readonly plan: CleanUpPlan;
  readonly images: readonly ImageEntry[];
}

/** Prints the images of a feature, or of all. Returns the exit code. Throws CtrkitError('database' | 'engine' | 'disk'). */
export async function printImages(
  { feature, json }: ImagesOptions,
  ports: CtrkitPorts,
  databases: SwitchDatabases,
): Promise<number> {
  const { terminal } = ports;
  const selected = selectFeatures(feature, await databases.tables.listFeatures());
  if (selected.kind === 'unknown') {
    terminal.report(await explainUnknown(feature ?? '', selected.text, databases));
    return EXIT.refused;
  }
  const { input, problems: found } = await readInput(ports);
  const shown: FeatureImages[] = [];
  const broken = new Set<string>();
  for (const names of selected.names) {
    const rows = await readFeature(names, databases);
    for (const problem of rows.problems) broken.add(problem);
    shown.push(listImages(names.feature, rows, input));
  }
  const problems = [...broken, ...found];
  if (json) terminal.write(`${encodeAsciiJson({ features: shown.map(encodeImages), problems })}\n`);
  else {
    terminal.write(formatImages(shown, terminal.paint));
    for (const { feature: name, images } of shown)
      if (images.length === 0) terminal.report(`${name}: no image of its repositories is on this switch`);
    for (const problem of problems) terminal.report(problem);
  }
  return EXIT.ok;
}

async function readInput(ports: CtrkitPorts): Promise<{ input: ImagesInput; problems: readonly string[] }> {
  const engine = await ports.openEngine();
  const [containers, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
  const { ledger, problems } = ports.ledger.read();
  const { locks, problems: lockProblems } = ports.locks.list();
  const { repositories: mapped, problems: mapProblems } = ports.readLocalRepositories();
  const now = readTimestamps(ports.clock);
  const active = locks.filter((lock) => decideLock(lock, now).kind === 'active');
  return {
    input: {
      engine: { containers: omitPins(containers), images },
      ledger,
      mapped,
      lockedFeatures: new Set(active.map((lock) => lock.feature)),
    },
    problems: [...problems, ...lockProblems, ...mapProblems],
  };
}

/** The plan is made as ctrkitd makes it, of what there is now. */
function listImages(feature: string, rows: FeatureRows, input: ImagesInput): FeatureImages {
  const { engine, mapped } = input;
  const ledger = selectFeatureLedger(input.ledger, feature);
  const localRepository = decideLocalRepository(feature, {
    mapped: mapped.get(feature),
    containerImage: engine.containers.find(({ names }) => names.includes(feature))?.image,
    remembered: ledger.localRepository,
  });
  const plan = planCleanUp({
    images: engine.images,
    containers: engine.containers,
    feature,
    ledger,
    policy: rows.policy,
    localRepository,
    ownedElsewhere: listOwnedElsewhere(feature, input.ledger, mapped),
    isLocked: input.lockedFeatures.has(feature),
  });
  return { feature, plan, images: describeImages({ feature, plan, rows, ledger, engine }) };
}

/** Stable, as `--json` prints it. `created_ts` is in seconds since the epoch, 0 where the image does not say. */
const encodeImages = ({ feature, plan, images }: FeatureImages) => ({
  feature,
  clean_up: { is_allowed: plan.allowed, reason: plan.reason },
  images,
});

const HEADERS = ['Feature', 'Image', 'Version', 'Size', 'Created', 'Marks', 'CleanUp', 'References'];

const formatImages = (shown: readonly FeatureImages[], paint: CtrkitPorts['terminal']['paint']): string =>
  formatTable(
    HEADERS,
    shown.flatMap(({ feature, images }) => images.map((image) => formatRow(feature, image))),
    paint,
  );

function formatRow(feature: string, image: ImageEntry): Cell[] {
  const { clean_up: cleanUp } = image;
  return [
    { text: feature },
    { text: image.short_id },
    { text: image.version },
    { text: formatSize(image.size_bytes) },
    { text: describeTime(image.created_ts) },
    { text: image.marks.join(', '), ...colourMarks(image) },
    {
      text: `${cleanUp.action}: ${cleanUp.reason}`,
      ...(cleanUp.action === 'remove' ? { colour: 'yellow' } : {}),
    },
    { text: image.references.map(shortenDigest).join(', ') },
  ];
}

function colourMarks({ marks }: ImageEntry): Pick<Cell, 'colour'> {
  if (marks.includes('missing')) return { colour: 'red' };
  return marks.includes('golden') ? { colour: 'green' } : {};
}

const shortenDigest = (reference: string): string =>
  reference.replace(/sha256:[0-9a-f]{64}$/, (digest) => `sha256:${shortImageId(digest)}`);

/** Size in decimal units, as `docker images` prints it. */
function formatSize(bytes: number): string {
  if (bytes <= 0) return '';
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
