import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { parseReference } from '../../../../contract/images/image.ts';
import {
  MAX_PACKAGE_MANIFEST_BYTES,
  PACKAGE_MANIFEST_LABEL,
  type PackageManifest,
} from '../../../../contract/cluster/package-manifest.ts';
import { planManifest } from './plan-manifest.ts';
import { encodeJsonList, encodeYaml } from './manifest-text.ts';
import { decodePackageManifest } from './package-manifest.ts';
import { describeCommandLine } from './manifest-command-line.ts';
import { readManifestRequest, type ManifestFlags } from './manifest-options.ts';
import type { CtrkitPorts } from '../reading/ports.ts';

type ManifestPorts = Pick<CtrkitPorts, 'openEngine' | 'readInput' | 'terminal'>;

/**
 * Prints the manifest to stdout, and notes for people to stderr. `words` is the whole command line. Returns the exit code.
 * Throws CtrkitError('usage').
 */
export async function printManifest(
  feature: string,
  flags: ManifestFlags,
  ports: ManifestPorts,
  words: readonly string[],
): Promise<number> {
  const packageManifest = await readPackageManifest(flags, ports);
  const { objects, notes } = planManifest(readManifestRequest(feature, flags, packageManifest));
  for (const note of notes) ports.terminal.report(note);
  const comment = `Made by: ${describeCommandLine(words)}`;
  ports.terminal.write(flags.json === true ? encodeJsonList(objects) : encodeYaml(objects, comment));
  return EXIT.ok;
}

async function readPackageManifest(
  { packageManifest: file, image }: ManifestFlags,
  ports: ManifestPorts,
): Promise<PackageManifest | undefined> {
  if (file === false) return undefined;
  if (file !== undefined)
    return decodePackageManifest(
      await ports.readInput(file, MAX_PACKAGE_MANIFEST_BYTES),
      file === '-' ? 'stdin' : file,
    );
  const reference = findEngineReference(image);
  // planManifest refuses it: no engine has to be asked.
  if (reference === undefined) return undefined;
  const label = await readLabel(reference, ports);
  return label === undefined ? undefined : decodePackageManifest(label, `the label of ${reference}`);
}

/** The reference by which an engine finds the image; undefined if the text is no reference. */
function findEngineReference(image: string): string | undefined {
  const reference = parseReference(image);
  if (reference === undefined) return undefined;
  const { repository, tag, digest } = reference;
  return digest === '' ? `${repository}:${tag || 'latest'}` : `${repository}@${digest}`;
}

/**
 * The label of the image that holds its package manifest; undefined if it has none. Manifests are made on other machines than
 * switches as well: without an engine or without the image, that is reported, and SONiC's defaults are used.
 */
async function readLabel(
  reference: string,
  { openEngine, terminal }: ManifestPorts,
): Promise<string | undefined> {
  const goOn = (what: string): undefined => {
    terminal.report(
      `${what}: its package manifest is not known, SONiC's defaults are used. To bring it: --package-manifest FILE`,
    );
  };
  try {
    const labels = await (await openEngine()).readImageLabels(reference);
    return labels === undefined
      ? goOn(`image ${reference} is not on this machine`)
      : labels[PACKAGE_MANIFEST_LABEL];
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
    return goOn(`image ${reference} can't be looked at: ${error.message}`);
  }
}
