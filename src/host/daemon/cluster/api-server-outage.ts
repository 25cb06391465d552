import { type BackoffTiming } from '../../../contract/backoff.ts';
import { Backoff } from '../../../loop/backoff.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';

/** An API server that restarts is back within this, and nobody is told. */
const AWAY_AFTER_MS = 10_000;
/** Thousands of switches ask for an API server that is away. */
const RETRY_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 30_000 };

interface ApiServerOutagePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** Since when the API server does not answer, when it is asked next, and from when on people are told. Times are boot clock. */
export class ApiServerOutage {
  readonly #ports: ApiServerOutagePorts;
  readonly #log: OutageLog;
  readonly #backoff: Backoff;
  #text = '';
  #sinceMs = 0;
  #retryAtMs = 0;

  constructor(ports: ApiServerOutagePorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(RETRY_BACKOFF, ports.random);
    this.#log = new OutageLog(ports.log, ports.clock);
  }

  /** The last call failed. */
  get isOpen(): boolean {
    return this.#backoff.failures > 0;
  }

  /** The outage has lasted for longer than a restart takes. */
  get isAway(): boolean {
    return this.isOpen && this.#ports.clock.bootMs() >= this.#sinceMs + AWAY_AFTER_MS;
  }

  /** The API server answers, or is to be asked again. */
  get isDue(): boolean {
    return !this.isOpen || this.#ports.clock.bootMs() >= this.#retryAtMs;
  }

  /** When time alone changes something, while the outage is open. */
  get requeueAtMs(): number {
    return this.isAway ? this.#retryAtMs : Math.min(this.#retryAtMs, this.#sinceMs + AWAY_AFTER_MS);
  }

  fail(text: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (!this.isOpen) this.#sinceMs = nowMs;
    this.#retryAtMs = nowMs + this.#backoff.recordFailure();
    this.#text = text;
  }

  recover(): void {
    this.#backoff.recordSuccess();
    this.#log.logRecovery('the Kubernetes master answers again');
  }

  /** The switch has no API server any more, which is no answer. */
  forget(): void {
    this.#backoff.recordSuccess();
  }

  /** Logs the outage. Returns what people are told, empty while the API server is not away; `waitingCount`: labels to be written. */
  report(waitingCount: number): string {
    if (!this.isAway) return '';
    this.#log.logFailure(this.#text);
    return `${this.#text}; what runs goes on${waitingCount > 0 ? `; labels that wait: ${waitingCount}` : ''}`;
  }
}
