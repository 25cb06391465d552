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
It certifies images that ran healthy for their time as golden, falls back to the golden local image when what Kubernetes
deployed fails, and cleans up older images, as CONFIG_DB IMAGE_MGMT and FEATURE say and not without that; it releases the
records of containers that are gone, and restarts services when they change hands. It brings STATE_DB KUBE_LABELS|SET to
the labels of this switch's node, and says in STATE_DB KUBERNETES_MASTER|SERVER whether the master answers.

Examples:
  ctrkitd                     runs until SIGTERM; one on a host
  ctrkitd --shadow            beside the shipped ctrmgrd: decides, says what it would do, touches nothing
  ctrkit status, ctrkit explain FEATURE     what it thinks

Environment:
  CTRKIT_REDIS                as --redis
  CTRKIT_STATE_DIR            as --state-dir; the ledger of golden images and the locks, default /var/lib/ctrkit
  CTRKIT_RUN_DIR              where ctrkit finds what it thinks, default /run/ctrkit
  CTRKIT_RESTART_COMMAND      as --restart-command
  CTRKIT_FALLBACK_COOL_DOWN   between two fallbacks of a feature, default 30m
  CTRKIT_FALLBACK_GRACE       after its own start it falls back no sooner, default 60s
  CTRKIT_IMAGE_NAMES          SONiC's list of local repositories, default /usr/share/sonic/templates/ctr_image_names.json
  CTRKIT_KUBECONFIG           the kubelet's, default that of CTRKIT_KUBELET_CONF; another one, k3s' say: joining and leaving
                              are left to another program; none: the node's labels and STATE_DB KUBERNETES_MASTER, too
  CTRKIT_KUBELET_CONF         by which it is told whether the switch has joined, default /etc/kubernetes/kubelet.conf
  CTRKIT_NODE_NAME            this switch's node, default the host's name in lower case
  CTRKIT_SONIC_VERSION_FILE   whose build_version is the label sonic_version, default /etc/sonic/sonic_version.yml
  DOCKER_HOST                 the engine's socket, default unix:///var/run/docker.sock
  CTRKIT_LOG                  json for a JSON object a line
`;

/** Throws CtrkitError('usage'): one line, what is wrong and what to do. */
export function parseDaemonLine(args: readonly string[]): ParsedDaemonLine {
  let help = '';
  const program = new Command('ctrkitd')
    .description("The daemon of a SONiC switch's golden images.")
    .option('--shadow', 'decide and report, touch nothing')
    .option(
      '--restart-command <command>',
      'restarts a service, {feature} standing for its name (default: systemctl restart {feature})',
    )
    .option('--state-dir <folder>', 'where the ledger and the locks are')
    .option('--redis <url>', 'both databases are there: redis://…, rediss://… or unix:///path')
    .helpOption('-h, --help', 'this text')
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
