import type { HealthStatus } from '../../contract/health/health-report.ts';
import type { HealthVerdict } from '../../decide/health/decide-health.ts';
import type { Log } from '../../ports/log.ts';

/** Logs each change of the container's status. */
export class StatusLog {
  readonly #log: Log;
  #last: HealthStatus = 'starting';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Logs one line if the status is another than at the last call. */
  logChange(feature: string, { status, reason }: Pick<HealthVerdict, 'status' | 'reason'>): void {
    const before = this.#last;
    if (before === status) return;
    this.#last = status;
    const why = reason === '' || reason === status ? '' : `: ${reason}`;
    const text = `${feature || 'health'}: ${status}${why} (was ${before})`;
    if (status === 'unhealthy' || status === 'degraded') this.#log.warn(text);
    else this.#log.info(text);
  }
}
