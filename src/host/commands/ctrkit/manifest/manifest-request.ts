/** What a manifest is made from: the command line, and the package manifest of the image. */
import type { PackageManifest } from '../../../../contract/cluster/package-manifest.ts';

export interface ManifestRequest {
  readonly feature: string;
  readonly version: string;
  /** The reference by which kubelet is to pull it. */
  readonly image: string;
  /** A pod for a kubelet without a cluster. */
  readonly isStaticPod: boolean;
  readonly namespace: string;
  /** The object's name; undefined for the feature's. */
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
  /** Numbers of ASICs. */
  readonly asics: readonly string[];
  /** Beside the named ASICs also for the host; without ASICs it is always for the host. */
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
  /** SONiC's name: the feature, followed by the ASIC's number (`lldp0`). */
  readonly containerName: string;
  /** The ASIC's number, empty for the host's. */
  readonly asic: string;
  /** Numbers of the ASICs whose databases it may reach: all named ones for the host's instance, its own for an ASIC's. */
  readonly knownAsics: readonly string[];
  /** The name of the Kubernetes object. */
  readonly objectName: string;
}
