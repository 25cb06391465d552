import { Backoff, type BackoffTiming } from '../../../loop/backoff.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';

/** A server that is restarted is back within this, and nothing is made of it. */
const AWAY_AFTER_MS = 10_000;
/** Thousands of switches ask for a server that is away. */
const MASTER_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 30_000 };

interface MasterOutagePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Since when the master does not answer, when it is asked next, and from when on that is said. Times are boot clock. */
export class MasterOutage {
  readonly #ports: MasterOutagePorts;
  readonly #log: OutageLog;
  #text = '';
  #sinceMs = 0;
  #retryAtMs = 0;
  readonly #backoff: Backoff;

  constructor(ports: MasterOutagePorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(MASTER_BACKOFF, ports.random);
    this.#log = new OutageLog(ports.log, ports.clock);
  }

  get isOpen(): boolean {
    return this.#backoff.failures > 0;
  }

  /** It has been away for longer than a restart takes. */
  get isAway(): boolean {
    return this.isOpen && this.#ports.clock.bootMs() >= this.#sinceMs + AWAY_AFTER_MS;
  }

  /** It answers, or may by now. */
  get isAskedNow(): boolean {
    return !this.isOpen || this.#ports.clock.bootMs() >= this.#retryAtMs;
  }

  /** When time alone changes something, while it is open. */
  get nextLookMs(): number {
    return this.isAway ? this.#retryAtMs : Math.min(this.#retryAtMs, this.#sinceMs + AWAY_AFTER_MS);
  }

  fail(text: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (!this.isOpen) this.#sinceMs = nowMs;
    this.#retryAtMs = nowMs + this.#backoff.fail();
    this.#text = text;
  }

  mend(): void {
    this.#backoff.succeed();
    this.#log.mend('the Kubernetes master answers again');
  }

  /** There is no master any more, which is no answer. */
  forget(): void {
    this.#backoff.succeed();
  }

  /** What people are told, empty while it is not away; `waiting` is how many labels wait for it. */
  tell(waiting: number): string {
    if (!this.isAway) return '';
    this.#log.fail(this.#text);
    return `${this.#text}; what runs goes on${waiting > 0 ? `; labels that wait: ${waiting}` : ''}`;
  }
}
