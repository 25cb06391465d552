import { CtrkitError } from '../../contract/errors.ts';
import { isOwner } from '../../contract/feature/feature.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import type { IdentityEvidence } from '../../contract/gate/identity-evidence.ts';
import { isVersion } from '../../contract/names.ts';
import { findOwnIdentity } from '../../decide/gate/own-identity.ts';
import { toShortText } from './arguments.ts';

type Words = Pick<Claim, 'owner' | 'version'>;

/**
 * Owner and version of a call, where no option says them by the environment. A value there is as binding as an option: one
 * that is illegal is refused, and never taken for another. Throws CtrkitError('usage').
 */
export function completeIdentity(
  { owner, version }: { readonly owner: Words['owner'] | undefined; readonly version: string | undefined },
  evidence: IdentityEvidence,
): Words {
  const { runtimeOwner, imageVersion } = evidence;
  const own = findOwnIdentity(evidence);
  if (owner === undefined && runtimeOwner !== '' && !isOwner(runtimeOwner))
    throw refuse('RUNTIME_OWNER', runtimeOwner, 'write local or kube');
  if (version === undefined && imageVersion !== '' && !isVersion(imageVersion))
    throw refuse(
      'IMAGE_VERSION',
      imageVersion,
      'write at most 128 printable ASCII characters without space or |',
    );
  return { owner: owner ?? own.owner, version: version ?? own.version };
}

const refuse = (name: string, value: string, rule: string): CtrkitError =>
  new CtrkitError('usage', `${name} "${toShortText(value)}" is not legal: ${rule}`);
