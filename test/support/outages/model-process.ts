import type { Clock } from '../../../src/ports/clock.ts';
import type { FakeClock } from '../fake-clock.ts';

/**
 * A process in fake time: its clock, and everything else that it is told of. While it is frozen nothing reaches it; what came
 * meanwhile reaches it when it is thawed, in that order. After `kill` nothing reaches it any more.
 */
export class ModelProcess implements Clock {
  readonly #clock: FakeClock;
  #isDead = false;
  #frozenSinceMs: number | undefined;
  #longestFrostMs = 0;
  readonly #arrived: (() => void)[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly bootId = (): string => this.#clock.bootId();
  readonly bootMs = (): number => this.#clock.bootMs();
  readonly wallMs = (): number => this.#clock.wallMs();

  /** Whole milliseconds, as the boot clock shows them. */
  readonly schedule = (ms: number, callback: () => void): (() => void) => {
    let isCancelled = false;
    const cancel = this.#clock.schedule(Math.ceil(ms), () => this.deliver(() => isCancelled || callback()));
    return () => {
      isCancelled = true;
      cancel();
    };
  };

  readonly sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const cancel = this.schedule(ms, resolve);
      signal?.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#frozenSinceMs !== undefined;
  }

  /** The longest time without a break that it was frozen for, up to now. */
  get longestFrostMs(): number {
    const now = this.#frozenSinceMs === undefined ? 0 : this.bootMs() - this.#frozenSinceMs;
    return Math.max(this.#longestFrostMs, now);
  }

  /** Something from outside reaches the process: at once, when it is thawed, or never. */
  deliver(callback: () => void): void {
    if (this.#isDead) return;
    if (this.isFrozen) this.#arrived.push(callback);
    else callback();
  }

  /** What `answer` says, when it reaches the process. */
  receive<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.deliver(() => resolve(value)),
        (error: unknown) => this.deliver(() => reject(error)),
      );
    });
  }

  kill(): void {
    this.#isDead = true;
    this.#arrived.length = 0;
  }

  freeze(): void {
    this.#frozenSinceMs ??= this.bootMs();
  }

  thaw(): void {
    this.#longestFrostMs = this.longestFrostMs;
    this.#frozenSinceMs = undefined;
    for (const callback of this.#arrived.splice(0)) callback();
  }
}
