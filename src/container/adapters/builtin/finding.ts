import type { CheckResult } from '../../../contract/health/check.ts';

/** The result of one inspection. `message` is one line for people. */
export interface Finding {
  readonly result: CheckResult;
  readonly message: string;
}
