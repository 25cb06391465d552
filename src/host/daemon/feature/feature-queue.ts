import type { Clock } from '../../../ports/clock.ts';

/** Poll interval, for a server that sends no events and for a lock that was added. */
const POLL_MS = 10_000;

export interface QueuedFeature {
  /** One of its steps is running. */
  readonly isBusy: boolean;
  /** Boot clock: when it is due by time; undefined if it is not. */
  readonly requeueAtMs: number | undefined;
}

/** The features of the switch, and the queue of those that have to be reconciled. A feature is in it once. */
export class FeatureQueue<Feature extends QueuedFeature> {
  readonly #clock: Clock;
  readonly #create: (name: string) => Feature;
  readonly #onAdd: () => void;
  readonly #features = new Map<string, Feature>();
  readonly #queued = new Set<string>();
  /** Features that the last list did not have. */
  readonly #missing = new Set<string>();
  /** Boot clock: when all features are queued, with or without an event. */
  #nextPollMs = 0;

  /** `onAdd` is called whenever something was queued from outside. */
  constructor(clock: Clock, create: (name: string) => Feature, onAdd: () => void) {
    this.#clock = clock;
    this.#create = create;
    this.#onAdd = onAdd;
  }

  get features(): ReadonlyMap<string, Feature> {
    return this.#features;
  }

  /** Boot clock: when the next feature is due by time. */
  get requeueAtMs(): number {
    const times = [...this.#features.values()].flatMap(({ requeueAtMs }) => requeueAtMs ?? []);
    return Math.min(this.#nextPollMs, ...times);
  }

  /**
   * Takes over a new list of the features, and queues them. A feature goes when two lists in a row do not have it and none
   * of its steps is running: `config reload` empties the table for a moment, and what is remembered must outlive that.
   */
  update(names: readonly string[]): void {
    for (const [name, feature] of this.#features) {
      if (names.includes(name)) this.#missing.delete(name);
      else if (feature.isBusy || !this.#missing.has(name)) this.#missing.add(name);
      else {
        this.#features.delete(name);
        this.#missing.delete(name);
      }
    }
    for (const name of names) {
      if (!this.#features.has(name)) this.#features.set(name, this.#create(name));
      this.#queued.add(name);
    }
  }

  add(name: string): void {
    this.#queued.add(name);
    this.#onAdd();
  }

  addAll(): void {
    for (const name of this.#features.keys()) this.#queued.add(name);
    this.#nextPollMs = this.#clock.bootMs() + POLL_MS;
    this.#onAdd();
  }

  /** Queues the features that are due by time. */
  addDue(): void {
    const nowMs = this.#clock.bootMs();
    if (nowMs >= this.#nextPollMs) this.addAll();
    for (const [name, { requeueAtMs }] of this.#features)
      if (requeueAtMs !== undefined && requeueAtMs <= nowMs) this.#queued.add(name);
  }

  /** Empties the queue and returns what was in it. */
  take(): Feature[] {
    const features = [...this.#queued].flatMap((name) => this.#features.get(name) ?? []);
    this.#queued.clear();
    return features;
  }
}
