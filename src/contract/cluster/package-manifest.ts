/**
 * What an image says of itself in its label: SONiC's package manifest, JSON (sonic.md, "Image label"; SONiC:
 * application extension, "Manifest"). Only what a pod can be made from is here.
 */
export const PACKAGE_MANIFEST_LABEL = 'com.azure.sonic.manifest';

/** A label of an image has a few kilobytes. */
export const MAX_PACKAGE_MANIFEST_BYTES = 256 * 1024;

interface PackageMount {
  readonly source: string;
  readonly target: string;
  /** `bind`, `tmpfs`, or what has no counterpart in a pod. */
  readonly type: string;
}

export interface PackageManifest {
  /** The feature of the image; empty if the manifest does not say. */
  readonly serviceName: string;
  /** The service runs once for the host; undefined if the manifest does not say. */
  readonly isHostService: boolean | undefined;
  /** The service runs once for each ASIC; undefined if the manifest does not say. */
  readonly isAsicService: boolean | undefined;
  readonly isPrivileged: boolean;
  /** `/host:/container[:ro]` each. */
  readonly volumes: readonly string[];
  readonly mounts: readonly PackageMount[];
  /** Folders in memory: `/path[:options]`. */
  readonly tmpfs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
