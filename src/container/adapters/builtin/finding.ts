import type { CheckResult } from '../../../contract/health/check.ts';

/** What a look found. `message` is one line for people. */
export interface Finding {
  readonly result: CheckResult;
  readonly message: string;
}
