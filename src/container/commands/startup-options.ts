import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import {
  assertCommandFollows,
  assertFeatureName,
  assertNothingLeft,
  assertOwner,
  assertVersion,
  cutCommand,
  GATE_OPTIONS,
  parsePlainWords,
  parseWords,
} from './arguments.ts';

export const STARTUP_HELP = `Usage: container_startup -f FEATURE [-o local|kube] [-v VERSION] [--once] [--redis URL] -- COMMAND [ARG...]
       container_startup -f FEATURE -o local|kube [-v VERSION] [--once] [--redis URL]

The gate. It becomes COMMAND, the application, when that may start; COMMAND keeps the process id, and gets
all signals from then on. While the switch does not want this container, COMMAND is not started: the gate
holds, and goes on by itself when the reason is gone. COMMAND is never started after any other end of the
gate. Everything after -- is COMMAND's.

Without COMMAND it returns 0 when the application may start, and else it does not return. Whoever calls it
so has to look at the status. /usr/share/sonic/scripts/container_startup.py does, for a start.sh.

  -f, --feature NAME   the feature, as in CONFIG_DB FEATURE|NAME
  -o, --owner OWNER    local: systemd started this container from the switch's own image; always goes
                       kube: Kubernetes started it; goes when the switch wants it
                       (default beside COMMAND: RUNTIME_OWNER, else kube in a pod, else local)
  -v, --version TEXT   the version of the image (default beside COMMAND: IMAGE_VERSION; else 0.0.0)
      --once           hold for good, once held
      --redis URL      the server of both databases: redis://..., rediss://... or unix:///path
  -h, --help           show this text; only where it stands alone

Why a container is held:  container_state FEATURE show

Examples
  ENTRYPOINT of an image; as process 1 it ends at SIGTERM while it holds, and reaps what is left to it:
    ENTRYPOINT ["/usr/bin/container_startup", "-f", "pmon", "--", "/usr/local/bin/supervisord"]
  A program of supervisord:
    command=/usr/bin/container_startup -f bmp -- /usr/bin/openbmpd
  The last line of a start.sh:
    exec container_startup -f restapi -- /usr/bin/start-rest

Environment
  CTRKIT_REDIS             the same as --redis
  CTRKIT_CONTAINER_ID      the container's id, where it can't be found in /proc
  CTRKIT_LOCAL_DB_WAIT     how long owner local waits for a database (default: 60 seconds)
  CTRKIT_RUN_DIR           the folder where the claim is left for ctrkit_agent (default: /run/ctrkit)
  CTRKIT_LOG               json: one JSON object a line instead of text
  NAMESPACE_ID             the ASIC's number on a multi-ASIC switch
  RUNTIME_OWNER, IMAGE_VERSION   owner and version beside COMMAND, where no option says them

Exit status: 0 go, 64 wrong usage, 70 a defect of ctrkit, 128+n ended by signal n; 127 there is no such
COMMAND, 126 it can't be executed; once it is started, its own.
`;

export interface StartupOptions {
  readonly feature: string;
  /** Undefined only beside a COMMAND, as the version: it is the container's own. */
  readonly owner: Owner | undefined;
  readonly version: string | undefined;
  readonly once: boolean;
  readonly redisUrl: string;
}

/**
 * Undefined when help is asked for. What follows `--` is the command of the launcher, which becomes that, and is left out.
 * Throws CtrkitError('usage'): one line, what is wrong and what to do.
 */
export function parseStartupOptions(words: readonly string[]): StartupOptions | undefined {
  assertCommandFollows(words);
  const args = cutCommand(words);
  const hasCommand = args.length < words.length;
  const { values, positionals } = parseGateWords(args);
  // start.sh takes exit code 0 as a go, so help is refused beside other words, in case it came in by mistake.
  if (values.help === true && words.length === 1) return undefined;
  if (values.help === true) throw new CtrkitError('usage', '--help stands alone');
  assertNothingLeft(positionals);
  return {
    feature: assertFeatureName(values.feature),
    owner: hasCommand && values.owner === undefined ? undefined : assertOwner(values.owner),
    version: hasCommand && values.version === undefined ? undefined : assertVersion(values.version),
    once: values.once ?? false,
    redisUrl: values.redis ?? '',
  };
}

/** What most start.sh files write takes the short way. */
function parseGateWords(args: readonly string[]) {
  const plain = parsePlainWords(args);
  const options = { ...GATE_OPTIONS, help: { type: 'boolean', short: 'h' } } as const;
  type Words = Pick<ReturnType<typeof parseWords<typeof options>>, 'values' | 'positionals'>;
  return plain === undefined ? parseWords(args, options) : ({ values: plain, positionals: [] } as Words);
}
