import { CtrkitError } from '../../../contract/errors.ts';
import { assertSingle } from '../single-instance.ts';

/**
 * One at a time joins or leaves on this host, the daemon or a command; a turn ends with its process at the latest, or with the
 * tool that this process has begun, which `isToolAtWork` tells. Returns how to give it back; undefined if somebody else has it.
 * `name` tells one switch from another on a machine of tests.
 */
export async function acquireMembershipLock(
  name: string,
  isToolAtWork: () => boolean,
): Promise<(() => void) | undefined> {
  try {
    const server = await assertSingle(`ctrkit-membership:${name}`);
    if (!isToolAtWork()) return () => server.close();
    server.close();
    return undefined;
  } catch (error) {
    if (error instanceof CtrkitError && error.code === 'usage') return undefined;
    throw error;
  }
}
