import { formatLocalTime } from '../../../../text/local-time.ts';

/** Local time of seconds since the epoch; empty for 0, which stands for no time, and beyond the range of dates. */
export function describeTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return seconds <= 0 || Number.isNaN(date.getTime()) ? '' : formatLocalTime(date);
}
