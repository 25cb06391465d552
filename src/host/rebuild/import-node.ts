/** Puts back what an export holds (contract.md, section 16). */
import { createHash } from 'node:crypto';
import { CtrkitError } from '../../contract/errors.ts';
import { LOCAL_TAG, parseReference } from '../../contract/images/image.ts';
import type { ExportManifest } from '../../contract/rebuild/node-export.ts';
import {
  CERTIFICATE_LINKS,
  findKnownPath,
  isAnyServiceLine,
  isCertificateName,
} from '../../decide/rebuild/known-paths.ts';
import { findImportObstacle, planImport, type ImportPlan } from '../../decide/rebuild/plan-import.ts';
import type { ArchiveReader } from '../../ports/node-archive.ts';
import { assertNotInterrupted, withProgress } from '../membership/progress.ts';
import type { RebuildPorts } from './rebuild-ports.ts';

export interface ImportOptions {
  readonly path: string;
  readonly isForced: boolean;
}

export type ImportOutcome =
  | { readonly kind: 'refused'; readonly text: string }
  | {
      readonly kind: 'imported';
      readonly written: readonly string[];
      /** Another one is there, and stays. */
      readonly kept: readonly string[];
      readonly imageCount: number;
      /** What is still to be done, one line each. */
      readonly problems: readonly string[];
    };

const KUBELET_LIMIT_MS = 30_000;

/**
 * Everything is checked before anything is written. Each file is whole or not there, and an import that was cut short, run again,
 * comes out the same. Throws CtrkitError('disk' | 'engine'), and 'cluster' after an interrupt.
 */
export async function importNode(options: ImportOptions, ports: RebuildPorts): Promise<ImportOutcome> {
  const archive = await ports.archives.open(ports.archives.locate(options.path));
  try {
    assertSensible(archive.manifest);
    const obstacle = findImportObstacle(archive.manifest, ports.nodeName(), options.isForced);
    if (obstacle !== undefined) return { kind: 'refused', text: obstacle };
    const release = await ports.holdDaemon();
    if (release === undefined)
      return {
        kind: 'refused',
        text: 'ctrkitd runs, and would write its own ledger over the imported one: systemctl stop ctrkitd, and start it afterwards',
      };
    try {
      return await carryOut(archive, options.isForced, ports);
    } finally {
      release();
    }
  } finally {
    await archive.close();
  }
}

/** What the manifest says beside the files: names only, of the right kind. */
function assertSensible({ links, services, files }: ExportManifest): void {
  const paths = new Set(files.map(({ path }) => path));
  const areLinks = Object.entries(links).every(
    ([name, target]) =>
      (CERTIFICATE_LINKS as readonly string[]).includes(name) &&
      isCertificateName(target) &&
      paths.has(`kubelet/pki/${target}`),
  );
  if (!areLinks || !services.every(isAnyServiceLine))
    throw new CtrkitError('disk', 'the export can’t be imported: its manifest makes no sense');
}

async function carryOut(
  archive: ArchiveReader,
  isForced: boolean,
  ports: RebuildPorts,
): Promise<ImportOutcome> {
  const { manifest } = archive;
  const plan = planImport({ manifest, isForced, ...readPresent(manifest, ports) });
  const written = await writeFiles(archive, plan, ports);
  const kept = [...plan.fates].flatMap(([path, fate]) => (fate === 'kept' ? [path] : []));
  const problems: string[] = [];
  const imageCount = await loadImages(archive, ports, problems);
  if (plan.setsLinks) problems.push(...(await startKubelet(plan, ports)));
  return { kind: 'imported', written, kept, imageCount, problems };
}

function readPresent({ files, links }: ExportManifest, ports: RebuildPorts) {
  const present = new Map<string, string>();
  for (const { path } of files) {
    if (findKnownPath(path)?.area === 'images') continue;
    const content = ports.files.read(path);
    if (content !== undefined) present.set(path, createHash('sha256').update(content).digest('hex'));
  }
  const presentLinks = new Map<string, string>();
  for (const name of Object.keys(links)) {
    const target = ports.files.readLink(name);
    if (target !== undefined) presentLinks.set(name, target);
  }
  return { present, presentLinks };
}

/** The links come before the last file, whose presence says that the switch has joined. Returns what was written. */
async function writeFiles(archive: ArchiveReader, plan: ImportPlan, ports: RebuildPorts): Promise<string[]> {
  const { links, services } = archive.manifest;
  const written: string[] = [];
  const missing = services.filter((line) => !ports.files.readServices().includes(line));
  if (missing.length > 0) {
    ports.files.writeServices([...ports.files.readServices(), ...missing]);
    written.push('generated_services.conf');
  }
  const paths = [...plan.fates].flatMap(([path, fate]) => (fate === 'write' ? [path] : []));
  for (const path of paths) {
    assertNotInterrupted(ports);
    if (path === 'cluster/kubelet.conf') writeLinks(links, plan, ports);
    ports.files.write(path, await archive.readFile(path));
    written.push(path);
  }
  writeLinks(links, plan, ports);
  return written;
}

function writeLinks(
  links: ExportManifest['links'],
  { setsLinks }: ImportPlan,
  { files }: RebuildPorts,
): void {
  if (!setsLinks) return;
  for (const [name, target] of Object.entries(links))
    if (files.readLink(name) !== target) files.writeLink(name, target);
}

/** Those that the engine lacks. An image keeps its id, whatever names it has. Returns how many were loaded. */
async function loadImages(archive: ArchiveReader, ports: RebuildPorts, problems: string[]): Promise<number> {
  const { images } = archive.manifest;
  if (images.length === 0) return 0;
  const engine = await ports.engine();
  let count = 0;
  for (const { imageId, names } of images) {
    assertNotInterrupted(ports);
    const path = `images/${imageId.slice('sha256:'.length)}.tar`;
    const before = await engine.listImages();
    if (!before.some(({ id }) => id === imageId)) {
      await withProgress(`image ${imageId.slice(7, 19)}`, ports, () =>
        ports.images.load(archive.openStream(path)),
      );
      count += 1;
    }
    const now = await engine.listImages();
    if (!now.some(({ id }) => id === imageId)) {
      problems.push(
        `image ${imageId.slice(7, 19)} has another id in this engine: it counts as an unknown one`,
      );
      continue;
    }
    for (const name of names) {
      const { repository, tag } = parseReference(name) ?? { repository: '', tag: '' };
      // The local tag is the new image's own, and ctrkitd's to move.
      if (tag === LOCAL_TAG || now.some(({ tags }) => tags.includes(name))) continue;
      await engine.tagImage(imageId, repository, tag);
    }
  }
  return count;
}

/** A node whose kubelet does not start with the boot is none. Returns what went wrong, one line each. */
async function startKubelet(plan: ImportPlan, ports: RebuildPorts): Promise<string[]> {
  const { kubelet, signal } = ports;
  if (!plan.fates.has('cluster/kubelet.conf')) return [];
  const limits = { limitMs: KUBELET_LIMIT_MS, signal };
  try {
    const { isEnabled, isActive } = await kubelet.readState(limits);
    if (!isEnabled || !isActive) await kubelet.resume(true, limits);
    return [];
  } catch (error) {
    if (!(error instanceof CtrkitError)) throw error;
    return [`kubelet is not started: ${error.message}. To start it: systemctl enable --now kubelet`];
  }
}
