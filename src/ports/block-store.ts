import type { OperatorBlock } from '../contract/images/block.ts';

export interface BlockReading {
  /** By feature; the blocks in the order in which they were set. */
  readonly blocks: ReadonlyMap<string, readonly OperatorBlock[]>;
  /** What is no list of blocks, one line each: it blocks nothing. */
  readonly problems: readonly string[];
}

/** Operators' blocks on the host's disk. Throws CtrkitError('disk') with what is wrong with the folder or the disk. */
export interface BlockStore {
  readonly list: () => BlockReading;
  /**
   * On the disk when it returns; one block of the same version before it is replaced. Throws CtrkitError('usage') for an illegal
   * name or version and for one block too many, and CtrkitError('disk') where there is something that is no list of blocks.
   */
  readonly add: (feature: string, block: OperatorBlock) => void;
  /** False if there was none. */
  readonly remove: (feature: string, version: string) => boolean;
}
