/** Milliseconds. The engine answers a listing in a few of them, and takes its time over removing large layers. */
export interface EngineLimits {
  readonly lookMs: number;
  readonly actMs: number;
  readonly removeMs: number;
  /** Beyond the grace period that the container was given. */
  readonly stopExtraMs: number;
}

export const ENGINE_LIMITS: EngineLimits = {
  lookMs: 5_000,
  actMs: 60_000,
  removeMs: 60_000,
  stopExtraMs: 15_000,
};
