import { NO_MEMORY, resumeMemory, type FeatureMemory } from '../../../decide/feature/feature-memory.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { MemoryStore } from '../../../ports/memory-store.ts';
import { decodeFeatureMemory } from './memory-schema.ts';

/** A daemon that is killed loses no more than this. */
const WRITE_EVERY_MS = 10_000;
/** Features that are gone are kept for their return, up to so many of them all. */
const MOST_FEATURES = 256;

export interface MemoryKeeperPorts {
  /** Undefined for a shadow, which leaves nothing. */
  readonly store: MemoryStore | undefined;
  readonly clock: Clock;
  /** The disk does not take it: one line. */
  readonly onProblem: (problem: string) => void;
}

/** What is remembered of the features, also of those that have gone from the table, and for the next daemon of this boot. */
export class MemoryKeeper {
  readonly #ports: MemoryKeeperPorts;
  readonly #memories = new Map<string, FeatureMemory>();
  #isChanged = false;
  /** Boot clock. */
  #nextWriteMs = 0;

  constructor(ports: MemoryKeeperPorts) {
    this.#ports = ports;
    const { features, problem } = ports.store?.read(ports.clock.bootId()) ?? { features: {}, problem: '' };
    if (problem !== '') ports.onProblem(problem);
    for (const [name, stored] of Object.entries(features)) {
      const memory = decodeFeatureMemory(stored);
      if (memory !== undefined) this.#memories.set(name, memory);
    }
  }

  /** What was recorded last, of whichever daemon of this boot: as after a time that nobody watched. */
  resume(feature: string): FeatureMemory {
    return resumeMemory(this.#memories.get(feature) ?? NO_MEMORY);
  }

  record(feature: string, memory: FeatureMemory): void {
    // The newest last: the ones that are given up are those that were not heard of for the longest time.
    this.#memories.delete(feature);
    this.#memories.set(feature, memory);
    for (const name of this.#memories.keys()) {
      if (this.#memories.size <= MOST_FEATURES) break;
      this.#memories.delete(name);
    }
    this.#isChanged = true;
  }

  /** Boot clock: when what was recorded is to be written; Infinity where nothing was. */
  get dueMs(): number {
    return this.#isChanged && this.#ports.store !== undefined ? this.#nextWriteMs : Infinity;
  }

  /** Writes what has changed if it is due; at the daemon's end in any case. */
  save(isEnd = false): void {
    const { store, clock, onProblem } = this.#ports;
    const nowMs = clock.bootMs();
    if (store === undefined || (!isEnd && nowMs < this.dueMs)) return;
    this.#isChanged = false;
    this.#nextWriteMs = nowMs + WRITE_EVERY_MS;
    try {
      store.write(clock.bootId(), Object.fromEntries(this.#memories));
    } catch (error) {
      // It is tried again at the next change: the daemon does its work without.
      onProblem(`${(error as Error).message}; a restart of ctrkitd would start its counts anew`);
    }
  }
}
