import type { CheckTiming } from '../../../contract/health/check.ts';
import type { TimingValues } from './schemas.ts';

/** Values that are left out are taken from `base`. */
export function decodeTiming(values: TimingValues, base: CheckTiming): CheckTiming {
  const toMs = (seconds: number | undefined, otherwiseMs: number): number =>
    seconds === undefined ? otherwiseMs : Math.round(seconds * 1000);
  return {
    initialDelayMs: toMs(values.initialDelaySeconds, base.initialDelayMs),
    periodMs: toMs(values.periodSeconds, base.periodMs),
    timeoutMs: toMs(values.timeoutSeconds, base.timeoutMs),
    failureThreshold: values.failureThreshold ?? base.failureThreshold,
    successThreshold: values.successThreshold ?? base.successThreshold,
  };
}
