import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeAnswers } from '../../../src/contract/health/health-line.ts';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';

/** kubelet asks every few seconds; a watch more often, but not so that the machine has nothing else to do. */
const ASK_EVERY_MS = 300;

/** One run of a shell in the container, which is most of its cost. */
const ASK_ALL = 'for p in startup readiness liveness; do health_probe "$p" >/dev/null; echo "$?"; done';

/** What `health_probe` says to all three questions, an exit code each. */
export async function askAll(container: Container): Promise<ProbeAnswers> {
  const codes = (await dockerOutput(['exec', container.id, 'sh', '-c', ASK_ALL])).split('\n').map(Number);
  const [startup = NaN, readiness = NaN, liveness = NaN] = codes;
  return { startup, readiness, liveness };
}

/** `/run/ctrkit/health` as it is: when its answers go stale, boot clock, milliseconds. */
export async function readStaleAtMs(container: Container): Promise<number> {
  const line = await dockerOutput(['exec', container.id, 'cat', '/run/ctrkit/health']);
  return Number(line.split(' ')[4]) * 1000;
}

interface WatchedAnswers extends ProbeAnswers {
  /** Boot clock: the question was asked after the one and answered before the other. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Asks all three probes again and again, as kubelet does, and keeps what they say. */
export class ProbeWatch {
  readonly answers: WatchedAnswers[] = [];
  readonly #container: Container;
  readonly #asking: Promise<void>;
  #isEnded = false;

  constructor(container: Container) {
    this.#container = container;
    this.#asking = this.#ask();
    // Whoever ends the watch is told; a test that has failed before that is not to end with this.
    this.#asking.catch(() => undefined);
  }

  /** Each answer that was given, once, in the order in which it was first: `startup/readiness/liveness`. */
  get kinds(): string[] {
    return [...new Set(this.answers.map((each) => `${each.startup}/${each.readiness}/${each.liveness}`))];
  }

  /** The longest that one question to all three took, milliseconds, Docker's part included. */
  get slowestMs(): number {
    return Math.max(...this.answers.map(({ fromMs, toMs }) => toMs - fromMs));
  }

  /** Rejects if a question could not be asked. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#asking;
  }

  async #ask(): Promise<void> {
    while (!this.#isEnded) {
      const fromMs = bootMs();
      this.answers.push({ fromMs, ...(await askAll(this.#container)), toMs: bootMs() });
      await sleep(ASK_EVERY_MS);
    }
  }
}
