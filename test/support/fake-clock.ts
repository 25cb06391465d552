import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands still until it is told to go on; the wall clock can be stepped alone. */
export class FakeClock implements Clock {
  #bootMs: number;
  #wallMs: number;
  #bootId = 'boot-1';

  constructor(bootMs = 10_000_000, wallMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#bootMs = bootMs;
    this.#wallMs = wallMs;
  }

  readonly bootId = (): string => this.#bootId;
  readonly bootMs = (): number => this.#bootMs;
  readonly wallMs = (): number => this.#wallMs;

  advance(ms: number): void {
    this.#bootMs += ms;
    this.#wallMs += ms;
  }

  stepWallClock(ms: number): void {
    this.#wallMs += ms;
  }
}
