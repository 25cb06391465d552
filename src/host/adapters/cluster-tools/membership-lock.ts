import { CtrkitError } from '../../../contract/errors.ts';
import { assertSingle, type InstanceName } from '../single-instance.ts';

/**
 * The lock of the only process on this host that joins or leaves: the daemon, or a command. It ends with its process at the
 * latest. A tool may outlive that process: while `isToolAtWork`, nobody gets the lock. Returns how to release it; undefined if it
 * is taken. Throws CtrkitError('disk').
 */
export async function acquireMembershipLock(
  name: Pick<InstanceName, 'folder' | 'subject'>,
  isToolAtWork: () => boolean,
): Promise<(() => void) | undefined> {
  try {
    const lock = await assertSingle({ ...name, program: 'ctrkit-membership' });
    if (!isToolAtWork()) return () => lock.close();
    lock.close();
    return undefined;
  } catch (error) {
    if (error instanceof CtrkitError && error.code === 'usage') return undefined;
    throw error;
  }
}
