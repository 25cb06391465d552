import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';

export interface MembershipReporterPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** `problem` is another one now. */
  readonly onChange: () => void;
}

/** What people are told of joining and leaving: in the daemon's log, and in its view as `problem`. */
export class MembershipReporter {
  readonly #ports: MembershipReporterPorts;
  readonly #outage: OutageLog;
  #problem = '';
  #loggedText = '';

  constructor(ports: MembershipReporterPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** Why the switch does not join or leave though it should; empty if nothing is wrong. */
  get problem(): string {
    return this.#problem;
  }

  fail(text: string): void {
    this.#outage.logFailure(text);
    this.#setProblem(text);
  }

  recover(): void {
    this.#outage.logRecovery('joining and leaving: all is as it should be again');
    this.#setProblem('');
  }

  /** Logs what is done or waited for; a text that differs only in the time that is left is not logged again. */
  log(text: string): void {
    const withoutTime = text.replace(/ in [^;]*$/, '');
    if (withoutTime !== this.#loggedText) this.#ports.log.info(text);
    this.#loggedText = withoutTime;
  }

  #setProblem(text: string): void {
    if (text === this.#problem) return;
    this.#problem = text;
    this.#ports.onChange();
  }
}
