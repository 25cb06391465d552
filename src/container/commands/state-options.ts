import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import {
  assertFeatureName,
  assertNothingLeft,
  assertOwner,
  assertVersion,
  toShortText,
  parseWords,
} from './arguments.ts';

export const STATE_HELP = `Usage: container_state FEATURE up local|kube [-v VERSION] [--force]
       container_state FEATURE down [--force]
       container_state FEATURE show [--json]

Shows or changes by hand who runs a feature, as recorded in STATE_DB.

  up     record this container as the one that runs FEATURE; ctrkit_agent then renews that
  down   clear the record, if it is this container's own
  show   show the record, whether its holder is live, its heartbeat, and who is held and why

  -v, --version TEXT   the version of the image (default: 0.0.0)
      --force          up: replace the record of another live container too
                       down: clear the record of another container too. If that container still
                             runs, its agent makes the record again with its next heartbeat
      --json           print JSON, for programs
      --redis URL      the server of both databases: redis://..., rediss://... or unix:///path
  -h, --help           show this text

The environment is that of container_startup (see its --help).
Exit status: 0 done, 1 refused, 64 wrong usage, 69 the databases or the disk can't be used, 70 a defect of ctrkit.
`;

interface Common {
  readonly feature: string;
  readonly redisUrl: string;
}

export type StateOptions = Common &
  (
    | { readonly verb: 'up'; readonly owner: Owner; readonly version: string; readonly force: boolean }
    | { readonly verb: 'down'; readonly force: boolean }
    | { readonly verb: 'show'; readonly json: boolean }
  );

/** Undefined when help is asked for. Throws CtrkitError('usage'). */
export function parseStateOptions(args: readonly string[]): StateOptions | undefined {
  const { values, positionals } = parseWords(args, {
    version: { type: 'string', short: 'v' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
    redis: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return undefined;
  const [name, verb, ...rest] = positionals;
  if (name === undefined)
    throw new CtrkitError('usage', 'no feature is named: write container_state FEATURE show');
  const common = { feature: assertFeatureName(name), redisUrl: values.redis ?? '' };
  const force = values.force ?? false;
  switch (verb) {
    case 'up':
      assertNothingLeft(rest.slice(1));
      return { ...common, verb, owner: assertOwner(rest[0]), version: assertVersion(values.version), force };
    case 'down':
      assertNothingLeft(rest);
      return { ...common, verb, force };
    case 'show':
      assertNothingLeft(rest);
      return { ...common, verb, json: values.json ?? false };
    default:
      throw new CtrkitError('usage', `"${toShortText(verb)}" is nothing to do: write up, down or show`);
  }
}
