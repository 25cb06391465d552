import { parseArgs } from 'node:util';
import { CtrkitError } from '../../contract/errors.ts';
import { isOwner, type Owner } from '../../contract/feature.ts';
import { isFeatureName, isVersion, NO_VERSION } from '../../contract/names.ts';

export const STARTUP_HELP = `Usage: container_startup -f FEATURE -o local|kube [-v VERSION] [--once] [--redis URL]

Asks whether this container may start its application. start.sh calls it first; it returns when
the application may start, and holds, asleep, while the deployment is unwanted.

  -f, --feature NAME   the feature, as in CONFIG_DB FEATURE|NAME
  -o, --owner OWNER    local: started by systemd from the switch's own image; always goes
                       kube: started by Kubernetes; goes when the switch wants it
  -v, --version TEXT   the image's version; empty or missing is 0.0.0
      --once           once held, stay held: do not look again
      --redis URL      both databases are there: redis://…, rediss://… or unix:///path
  -h, --help           this text

Why a container is held:  container_state FEATURE show

Environment
  CTRKIT_REDIS             as --redis
  CTRKIT_CONTAINER_ID      the container's id, where it can't be found in /proc
  CTRKIT_LOCAL_DB_WAIT     how long owner local waits for a database, 60 (seconds)
  CTRKIT_RUN_DIR           where the claim is left for ctrkit_agent, /run/ctrkit
  CTRKIT_LOG               json: one JSON object a line instead of text
  NAMESPACE_ID             the ASIC's number on a multi-ASIC switch

Exit codes: 0 go, 64 wrong usage, 70 a defect of the kit, 128+n ended by signal n.
`;

export interface StartupOptions {
  readonly feature: string;
  readonly owner: Owner;
  readonly version: string;
  readonly once: boolean;
  readonly redisUrl: string;
}

/** Undefined when help is asked for. Throws CtrkitError('usage'): one line, what is wrong and what to do. */
export function parseStartupOptions(args: readonly string[]): StartupOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  if (positionals.length > 0)
    throw new CtrkitError('usage', `"${clip(positionals[0])}" is one word too many`);
  return {
    feature: assertFeatureName(values.feature),
    owner: assertOwner(values.owner),
    version: assertVersion(values.version),
    once: values.once ?? false,
    redisUrl: values.redis ?? '',
  };
}

function parse(args: readonly string[]) {
  // start.sh writes `-v ${IMAGE_VERSION}` without quotes: an image without a version ends in a bare -v.
  const isBare = args.at(-1) === '-v' || args.at(-1) === '--version';
  try {
    return parseArgs({
      args: isBare ? [...args, ''] : [...args],
      options: {
        feature: { type: 'string', short: 'f' },
        owner: { type: 'string', short: 'o' },
        version: { type: 'string', short: 'v' },
        once: { type: 'boolean' },
        redis: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new CtrkitError('usage', firstSentence((error as Error).message), { cause: error });
  }
}

export function assertFeatureName(text: string | undefined): string {
  if (text === undefined) throw new CtrkitError('usage', 'no feature is named: write -f FEATURE');
  if (isFeatureName(text)) return text;
  const rule = 'write 1 to 32 letters, digits, _ or -, beginning with a letter or digit';
  throw new CtrkitError('usage', `the feature's name "${clip(text)}" is not legal: ${rule}`);
}

export function assertOwner(text: string | undefined): Owner {
  if (text !== undefined && isOwner(text)) return text;
  const found = text === undefined ? 'no owner is named' : `the owner "${clip(text)}" is none`;
  throw new CtrkitError('usage', `${found}: write -o local or -o kube`);
}

/** An empty or missing version is 0.0.0 (HLD, "Feature Status"). */
export function assertVersion(text: string | undefined): string {
  if (text === undefined || text === '') return NO_VERSION;
  if (isVersion(text)) return text;
  const rule = 'write at most 128 printable ASCII characters without space or |';
  throw new CtrkitError('usage', `the version "${clip(text)}" is not legal: ${rule}`);
}

/** What a person typed, short and on one line. */
const clip = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 40)).slice(1, -1);

/** node:util adds advice on how to write its options; the first sentence says what is wrong. */
const firstSentence = (text: string): string => text.split(/\.\s|\n/)[0] ?? text;
