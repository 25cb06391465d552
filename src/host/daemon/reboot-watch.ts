import type { BackoffTiming } from '../../contract/backoff.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { judgeMark, type MarkVerdict } from '../../decide/reboot/judge-mark.ts';
import { Backoff } from '../../loop/backoff.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { finishReboot } from '../reboot/finish-reboot.ts';
import type { RebootSide } from '../reboot/reboot-ports.ts';

/** The record is read at most this often for the features. */
const READ_EVERY_MS = 250;
/** A reboot that does not come is taken back so much later at most. */
const LOOK_EVERY_MS = 15_000;
const RETRY: BackoffTiming = { firstMs: 5_000, longestMs: 300_000 };

export interface RebootWatchPorts {
  readonly side: RebootSide;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** Whether a reboot is under way; and the end of one: after the boot, or where it has not come in time. */
export class RebootWatch {
  readonly #ports: RebootWatchPorts;
  readonly #outage: OutageLog;
  #verdict: MarkVerdict = { kind: 'none' };
  /** Boot clock. */
  #readMs = -Infinity;

  constructor(ports: RebootWatchPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** As of the last 250 ms: what ends now has not failed. */
  readonly isUnderWay = (): boolean => this.#judge().kind === 'under-way';

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#ports;
    const backoff = new Backoff(RETRY, random);
    while (!signal.aborted) {
      const isDone = await this.#finishDue(signal);
      if (isDone) backoff.recordSuccess();
      await clock.sleep(isDone ? LOOK_EVERY_MS : backoff.recordFailure(), signal);
    }
  }

  /** False if something is left to be done. */
  async #finishDue(signal: AbortSignal): Promise<boolean> {
    const { side, clock, log } = this.#ports;
    const { kind } = this.#judge();
    if (kind === 'none' || kind === 'under-way') return true;
    try {
      const outcome = await finishReboot({ ...side, clock, signal, report: (text) => log.info(text) });
      if (outcome.kind === 'nothing') return true;
      for (const problem of outcome.problems) log.warn(problem);
      const why = kind === 'rebooted' ? 'is over' : 'was prepared and has not come';
      log.info(`the ${outcome.reboot} reboot ${why}: ${outcome.kubelet}`);
      this.#outage.logRecovery('the end of a reboot was carried out');
      return true;
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#outage.logFailure(`the end of a reboot can't be carried out: ${error.message}`);
      return false;
    } finally {
      this.#readMs = -Infinity;
    }
  }

  /** What can't be read says nothing. */
  #judge(): MarkVerdict {
    const { side, clock } = this.#ports;
    const now = readTimestamps(clock);
    if (now.bootMs < this.#readMs + READ_EVERY_MS) return this.#verdict;
    this.#readMs = now.bootMs;
    try {
      const { mark, problem } = side.marks.read();
      this.#verdict = judgeMark(mark, now);
      if (problem !== undefined) this.#outage.logFailure(problem);
    } catch (error) {
      this.#outage.logFailure(`whether a reboot is under way is not known: ${(error as Error).message}`);
    }
    return this.#verdict;
  }
}
