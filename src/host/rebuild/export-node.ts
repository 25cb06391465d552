/** Writes what a switch needs to be itself again under a new image, or on another machine (contract.md, section 16). */
import { CtrkitError } from '../../contract/errors.ts';
import { parseReference } from '../../contract/images/image.ts';
import { EXPORT_FORMAT, type ExportedImage } from '../../contract/rebuild/node-export.ts';
import { toSeconds } from '../../contract/timestamps.ts';
import {
  CERTIFICATE_LINKS,
  findKnownPath,
  FIXED_PATHS,
  isServiceLine,
  listFeaturePaths,
} from '../../decide/rebuild/known-paths.ts';
import type { ArchiveWriter } from '../../ports/node-archive.ts';
import { assertNotInterrupted, withProgress } from '../membership/progress.ts';
import type { RebuildPorts } from './rebuild-ports.ts';

export interface ExportOptions {
  readonly path: string;
  readonly withImages: boolean;
  readonly isForced: boolean;
}

export interface Exported {
  readonly path: string;
  readonly fileCount: number;
  readonly imageCount: number;
  /** What is not in it although it was asked for, one line each. */
  readonly problems: readonly string[];
}

/** Whole, or nothing is there. Throws CtrkitError('disk' | 'usage' | 'engine'), and 'cluster' after an interrupt. */
export async function exportNode(options: ExportOptions, ports: RebuildPorts): Promise<Exported> {
  const path = ports.archives.locate(options.path);
  const problems: string[] = [];
  const features = await listFeatures(ports, problems);
  const archive = await ports.archives.create(path, options.isForced);
  try {
    const links = listLinks(ports);
    const fileCount = await addFiles(archive, listPaths(features, Object.values(links), ports), ports);
    const images = options.withImages ? await addImages(archive, ports, problems) : [];
    assertNotInterrupted(ports);
    await archive.finish({
      format: EXPORT_FORMAT,
      createdTs: toSeconds(ports.clock.wallMs()),
      bootId: ports.clock.bootId(),
      switchName: ports.nodeName() || 'unnamed',
      images,
      links,
      services: ports.files
        .readServices()
        .filter((line) => features.some((name) => isServiceLine(line, name))),
    });
    return { path, fileCount, imageCount: images.length, problems };
  } catch (error) {
    await archive.discard();
    throw error;
  }
}

async function listFeatures(ports: RebuildPorts, problems: string[]): Promise<readonly string[]> {
  try {
    return await ports.listFeatures();
  } catch (error) {
    if (!(error instanceof CtrkitError)) throw error;
    problems.push(`units and scripts of the features are not in it: ${error.message}`);
    return [];
  }
}

/** The certificates that count are those that a link leads to. */
function listLinks({ files }: RebuildPorts): Record<string, string> {
  const links: Record<string, string> = {};
  for (const name of CERTIFICATE_LINKS) {
    const target = files.readLink(name);
    if (target !== undefined && findKnownPath(`kubelet/pki/${target}`) !== undefined) links[name] = target;
  }
  return links;
}

function listPaths(
  features: readonly string[],
  certificates: readonly string[],
  { files }: RebuildPorts,
): string[] {
  const state = files.listState().filter((path) => findKnownPath(path) !== undefined);
  const pki = [...certificates, 'kubelet.crt', 'kubelet.key'].map((name) => `kubelet/pki/${name}`);
  return [...FIXED_PATHS, ...state, ...pki, ...features.flatMap(listFeaturePaths)];
}

/** Returns how many there were. */
async function addFiles(
  archive: ArchiveWriter,
  paths: readonly string[],
  { files }: RebuildPorts,
): Promise<number> {
  let count = 0;
  for (const path of new Set(paths)) {
    const content = files.read(path);
    if (content === undefined) continue;
    await archive.addFile(path, content);
    count += 1;
  }
  return count;
}

/** The images of every ladder that the engine has. */
async function addImages(
  archive: ArchiveWriter,
  ports: RebuildPorts,
  problems: string[],
): Promise<ExportedImage[]> {
  const rungs = ports.listLedgers().flatMap(({ golden, previous, shipped }) => [golden, previous, shipped]);
  const wanted = new Map(
    rungs.flatMap((rung) => (rung === undefined ? [] : [[rung.imageId, rung] as const])),
  );
  const there = new Map((await (await ports.engine()).listImages()).map((image) => [image.id, image]));
  const exported: ExportedImage[] = [];
  for (const [imageId, { version, references }] of wanted) {
    assertNotInterrupted(ports);
    const image = there.get(imageId);
    if (image === undefined) {
      problems.push(`the image of version ${version} is not in it: the engine does not have it`);
      continue;
    }
    const path = `images/${imageId.slice('sha256:'.length)}.tar`;
    await withProgress(`image of version ${version}`, ports, async () =>
      archive.addStream(path, await ports.images.save(imageId)),
    );
    const names = [...image.tags, ...references].filter((name) => parseReference(name)?.tag);
    exported.push({ imageId, names: [...new Set(names)] });
  }
  return exported;
}
