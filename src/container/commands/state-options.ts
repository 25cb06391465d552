import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import {
  assertFeatureName,
  assertNothingLeft,
  assertOwner,
  assertVersion,
  clip,
  parseWords,
} from './arguments.ts';

export const STATE_HELP = `Usage: container_state FEATURE up local|kube [-v VERSION] [--force]
       container_state FEATURE down [--force]
       container_state FEATURE show [--json]

Shows or changes by hand who runs a feature, as recorded in STATE_DB.

  up     record this container as the one that runs FEATURE, and let ctrkit_agent renew it
  down   clear the record; only this container's own, by the claim its gate left
  show   the record, whether its holder is live, its heartbeat, and who is held and why

  -v, --version TEXT   the image's version; empty or missing is 0.0.0
      --force          up: also over another live container's record
                       down: also another container's record; if it still runs, its agent
                             makes the record again with its next heartbeat
      --json           the same for machines
      --redis URL      both databases are there: redis://…, rediss://… or unix:///path
  -h, --help           this text

The environment is that of container_startup (see its --help).
Exit codes: 0 done, 1 refused, 64 wrong usage, 69 the databases can't be used, 70 a defect of the kit.
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
      throw new CtrkitError('usage', `"${clip(verb)}" is nothing to do: write up, down or show`);
  }
}
