import { formatLocalTime } from '../../../../text/local-time.ts';

/** Of seconds since the epoch; empty for 0, which is no time, and for what is beyond all dates. */
export function describeTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return seconds <= 0 || Number.isNaN(date.getTime()) ? '' : formatLocalTime(date);
}
