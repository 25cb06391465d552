/** What one switch hands on to itself under a new image, or to the one that replaces it (contract.md, section 16). */

/** A newer one is refused. */
export const EXPORT_FORMAT = 1;
/** In a folder that was named for the export. */
export const EXPORT_FILE = 'ctrkit-node.tar';
/** The last member: an archive that was cut short has none. */
export const MANIFEST_NAME = 'manifest.json';

export interface ExportedFile {
  /** Of its member in the archive; `listKnownPaths` says where it belongs. */
  readonly path: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

export interface ExportedImage {
  readonly imageId: string;
  /** The names to give it, `repository:tag`. */
  readonly names: readonly string[];
}

export interface ExportManifest {
  readonly format: number;
  /** Wall clock, seconds, for people only. */
  readonly createdTs: number;
  readonly bootId: string;
  /** The name of the switch as a node. */
  readonly switchName: string;
  readonly files: readonly ExportedFile[];
  readonly images: readonly ExportedImage[];
  /** Links of kubelet's certificates: name to the name in the same folder. */
  readonly links: Readonly<Record<string, string>>;
  /** The lines of /etc/sonic/generated_services.conf that are of the exported features. */
  readonly services: readonly string[];
}
