import { CtrkitError } from '../../src/contract/errors.ts';
import type { FeatureLock } from '../../src/contract/feature/lock.ts';
import { isFeatureName } from '../../src/contract/names.ts';
import type { LockStore } from '../../src/ports/lock-store.ts';

/** Operators' locks in memory. */
export class FakeLockStore implements LockStore {
  /** What `list` tells beside the locks. */
  problems: string[] = [];
  readonly #locks = new Map<string, FeatureLock>();
  #outage: string | undefined;

  /** From now on every call fails, as with a disk that can't be read. */
  breakDown(text: string): void {
    this.#outage = text;
  }

  list(): { locks: FeatureLock[]; problems: string[] } {
    this.assertUp();
    const locks = [...this.#locks.values()].toSorted((a, b) => (a.feature < b.feature ? -1 : 1));
    return { locks, problems: [...this.problems] };
  }

  add(lock: FeatureLock): void {
    this.assertUp();
    assertName(lock.feature);
    this.#locks.set(lock.feature, lock);
  }

  remove(feature: string): boolean {
    this.assertUp();
    assertName(feature);
    return this.#locks.delete(feature);
  }

  private assertUp(): void {
    if (this.#outage !== undefined) throw new CtrkitError('disk', this.#outage);
  }
}

function assertName(feature: string): void {
  if (!isFeatureName(feature)) throw new CtrkitError('usage', 'not a legal name');
}
