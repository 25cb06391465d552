import type { Timestamps } from '../contract/timestamps.ts';
import type { Clock } from '../ports/clock.ts';

export const readTimestamps = (clock: Clock): Timestamps => ({
  bootId: clock.bootId(),
  bootMs: clock.bootMs(),
  wallMs: clock.wallMs(),
});
