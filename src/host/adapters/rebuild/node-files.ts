import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { replaceFile, syncFolder } from '../../../adapters/disk/replace-file.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import type { NodeFiles } from '../../../ports/node-archive.ts';
import { createFolder, readWholeBytes } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';

/** Where a file of an export is on this host. */
export interface NodeFilePath {
  readonly path: string;
  readonly mode: number;
  readonly maxBytes: number;
}

export interface NodeFilesOptions {
  /** Undefined for a name that no export has. */
  readonly locate: (path: string) => NodeFilePath | undefined;
  readonly stateDir: string;
  /** What stands for /, empty for / itself. */
  readonly root: string;
}

const SERVICES_FILE = 'etc/sonic/generated_services.conf';
const MAX_SERVICES_BYTES = 1024 * 1024;

export function createNodeFiles({ locate, stateDir, root }: NodeFilesOptions): NodeFiles {
  const certificates = join('/', root, 'var/lib/kubelet/pki');
  const services = join('/', root, SERVICES_FILE);
  const require = (name: string): NodeFilePath => {
    const found = locate(name);
    if (found === undefined) throw new CtrkitError('defect', `${name} is no file of an export`);
    return found;
  };
  return {
    listState: () =>
      ['locks', 'blocks'].flatMap((folder) =>
        readNames(join(stateDir, folder)).map((name) => `state/${folder}/${name}`),
      ),
    listCertificates: () => readNames(certificates),
    read(name) {
      const { path, maxBytes } = require(name);
      return readRegular(path, maxBytes);
    },
    write(name, content) {
      const { path, mode } = require(name);
      writeWhole(path, content, mode);
    },
    readLink: (name) => readLinkName(join(certificates, basename(name))),
    writeLink: (name, target) => writeLink(join(certificates, basename(name)), basename(target)),
    readServices: () => {
      const bytes = readRegular(services, MAX_SERVICES_BYTES) ?? new Uint8Array();
      return Buffer.from(bytes)
        .toString('utf8')
        .split('\n')
        .filter((text) => text !== '');
    },
    writeServices: (lines) => writeWhole(services, Buffer.from(`${lines.join('\n')}\n`), 0o644),
  };
}

/** A link, a pipe or a folder in its place counts as none. */
function readRegular(path: string, maxBytes: number): Uint8Array | undefined {
  const reading = wrapDiskError(path, 'read', () => readWholeBytes(path, maxBytes));
  return reading.kind === 'bytes' ? reading.bytes : undefined;
}

function writeWhole(path: string, content: Uint8Array, mode: number): void {
  wrapDiskError(path, 'written', () => {
    createFolder(dirname(path));
    replaceFile(path, content, { mode, temporary: `${path}.ctrkit-tmp`, isDurable: true });
  });
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CtrkitError('disk', `${folder} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** As kubelet writes it: absolute, into the same folder. */
function readLinkName(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    const isBeside = [basename(target), join(dirname(path), basename(target))].includes(target);
    return isBeside ? basename(target) : undefined;
  } catch {
    return undefined;
  }
}

function writeLink(path: string, target: string): void {
  wrapDiskError(path, 'written', () => {
    const temporary = `${path}.ctrkit-tmp`;
    createFolder(dirname(path));
    rmSync(temporary, { force: true });
    symlinkSync(join(dirname(path), target), temporary);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  });
}
