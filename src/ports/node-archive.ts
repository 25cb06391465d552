import type { ExportManifest } from '../contract/rebuild/node-export.ts';

/** An archive that is being written. Throws CtrkitError('disk'). */
export interface ArchiveWriter {
  readonly addFile: (path: string, content: Uint8Array) => Promise<void>;
  /** Of a length that is known only at its end. */
  readonly addStream: (path: string, content: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Whole and in its place when it resolves. `manifest` lacks the files: the writer knows them. */
  readonly finish: (manifest: Omit<ExportManifest, 'files'>) => Promise<void>;
  /** Removes what was written so far. Never throws. */
  readonly discard: () => Promise<void>;
}

/** An archive that was read to its end, and is what its manifest says. Throws CtrkitError('disk'). */
export interface ArchiveReader {
  readonly manifest: ExportManifest;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly openStream: (path: string) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Where an export is. */
export interface NodeArchives {
  /** The file that `path` means: a file, or a folder with the export in it. */
  readonly locate: (path: string) => string;
  /**
   * Root's alone. What is there and is no export is not replaced unless `isForced`: throws CtrkitError('usage'). Throws
   * CtrkitError('disk').
   */
  readonly create: (path: string, isForced: boolean) => Promise<ArchiveWriter>;
  /** Reads all of it. Throws CtrkitError('disk') where anything in it is not as it was written, or not an export's at all. */
  readonly open: (path: string) => Promise<ArchiveReader>;
}

/** The host's files that an export has, by their paths in it. Throws CtrkitError('disk'). */
export interface NodeFiles {
  /** The paths of the locks and blocks that there are. */
  readonly listState: () => string[];
  /** The names of kubelet's certificates. */
  readonly listCertificates: () => string[];
  /** Undefined where there is no regular file. */
  readonly read: (path: string) => Uint8Array | undefined;
  /** On the disk when it returns, whole or not at all. */
  readonly write: (path: string, content: Uint8Array) => void;
  /** Where the link of a certificate leads, a name in the same folder; undefined if there is none. */
  readonly readLink: (name: string) => string | undefined;
  readonly writeLink: (name: string, target: string) => void;
  /** The lines of SONiC's list of services; empty where there is none. */
  readonly readServices: () => string[];
  readonly writeServices: (lines: readonly string[]) => void;
}

/** Images as the engine hands them out and takes them in. Throws CtrkitError('engine'). */
export interface ImageArchives {
  readonly save: (imageId: string) => Promise<AsyncIterable<Uint8Array>>;
  readonly load: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}
