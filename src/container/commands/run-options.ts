import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import type { IdentityEvidence } from '../../contract/gate/identity-evidence.ts';
import { findOwnIdentity } from '../../decide/gate/own-identity.ts';
import { completeIdentity } from './complete-identity.ts';
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

/** `evidence` is what the container knows of itself; an option comes before it. Throws CtrkitError('usage'). */
export function parseRunOptions(words: readonly string[], evidence: IdentityEvidence): RunOptions {
  assertCommandFollows(words);
  const args = cutCommand(words);
  const command = words.slice(args.length + 1);
  if (command.length === 0)
    throw new CtrkitError('usage', 'no command: write ctrkit_agent run -f FEATURE -- COMMAND [ARG...]');
  const { values, positionals } = parseWords(args, GATE_OPTIONS);
  assertNothingLeft(positionals);
  return {
    command,
    // A name that is meant and illegal is not passed over for another one's.
    feature: assertFeatureName(values.feature ?? (evidence.feature || findOwnIdentity(evidence).feature)),
    ...completeIdentity(
      {
        owner: values.owner === undefined ? undefined : assertOwner(values.owner),
        version: values.version === undefined ? undefined : assertVersion(values.version),
      },
      evidence,
    ),
    once: values.once ?? false,
    redisUrl: values.redis ?? '',
  };
}
