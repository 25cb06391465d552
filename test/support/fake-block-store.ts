import { CtrkitError } from '../../src/contract/errors.ts';
import type { OperatorBlock } from '../../src/contract/images/block.ts';
import { isFeatureName, isVersion } from '../../src/contract/names.ts';
import type { BlockReading, BlockStore } from '../../src/ports/block-store.ts';

/** Operators' blocks in memory. */
export class FakeBlockStore implements BlockStore {
  /** What `list` tells beside the blocks. */
  problems: string[] = [];
  readonly #blocks = new Map<string, readonly OperatorBlock[]>();
  #outage: string | undefined;

  /** From now on every call fails, as with a disk that can't be read. */
  breakDown(text: string): void {
    this.#outage = text;
  }

  list(): BlockReading {
    this.assertUp();
    const sorted = [...this.#blocks].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { blocks: new Map(sorted), problems: [...this.problems] };
  }

  add(feature: string, block: OperatorBlock): void {
    this.assertUp();
    assertNames(feature, block.version);
    const others = (this.#blocks.get(feature) ?? []).filter(({ version }) => version !== block.version);
    this.#blocks.set(feature, [...others, block]);
  }

  remove(feature: string, version: string): boolean {
    this.assertUp();
    assertNames(feature, version);
    const blocks = this.#blocks.get(feature) ?? [];
    const left = blocks.filter((block) => block.version !== version);
    if (left.length === 0) this.#blocks.delete(feature);
    else this.#blocks.set(feature, left);
    return left.length < blocks.length;
  }

  private assertUp(): void {
    if (this.#outage !== undefined) throw new CtrkitError('disk', this.#outage);
  }
}

function assertNames(feature: string, version: string): void {
  if (!isFeatureName(feature) || !isVersion(version)) throw new CtrkitError('usage', 'not a legal name');
}
