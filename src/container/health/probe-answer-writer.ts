import { encodeHealthLine, type ProbeAnswers } from '../../contract/health/probe.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HealthFile } from '../../ports/health-file.ts';
import type { Log } from '../../ports/log.ts';

/** The answers are written again after this time, changed or not. */
export const REFRESH_MS = 10_000;
/** Three refreshes may be missed before the answers go stale: the agent is dead or stuck then. */
export const STALE_AFTER_MS = 3 * REFRESH_MS;

/** Leaves the answers for `health_probe` when they change, and every REFRESH_MS. */
export class ProbeAnswerWriter {
  readonly #file: HealthFile;
  readonly #clock: Pick<Clock, 'bootMs'>;
  readonly #outage: OutageLog;
  #line = '';
  #dueMs = -Infinity;

  constructor(file: HealthFile, log: Log, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#outage = new OutageLog(log, clock);
  }

  /** Boot clock: when the answers have to be written even if they stay the same. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** The answers of the agent before this one stay until `untilMs` of the boot clock. */
  postpone(untilMs: number): void {
    this.#dueMs = untilMs;
  }

  /** Writes the answers if they have changed or are due. An error is logged, and the next try is when they are due again. */
  write(answers: ProbeAnswers, reason: string): void {
    const nowMs = this.#clock.bootMs();
    const line = encodeHealthLine(answers, 0, reason);
    if (line === this.#line && nowMs < this.#dueMs) return;
    this.#line = line;
    this.#dueMs = nowMs + REFRESH_MS;
    try {
      this.#file.write(encodeHealthLine(answers, nowMs + STALE_AFTER_MS, reason));
      this.#outage.mend('the probe is answered again');
    } catch (error) {
      this.#outage.fail(`the probe goes stale: ${(error as Error).message}`);
    }
  }
}
