import { CtrkitError } from '../../contract/errors.ts';
import type { MembershipPorts } from './membership-ports.ts';

/** What is done sooner is not reported. */
const FIRST_REPORT_S = 2;
const NEXT_REPORT_S = 15;

/** Reports that `act` is under way for as long as `work` runs. */
export async function withProgress<T>(
  act: string,
  { report, clock }: Pick<MembershipPorts, 'report' | 'clock'>,
  work: () => Promise<T>,
): Promise<T> {
  let passedS = FIRST_REPORT_S;
  const reportNext = (): void => {
    report(passedS === FIRST_REPORT_S ? `${act} …` : `${act}: ${passedS} s so far …`);
    passedS += NEXT_REPORT_S;
    cancel = clock.schedule(NEXT_REPORT_S * 1_000, reportNext);
  };
  let cancel = clock.schedule(FIRST_REPORT_S * 1_000, reportNext);
  try {
    return await work();
  } finally {
    cancel();
  }
}

/** Called between two acts. Throws CtrkitError('cluster') after an interrupt. */
export function assertNotInterrupted({ signal }: Pick<MembershipPorts, 'signal'>): void {
  if (signal.aborted) throw new CtrkitError('cluster', 'interrupted');
}

/** The reason why `work` failed, where a failure is no reason to stop; undefined if it did not fail. */
export async function findFailure(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof CtrkitError) return error.message;
    throw error;
  }
}
