import { Backoff, DATABASE_BACKOFF } from '../../../loop/backoff.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type {
  ContainerEngine,
  EngineContainer,
  EngineEvent,
  EngineImage,
} from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';

/** What the engine has, as of the last look. */
export interface EngineState {
  /** It can't be asked: what is here may no longer be so, and decides nothing. */
  readonly isAway: boolean;
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

export interface EngineWatchPorts {
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  /** After each look at the engine, and when it has gone. */
  onChange(): void;
  onEvent(event: EngineEvent): void;
}

/** Behind the events. */
const POLL_MS = 30_000;

/** Keeps an eye on the engine: its events say when to look, only a look says what is so. */
export class EngineWatch {
  readonly #ports: EngineWatchPorts;
  readonly #outage: OutageLog;
  #state: EngineState = { isAway: true, containers: [], images: [] };
  #unwatch: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelPoll: (() => void) | undefined;
  readonly #backoff: Backoff;
  /** Something happened since the look that is under way began. */
  #isStale = false;
  #isLooking = false;
  #isClosed = false;

  constructor(ports: EngineWatchPorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(DATABASE_BACKOFF, ports.random);
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Begins, and goes on by itself until `close`; returns when the engine was looked at once, or could not be. */
  async start(): Promise<void> {
    const { engine } = this.#ports;
    try {
      this.#unwatch = await engine.watch(
        (event) => {
          this.apply(event);
          this.#ports.onEvent(event);
          void this.refresh();
        },
        () => this.lose('the engine has ended its events'),
      );
      if (this.#isClosed) this.#unwatch();
      else {
        // An engine that hangs ends nothing: only asking it tells.
        if (this.#cancelPoll === undefined) this.schedulePoll();
        await this.refresh();
      }
    } catch (error) {
      this.lose((error as Error).message);
    }
  }

  /** Looks again now; an event under way makes it look once more. */
  async refresh(): Promise<void> {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isStale && !this.#isClosed) {
        this.#isStale = false;
        const { engine } = this.#ports;
        const [containers, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
        this.#state = { isAway: false, containers, images };
        this.#backoff.succeed();
        this.#outage.mend('the Docker engine answers again');
        this.#ports.onChange();
      }
    } catch (error) {
      this.lose((error as Error).message);
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelPoll?.();
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  private schedulePoll(): void {
    this.#cancelPoll = this.#ports.clock.schedule(POLL_MS, () => {
      this.schedulePoll();
      void this.refresh();
    });
  }

  /** What has ended has ended, also before the look is over that the event asks for. */
  private apply(event: EngineEvent): void {
    if (event.kind !== 'die') return;
    const containers = this.#state.containers.map((one) =>
      one.id === event.containerId ? { ...one, state: 'exited' as const } : one,
    );
    this.#state = { ...this.#state, containers };
    this.#ports.onChange();
  }

  private lose(text: string): void {
    if (this.#isClosed || this.#cancelRetry !== undefined) return;
    this.#outage.fail(`${text}; nothing is certified, reaped or cleaned up meanwhile`);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#state = { ...this.#state, isAway: true };
    this.#cancelRetry = this.#ports.clock.schedule(this.#backoff.fail(), () => {
      this.#cancelRetry = undefined;
      void this.start();
    });
    this.#ports.onChange();
  }
}
