/** When something happens: on the boot clock for the kit, on the wall clock for people. */
export interface Timestamps {
  /** The kernel's boot id: milliseconds of different boots don't compare. */
  readonly bootId: string;
  /** Milliseconds since boot, suspend included; no step of the wall clock moves it. */
  readonly bootMs: number;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

/** All that a decision on durations needs. */
export type BootTime = Pick<Timestamps, 'bootId' | 'bootMs'>;

/** Whole seconds since the epoch, as fields `_ts` have them. */
export const toSeconds = (wallMs: number): number => Math.floor(wallMs / 1_000);

/** The earliest of the times that there are; undefined if there is none. */
export function findEarliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
