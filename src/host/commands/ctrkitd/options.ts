import { Command, CommanderError } from 'commander';
import { CtrkitError } from '../../../contract/errors.ts';
import { MAX_REASON_LENGTH, toPlainLine } from '../../../text/printable.ts';

export interface DaemonOptions {
  readonly isShadow: boolean;
  readonly redisUrl: string;
  /** Empty for that of the environment. */
  readonly restartCommand: string;
  readonly stateDir: string;
}

export type ParsedDaemonLine =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'run'; readonly options: DaemonOptions };

const EXAMPLES = `
What it does, without any setting:
  It releases the record of a container that has ended, and restarts the service of a feature that changes its owner.
  It brings STATE_DB KUBE_LABELS|SET to the labels of this switch's node, joins and leaves the Kubernetes master as
  CONFIG_DB KUBERNETES_MASTER says, and writes STATE_DB KUBERNETES_MASTER|SERVER.

What it does as CONFIG_DB IMAGE_MGMT and FEATURE say, which is nothing by default:
  It certifies an image as golden when a container of it was healthy without a break (active_time_to_mark_good). It
  falls back to the local image when what Kubernetes deployed fails (fail_time_to_fallback): to the highest image of
  the ladder (golden, the golden one before, the shipped one) with tag_new_as_local, else to the shipped one, and
  tags it as the local image. It cleans up older images (purge_older_image). It keeps the images of the ladder from
  being collected, by containers that never run, and pulls one that is gone all the same again (restore_golden).
  FEATURE kube_failure_detection, or else remote_fail_detection, needs no IMAGE_MGMT: by it alone the feature falls
  back when Kubernetes has deployed nothing for so long.

Examples:
  ctrkitd                     runs until SIGTERM; one on a host
  ctrkitd --shadow            runs beside the shipped ctrmgrd: decides, logs what it would do, touches nothing
  ctrkit explain FEATURE      shows what it has decided, and why

Environment (of the service: systemctl edit ctrkitd):
  CTRKIT_REDIS                the same as --redis
  CTRKIT_STATE_DIR            the same as --state-dir
  CTRKIT_RUN_DIR              the folder of its view, which ctrkit reads (default: /run/ctrkit)
  CTRKIT_RESTART_COMMAND      the same as --restart-command
  CTRKIT_FALLBACK_COOL_DOWN   the least time between two fallbacks of a feature (default: 30m)
  CTRKIT_FALLBACK_GRACE       the time after its own start in which it does not fall back (default: 60s)
  CTRKIT_IMAGE_NAMES          SONiC's list of local repositories
                              (default: /usr/share/sonic/templates/ctr_image_names.json)
  CTRKIT_KUBECONFIG           the kubeconfig for the labels (default: the file of CTRKIT_KUBELET_CONF). With another
                              file, k3s' for example, it neither joins nor leaves. none: it also leaves the labels and
                              STATE_DB KUBERNETES_MASTER alone
  CTRKIT_KUBELET_CONF         the switch has joined where this file exists (default: /etc/kubernetes/kubelet.conf)
  CTRKIT_NODE_NAME            the name of this switch's node (default: the host's name in lower case)
  CTRKIT_SONIC_VERSION_FILE   its build_version is the label sonic_version (default: /etc/sonic/sonic_version.yml)
  CTRKIT_REBOOT_HOOKS         hooks that run once a reboot is over (default: /etc/ctrkit/reboot.d)
  CTRKIT_HTTP                 unix:/PATH, 127.0.0.1:PORT, localhost:PORT or [::1]:PORT: serves /metrics for Prometheus
                              (docs/metrics.md); off by default
  DOCKER_HOST                 the engine's socket (default: unix:///var/run/docker.sock)
  CTRKIT_LOG                  json: one JSON object a line instead of text

"ctrkit kube --help" lists the settings for joining and leaving.
`;

/** Throws CtrkitError('usage'): one line, what is wrong and what to do. */
export function parseDaemonLine(args: readonly string[]): ParsedDaemonLine {
  let help = '';
  const program = new Command('ctrkitd')
    .description(
      'The daemon of ctrkit on a SONiC switch: certifies images, falls back, switches owners and cleans up.',
    )
    .option('--shadow', 'decide and report, and touch nothing')
    .option(
      '--restart-command <command>',
      'restarts a service; {feature} stands for its name (default: systemctl restart {feature})',
    )
    .option('--state-dir <folder>', 'the folder of the state (default: /host/ctrkit, else /var/lib/ctrkit)')
    .option('--redis <url>', 'the server of both databases: redis://..., rediss://... or unix:///path')
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined })
    .exitOverride();
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: help };
    const message = toPlainLine(error.message.replace(/^error: /, ''), MAX_REASON_LENGTH);
    throw new CtrkitError('usage', message, { cause: error });
  }
  const flags = program.opts<
    Record<'redis' | 'restartCommand' | 'stateDir', string | undefined> & { shadow?: boolean }
  >();
  return {
    kind: 'run',
    options: {
      isShadow: flags.shadow ?? false,
      redisUrl: flags.redis ?? '',
      restartCommand: flags.restartCommand ?? '',
      stateDir: flags.stateDir ?? '',
    },
  };
}
