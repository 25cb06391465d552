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

/** What the engine has, as it answered last. */
export interface EngineState {
  /** The engine does not answer: the lists may be out of date, and nothing is decided on them. */
  readonly isAway: boolean;
  readonly containers: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

export interface EngineWatchPorts {
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The state has been listed anew, or the engine has gone. */
  readonly onChange: () => void;
  readonly onEvent: (event: EngineEvent) => void;
}

/** Poll interval: an engine that hangs ends no watch, and shows that only when it is asked. */
const POLL_MS = 30_000;

/**
 * Keeps the engine's state up to date. An event says only that something has changed: the state itself is listed anew. The
 * end of a container is the exception, and counts at once.
 */
export class EngineWatch {
  readonly #ports: EngineWatchPorts;
  readonly #outage: OutageLog;
  readonly #backoff: Backoff;
  #state: EngineState = { isAway: true, containers: [], images: [] };
  #unwatch: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelPoll: (() => void) | undefined;
  #isRefreshing = false;
  /** Something happened since the listing that is under way began. */
  #isStale = false;
  #isClosed = false;

  constructor(ports: EngineWatchPorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(DATABASE_BACKOFF, ports.random);
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Goes on in the background until `close`. Resolves when the engine was listed once, or could not be; never rejects. */
  async start(): Promise<void> {
    const { engine, onEvent } = this.#ports;
    try {
      this.#unwatch = await engine.watch(
        (event) => {
          this.#applyEnd(event);
          onEvent(event);
          void this.refresh();
        },
        () => this.#recordOutage('the engine has ended its events'),
      );
      if (this.#isClosed) this.#unwatch();
      else {
        if (this.#cancelPoll === undefined) this.#schedulePoll();
        await this.refresh();
      }
    } catch (error) {
      this.#recordOutage((error as Error).message);
    }
  }

  /** Lists anew. Called while a listing is under way, it makes that one list once more, and returns at once. */
  async refresh(): Promise<void> {
    this.#isStale = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      while (this.#isStale && !this.#isClosed) {
        this.#isStale = false;
        const { engine } = this.#ports;
        const [containers, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
        this.#state = { isAway: false, containers, images };
        this.#backoff.recordSuccess();
        this.#outage.logRecovery('the Docker engine answers again');
        this.#ports.onChange();
      }
    } catch (error) {
      this.#recordOutage((error as Error).message);
    } finally {
      this.#isRefreshing = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelPoll?.();
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #schedulePoll(): void {
    this.#cancelPoll = this.#ports.clock.schedule(POLL_MS, () => {
      this.#schedulePoll();
      void this.refresh();
    });
  }

  /** A container that has ended counts as ended before the listing that the event asks for is there. */
  #applyEnd(event: EngineEvent): void {
    if (event.kind !== 'die') return;
    const containers = this.#state.containers.map((container) =>
      container.id === event.containerId ? { ...container, state: 'exited' as const } : container,
    );
    this.#state = { ...this.#state, containers };
    this.#ports.onChange();
  }

  #recordOutage(problem: string): void {
    if (this.#isClosed || this.#cancelRetry !== undefined) return;
    this.#outage.logFailure(`${problem}; nothing is certified, reaped or cleaned up meanwhile`);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#state = { ...this.#state, isAway: true };
    this.#cancelRetry = this.#ports.clock.schedule(this.#backoff.recordFailure(), () => {
      this.#cancelRetry = undefined;
      void this.start();
    });
    this.#ports.onChange();
  }
}
