import { CtrkitError } from '../../../contract/errors.ts';
import { assertSingle } from '../single-instance.ts';

/**
 * The lock of the only process on this host that joins or leaves: the daemon, or a command. It ends with its process at the
 * latest. A tool may outlive that process: while `isToolAtWork`, nobody gets the lock. Returns how to release it; undefined if it
 * is taken. `name` keeps the switches of one test machine apart.
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
