/** The command line of `ctrkit manifest`. */
import type { Command } from 'commander';
import type { ManifestRequest } from './manifest-request.ts';
import { parseFeature, parseVersion } from '../terminal/arguments.ts';

/** The options as commander names and fills them. */
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

const collectWord = (word: string, words: readonly string[] = []): string[] => [...words, word];

// oxlint-disable-next-line max-lines-per-function -- a list, in the order of --help
export function addManifestOptions(command: Command): Command {
  return command
    .argument('<feature>', 'its name in CONFIG_DB FEATURE', parseFeature)
    .requiredOption('--image <ref>', 'the image that kubelet pulls: repository:tag')
    .requiredOption('--version <v>', 'the version of the image: its IMAGE_VERSION', parseVersion)
    .option('--static-pod', 'write a Pod for a kubelet without a cluster, not a DaemonSet')
    .option('--namespace <name>', 'the namespace, which must exist', 'sonic')
    .option('--name <name>', "the name of the object (default: the feature's name)")
    .option('--os-version <v>', 'only on nodes with the label sonic_version=<v>')
    .option(
      '--platform <p>',
      'only on nodes with the label worker.sonic/platform=<p>; also mount that device folder, and set PLATFORM',
    )
    .option('--hwsku <h>', 'only on nodes with the label hwsku=<h>; with --platform also mount that folder')
    .option('--device-type <t>', 'only on nodes with the label worker.sonic/device-type=<t>')
    .option('--select <key=value>', 'only on nodes with this label; repeatable', collectWord)
    .option('--env <name=value>', 'set an environment variable of the container; repeatable', collectWord)
    .option('--volume <host:container[:ro]>', 'mount a path of the host; repeatable', collectWord)
    .option(
      '--without-volume <container>',
      'leave out the mount on this path of the container; repeatable',
      collectWord,
    )
    .option('--asic <n>', 'write a document for this ASIC; repeatable', collectWord)
    .option('--host', 'with --asic: write one for the host too')
    .option('--batch <n>', 'update so many nodes at the same time: N or N% (default: 1)')
    .option('--time-to-golden <t>', 'wait this long at each batch: active_time_to_mark_good of the switches')
    .option(
      '--grace <t>',
      'the time from SIGTERM to SIGKILL (default: 30s); the claim is released 3 s before',
    )
    .option('--startup-grace <t>', "startupGraceSeconds of the image's checks.toml (default: 300s)")
    .option('--privileged', 'run the container privileged')
    .option(
      '--capability <name>',
      'give the container a capability, for example NET_ADMIN; repeatable',
      collectWord,
    )
    .option('--memory <quantity>', 'limit the memory, for example to 200Mi')
    .option('--pull-policy <p>', 'IfNotPresent, Always or Never (default: IfNotPresent)')
    .option(
      '--package-manifest <file>',
      "read this in place of the image's label com.azure.sonic.manifest; - is stdin",
    )
    .option('--no-package-manifest', 'ignore that label')
    .option('--json', 'print one JSON List, for programs');
}

export const readManifestRequest = (
  feature: string,
  flags: ManifestFlags,
  packageManifest: ManifestRequest['packageManifest'],
): ManifestRequest => ({
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
  packageManifest,
});
