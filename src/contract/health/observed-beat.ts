/** A heartbeat as the host side reads it: the fields of CONTAINER_HEALTH that certification and fallback use. */
import { decodeMs } from '../feature/feature.ts';
import { decodeCount, decodeHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { HealthStatus } from './health-report.ts';
import type { FieldValues } from '../rows.ts';

const STATUSES: ReadonlySet<string> = new Set(['starting', 'healthy', 'degraded', 'unhealthy', 'stopping']);

export interface ObservedBeat extends Heartbeat {
  readonly dockerId: string;
  /** Undefined if the text is no status. */
  readonly status: HealthStatus | undefined;
  readonly reason: string;
  /** Undefined if the text is no number, as are the other numbers. */
  readonly seq: number | undefined;
  readonly healthySinceMs: number | undefined;
  readonly restarts: number | undefined;
}

export function decodeObservedBeat(values: FieldValues): ObservedBeat {
  const status = values['status'] ?? '';
  return {
    ...decodeHeartbeat(values),
    dockerId: values['docker_id'] ?? '',
    status: STATUSES.has(status) ? (status as HealthStatus) : undefined,
    reason: values['reason'] ?? '',
    seq: decodeCount(values['seq']),
    healthySinceMs: decodeMs(values['healthy_since_ms']),
    restarts: decodeCount(values['restarts']),
  };
}
