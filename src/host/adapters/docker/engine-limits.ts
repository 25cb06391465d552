/** Time limits of calls, milliseconds. The engine lists within a few, and takes seconds to remove large layers. */
export interface EngineLimits {
  readonly readMs: number;
  readonly actMs: number;
  readonly removeMs: number;
  /** A large image over a slow line. */
  readonly pullMs: number;
  /** Added to the grace period that the container was given. */
  readonly stopExtraMs: number;
}

export const ENGINE_LIMITS: EngineLimits = {
  readMs: 5_000,
  actMs: 60_000,
  removeMs: 60_000,
  pullMs: 1_800_000,
  stopExtraMs: 15_000,
};
