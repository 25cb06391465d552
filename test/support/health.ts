import type { HealthNow } from '../../src/container/agent/claim-holder.ts';

/** What a heartbeat says of a container with nothing amiss. */
export const HEALTHY: HealthNow = {
  status: 'healthy',
  reason: '',
  healthySinceMs: 1_000,
  restarts: 0,
  checks: [],
  upStatus: undefined,
};
