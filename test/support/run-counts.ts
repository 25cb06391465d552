/** On the desk a law is tried this often at the most. */
const MOST_RUNS = 2_000;

/** How often fast-check tries a law: `full` where CI=true, fewer on the desk so that `npm run check` stays quick. */
export const runsOf = (full: number): { readonly numRuns: number } => ({
  numRuns: process.env['CI'] === 'true' ? full : Math.min(full, MOST_RUNS),
});

/** How many rounds a simulation plays: CTRKIT_TEST_ROUNDS, `usual` without it. */
export const roundsOf = (usual: number): { readonly numRuns: number } => ({
  numRuns: Number(process.env['CTRKIT_TEST_ROUNDS'] ?? usual),
});
