/** The words of `ctrkit manifest`. */
import type { Command } from 'commander';
import type { ManifestRequest } from './manifest-request.ts';
import { parseFeature, parseVersion } from '../terminal/arguments.ts';

/** As commander names and fills them. */
export interface ManifestFlags {
  readonly image: string;
  readonly version: string;
  readonly staticPod?: boolean;
  readonly namespace: string;
  readonly name?: string;
  readonly osVersion?: string;
  readonly platform?: string;
  readonly hwsku?: string;
  readonly deviceType?: string;
  readonly select?: string[];
  readonly env?: string[];
  readonly volume?: string[];
  readonly withoutVolume?: string[];
  readonly asic?: string[];
  readonly host?: boolean;
  readonly batch?: string;
  readonly timeToGolden?: string;
  readonly grace?: string;
  readonly startupGrace?: string;
  readonly privileged?: boolean;
  readonly capability?: string[];
  readonly memory?: string;
  readonly pullPolicy?: string;
  /** A file, or `false` for none; undefined for the image's own. */
  readonly packageManifest?: string | false;
  readonly json?: boolean;
}

const collect = (word: string, words: readonly string[] = []): string[] => [...words, word];

export function addManifestOptions(command: Command): Command {
  return command
    .argument('<feature>', 'as CONFIG_DB FEATURE names it', parseFeature)
    .requiredOption('--image <ref>', 'as kubelet is to pull it: repository:tag')
    .requiredOption('--version <v>', "the image's IMAGE_VERSION", parseVersion)
    .option('--static-pod', 'a Pod for a kubelet without a cluster, instead of a DaemonSet')
    .option('--namespace <name>', 'it has to exist', 'sonic')
    .option('--name <name>', "the object's, instead of the feature's")
    .option('--os-version <v>', 'only on nodes whose label sonic_version is this')
    .option('--platform <p>', 'likewise worker.sonic/platform; mounts that device folder, sets PLATFORM')
    .option('--hwsku <h>', 'likewise hwsku; with --platform mounts that folder')
    .option('--device-type <t>', 'likewise worker.sonic/device-type')
    .option('--select <key=value>', 'only on nodes with this label; repeatable', collect)
    .option('--env <name=value>', "the container's environment; repeatable", collect)
    .option('--volume <host:container[:ro]>', 'mounts a path of the host; repeatable', collect)
    .option('--without-volume <container>', 'leaves out what would be mounted there; repeatable', collect)
    .option('--asic <n>', 'for this ASIC; repeatable, one document each', collect)
    .option('--host', 'also for the host, beside --asic')
    .option('--batch <n>', 'how many nodes are updated at once: N or N% (default: 1)')
    .option('--time-to-golden <t>', 'active_time_to_mark_good of the switches: a rollout waits for it')
    .option('--grace <t>', 'from SIGTERM to SIGKILL (default: 30s)')
    .option('--startup-grace <t>', "startupGraceSeconds of the image's checks.toml (default: 300s)")
    .option('--privileged', 'the container may do what root may')
    .option('--capability <name>', 'the container may do this, NET_ADMIN say; repeatable', collect)
    .option('--memory <quantity>', 'at most this, 200Mi say')
    .option('--pull-policy <p>', 'IfNotPresent, Always or Never (default: IfNotPresent)')
    .option('--package-manifest <file>', "instead of the image's label com.azure.sonic.manifest; - is stdin")
    .option('--no-package-manifest', 'whatever the label says')
    .option('--json', 'one JSON List, for machines');
}

export const readManifestRequest = (
  feature: string,
  flags: ManifestFlags,
): Omit<ManifestRequest, 'packageManifest'> => ({
  feature,
  version: flags.version,
  image: flags.image,
  isStaticPod: flags.staticPod === true,
  namespace: flags.namespace,
  name: flags.name,
  osVersion: flags.osVersion,
  platform: flags.platform,
  hwsku: flags.hwsku,
  deviceType: flags.deviceType,
  selectors: flags.select ?? [],
  environment: flags.env ?? [],
  volumes: flags.volume ?? [],
  withoutVolumes: flags.withoutVolume ?? [],
  asics: flags.asic ?? [],
  isForHost: flags.host === true,
  batch: flags.batch,
  timeToGolden: flags.timeToGolden,
  grace: flags.grace,
  startupGrace: flags.startupGrace,
  isPrivileged: flags.privileged === true,
  capabilities: flags.capability ?? [],
  memory: flags.memory,
  pullPolicy: flags.pullPolicy,
});
