import type { CheckTiming } from '../../../contract/health/check.ts';
import type { TimingValues } from './schemas.ts';

/** What is not said is as in `base`. */
export function decodeTiming(values: TimingValues, base: CheckTiming): CheckTiming {
  const ms = (seconds: number | undefined, otherwiseMs: number): number =>
    seconds === undefined ? otherwiseMs : Math.round(seconds * 1000);
  return {
    initialDelayMs: ms(values.initialDelaySeconds, base.initialDelayMs),
    periodMs: ms(values.periodSeconds, base.periodMs),
    timeoutMs: ms(values.timeoutSeconds, base.timeoutMs),
    failureThreshold: values.failureThreshold ?? base.failureThreshold,
    successThreshold: values.successThreshold ?? base.successThreshold,
  };
}
