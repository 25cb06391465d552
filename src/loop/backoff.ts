const FIRST_MS = 100;
/** A database that came back is seen within this; the contract wants the claim there again within 5 s. */
const LONGEST_MS = 2_000;

/** Milliseconds before try number `failures` + 1: doubling, up to 2 s. `random` in [0, 1) spreads many callers. */
export function decideBackoffMs(failures: number, random: number, longestMs = LONGEST_MS): number {
  const full = Math.min(longestMs, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (0.5 + random / 2));
}
