import { CtrkitError } from '../../contract/errors.ts';
import type { MembershipPorts } from './membership-ports.ts';

/** What is done sooner needs no word. */
const FIRST_WORD_MS = 2_000;
const NEXT_WORD_MS = 15_000;

/** Says that `what` is under way, as long as it is. */
export async function withProgress<T>(
  what: string,
  { say, clock }: Pick<MembershipPorts, 'say' | 'clock'>,
  work: () => Promise<T>,
): Promise<T> {
  let saidS = 0;
  const word = (): void => {
    say(saidS === 0 ? `${what} …` : `${what}: ${saidS} s so far …`);
    saidS = (saidS === 0 ? FIRST_WORD_MS / 1_000 : saidS) + NEXT_WORD_MS / 1_000;
    cancel = clock.schedule(NEXT_WORD_MS, word);
  };
  let cancel = clock.schedule(FIRST_WORD_MS, word);
  try {
    return await work();
  } finally {
    cancel();
  }
}

/** Between two acts. Throws CtrkitError('cluster'). */
export function assertGoesOn({ signal }: Pick<MembershipPorts, 'signal'>): void {
  if (signal.aborted) throw new CtrkitError('cluster', 'interrupted');
}

/** Why something failed that is no reason to stop; undefined if it did not. */
export async function findFailure(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof CtrkitError) return error.message;
    throw error;
  }
}
