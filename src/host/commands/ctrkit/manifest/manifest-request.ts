/** What a manifest is made from: the words of the command line, and what the image says of itself. */
import type { PackageManifest } from '../../../../contract/cluster/package-manifest.ts';

export interface ManifestRequest {
  readonly feature: string;
  readonly version: string;
  /** As kubelet is to pull it. */
  readonly image: string;
  /** For a kubelet without a cluster. */
  readonly isStaticPod: boolean;
  readonly namespace: string;
  /** Of the object; undefined for the feature's own. */
  readonly name: string | undefined;
  readonly osVersion: string | undefined;
  readonly platform: string | undefined;
  readonly hwsku: string | undefined;
  readonly deviceType: string | undefined;
  /** `KEY=VALUE` each. */
  readonly selectors: readonly string[];
  /** `NAME=VALUE` each. */
  readonly environment: readonly string[];
  /** `/host:/container[:ro]` each. */
  readonly volumes: readonly string[];
  /** Paths in the container. */
  readonly withoutVolumes: readonly string[];
  /** Numbers. */
  readonly asics: readonly string[];
  /** Also for the host, where ASICs are named; without any it always is. */
  readonly isForHost: boolean;
  /** `N` or `N%`. */
  readonly batch: string | undefined;
  readonly timeToGolden: string | undefined;
  readonly grace: string | undefined;
  readonly startupGrace: string | undefined;
  readonly isPrivileged: boolean;
  readonly capabilities: readonly string[];
  readonly memory: string | undefined;
  readonly pullPolicy: string | undefined;
  readonly packageManifest: PackageManifest | undefined;
}

/** One container of the feature on a switch, and the object that deploys it. */
export interface Instance {
  /** As SONiC names it: the feature, and the ASIC's number behind it (`lldp0`). */
  readonly containerName: string;
  /** The ASIC's number, empty for the host's. */
  readonly asic: string;
  /** The other ASICs' numbers that are known, for the host's instance. */
  readonly knownAsics: readonly string[];
  /** Of the Kubernetes object. */
  readonly objectName: string;
}
