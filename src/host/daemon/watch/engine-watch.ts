import { isDeepStrictEqual } from 'node:util';
import { isPin, omitPins } from '../../../contract/images/pin.ts';
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
  /** Without the pins. */
  readonly containers: readonly EngineContainer[];
  readonly pins: readonly EngineContainer[];
  readonly images: readonly EngineImage[];
}

export interface EngineWatchPorts {
  readonly engine: Pick<ContainerEngine, 'watch' | 'listContainers' | 'listImages'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The state is another one than before. */
  readonly onChange: () => void;
  readonly onEvent: (event: EngineEvent) => void;
}

/** Poll interval: an engine that hangs ends no watch, and shows that only when it is asked. */
const POLL_MS = 30_000;
/** A listing earns itself a pause, so that a burst of events is a few listings, not one for each of them. */
const PAUSE_MS = 250;
/** So many listings may follow each other without one: what starts, claims and ends within a moment is seen. */
const MOST_AT_ONCE = 4;
/** An engine that has not listed within this time is away. Its adapter gives up sooner. */
const LISTING_LIMIT_MS = 15_000;

/** One watch on the engine's events, from the attempt to open it on. What an earlier one still brings counts for nothing. */
interface Session {
  /** Undefined until it is open. */
  unwatch: (() => void) | undefined;
  isListing: boolean;
  /** Something happened since the last listing began. */
  isStale: boolean;
  /** What events have said of containers since then, by id: it is newer than what that listing says. */
  readonly states: Map<string, 'running' | 'exited'>;
  /** Boot clock: no listing begins before. */
  nextListMs: number;
  /** Cancels the one timer of the session: the time limit of a listing, or the next listing. */
  cancel: () => void;
}

const NOTHING = (): void => {};

/**
 * Keeps the engine's state up to date. An event says that something has changed, and the state itself is listed anew. The
 * start and the end of a container count at once. The watch is in one of three states: a session is open or being opened,
 * which ends when its events end or a listing fails; a retry waits, and there is no session; it is closed. So there is one
 * stream of events at the most, and each event counts once.
 */
export class EngineWatch {
  readonly #ports: EngineWatchPorts;
  readonly #outage: OutageLog;
  readonly #backoff: Backoff;
  #state: EngineState = { isAway: true, containers: [], pins: [], images: [] };
  /** The one that counts; undefined while a retry waits, before `start` and after `close`. */
  #session: Session | undefined;
  #cancelRetry = NOTHING;

  constructor(ports: EngineWatchPorts) {
    this.#ports = ports;
    this.#backoff = new Backoff(DATABASE_BACKOFF, ports.random);
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  get state(): EngineState {
    return this.#state;
  }

  /**
   * Goes on in the background until `close`; once it was called, another call does nothing. Resolves when the engine was
   * listed once, or could not be; never rejects.
   */
  async start(): Promise<void> {
    if (this.#session !== undefined) return;
    const session = createSession();
    this.#session = session;
    try {
      session.unwatch = await this.#ports.engine.watch(
        (event) => this.#handleEvent(session, event),
        () => this.#endSession(session, 'the engine has ended its events'),
      );
    } catch (error) {
      this.#endSession(session, (error as Error).message);
    }
    // It was closed meanwhile, or the stream has ended before anybody knew that it is open.
    if (this.#session === session) await this.#list(session);
    else session.unwatch?.();
  }

  close(): void {
    const session = this.#session;
    this.#session = undefined;
    this.#cancelRetry();
    session?.cancel();
    session?.unwatch?.();
  }

  async #list(session: Session): Promise<void> {
    const { engine, clock } = this.#ports;
    session.cancel();
    session.isListing = true;
    session.isStale = false;
    session.states.clear();
    session.cancel = clock.schedule(LISTING_LIMIT_MS, () =>
      this.#endSession(session, `the Docker engine has not listed within ${LISTING_LIMIT_MS / 1_000} s`),
    );
    try {
      const [listed, images] = await Promise.all([engine.listContainers(), engine.listImages()]);
      if (this.#session !== session) return;
      session.cancel();
      session.isListing = false;
      const nowMs = clock.bootMs();
      session.nextListMs = Math.max(session.nextListMs, nowMs - MOST_AT_ONCE * PAUSE_MS) + PAUSE_MS;
      const waitMs = session.isStale ? Math.max(0, session.nextListMs - nowMs) : POLL_MS;
      session.cancel = clock.schedule(waitMs, () => void this.#list(session));
      this.#backoff.recordSuccess();
      this.#outage.logRecovery('the Docker engine answers again');
      const containers = applyStates(omitPins(listed), session);
      const pins = listed.filter((container) => isPin(container));
      this.#setState({ isAway: false, containers, pins, images });
    } catch (error) {
      this.#endSession(session, (error as Error).message);
    }
  }

  #handleEvent(session: Session, event: EngineEvent): void {
    if (this.#session !== session) return;
    this.#ports.onEvent(event);
    if (event.kind !== 'changed')
      session.states.set(event.containerId, event.kind === 'die' ? 'exited' : 'running');
    this.#setState({ ...this.#state, containers: applyStates(this.#state.containers, session) });
    session.isStale = true;
    if (session.unwatch === undefined || session.isListing) return;
    const { clock } = this.#ports;
    const waitMs = session.nextListMs - clock.bootMs();
    session.cancel();
    if (waitMs <= 0) void this.#list(session);
    else session.cancel = clock.schedule(waitMs, () => void this.#list(session));
  }

  #endSession(session: Session, problem: string): void {
    if (this.#session !== session) return;
    this.close();
    this.#outage.logFailure(`${problem}; nothing is certified, reaped or cleaned up meanwhile`);
    this.#cancelRetry = this.#ports.clock.schedule(this.#backoff.recordFailure(), () => void this.start());
    this.#setState({ ...this.#state, isAway: true });
  }

  #setState(state: EngineState): void {
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#ports.onChange();
  }
}

const applyStates = (containers: readonly EngineContainer[], { states }: Session): EngineContainer[] =>
  containers.map((container) => ({ ...container, state: states.get(container.id) ?? container.state }));

const createSession = (): Session => ({
  unwatch: undefined,
  isListing: false,
  isStale: false,
  states: new Map(),
  nextListMs: 0,
  cancel: NOTHING,
});
