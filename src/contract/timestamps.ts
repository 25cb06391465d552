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
