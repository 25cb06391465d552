import { CtrkitError } from '../../../contract/errors.ts';
import { assertSingle } from '../single-instance.ts';

/**
 * One at a time joins or leaves on this host, the daemon or a command; a turn ends with its process at the latest. Returns
 * how to give it back; undefined if somebody else has it. `name` tells one switch from another on a machine of tests.
 */
export async function takeMembershipTurn(name: string): Promise<(() => void) | undefined> {
  try {
    const server = await assertSingle(`ctrkit-membership:${name}`);
    return () => server.close();
  } catch (error) {
    if (error instanceof CtrkitError && error.code === 'usage') return undefined;
    throw error;
  }
}
