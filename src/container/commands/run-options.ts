import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import type { OwnIdentity } from '../../decide/gate/own-identity.ts';
import type { StartupOptions } from './startup-options.ts';
import {
  assertCommandFollows,
  assertFeatureName,
  assertNothingLeft,
  assertOwner,
  assertVersion,
  cutCommand,
  GATE_OPTIONS,
  parseWords,
} from './arguments.ts';

export interface RunOptions extends StartupOptions {
  readonly owner: Owner;
  readonly version: string;
  /** The application and its words; never empty. */
  readonly command: readonly string[];
}

/** `identity` is what the container knows of itself; an option comes before it. Throws CtrkitError('usage'). */
export function parseRunOptions(words: readonly string[], identity: OwnIdentity): RunOptions {
  assertCommandFollows(words);
  const args = cutCommand(words);
  const command = words.slice(args.length + 1);
  if (command.length === 0)
    throw new CtrkitError('usage', 'no command: write ctrkit_agent run -f FEATURE -- COMMAND [ARG...]');
  const { values, positionals } = parseWords(args, GATE_OPTIONS);
  assertNothingLeft(positionals);
  return {
    command,
    feature: assertFeatureName(values.feature ?? identity.feature),
    owner: assertOwner(values.owner ?? identity.owner),
    version: assertVersion(values.version ?? identity.version),
    once: values.once ?? false,
    redisUrl: values.redis ?? '',
  };
}
