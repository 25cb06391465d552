import type { Moment } from '../contract/gate/claim.ts';
import type { Clock } from '../ports/clock.ts';

export const momentOf = (clock: Clock): Moment => ({
  bootId: clock.bootId(),
  bootMs: clock.bootMs(),
  wallMs: clock.wallMs(),
});
