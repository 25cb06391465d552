import type { Anchor } from '../../contract/anchor.ts';
import type { HealthStatus } from '../../contract/health/health-report.ts';
import { encodeHealthLine, type ProbeAnswers } from '../../contract/health/health-line.ts';
import type { HealthVerdict } from '../../decide/health/decide-health.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HealthFile } from '../../ports/health-file.ts';
import type { Log } from '../../ports/log.ts';

/** The answers are written again after this time, changed or not. */
export const REFRESH_MS = 10_000;
/** Three refreshes may be missed before the answers go stale: the agent is dead or stuck then. */
export const STALE_AFTER_MS = 3 * REFRESH_MS;

export interface PublisherPorts {
  readonly file: HealthFile;
  readonly log: Log;
  readonly clock: Clock;
  /** The answers hold while it runs. */
  readonly anchor: Anchor;
}

/** Leaves the answers for `health_probe`, and logs each change of the container's status. */
export class HealthPublisher {
  readonly #ports: PublisherPorts;
  readonly #outage: OutageLog;
  #line = '';
  #dueMs = -Infinity;
  #status: HealthStatus = 'starting';

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** Boot clock: when to publish again even if nothing changes. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** The answers of the agent before this one stay until `untilMs` of the boot clock. */
  postpone(untilMs: number): void {
    this.#dueMs = untilMs;
  }

  /** `feature` is empty until the gate has let the application go. */
  publish(feature: string, { status, reason, answers }: HealthVerdict): void {
    this.#writeAnswers(answers, reason);
    const before = this.#status;
    if (before === status) return;
    this.#status = status;
    const why = reason === '' || reason === status ? '' : `: ${reason}`;
    const text = `${feature || 'health'}: ${status}${why} (was ${before})`;
    this.#ports.log[status === 'unhealthy' || status === 'degraded' ? 'warn' : 'info'](text);
  }

  /** Writes the answers if they have changed or are due. After an error the next try is when they are due again. */
  #writeAnswers(answers: ProbeAnswers, reason: string): void {
    const { clock, file, anchor } = this.#ports;
    const nowMs = clock.bootMs();
    const line = encodeHealthLine(answers, 0, anchor, reason);
    if (line === this.#line && nowMs < this.#dueMs) return;
    this.#line = line;
    this.#dueMs = nowMs + REFRESH_MS;
    try {
      file.write(encodeHealthLine(answers, nowMs + STALE_AFTER_MS, anchor, reason));
      this.#outage.logRecovery('the probe is answered again');
    } catch (error) {
      this.#outage.logFailure(`the probe goes stale: ${(error as Error).message}`);
    }
  }
}
