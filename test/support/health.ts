import type { HeartbeatHealth } from '../../src/decide/gate/heartbeat-writes.ts';

/** What a heartbeat says of a container with nothing amiss. */
export const HEALTHY: HeartbeatHealth = {
  status: 'healthy',
  reason: '',
  healthySinceMs: 1_000,
  restarts: 0,
  checks: [],
  upStatus: undefined,
};
