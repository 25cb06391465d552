import type { OperatorBlock } from '../../../contract/images/block.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { BlockStore } from '../../../ports/block-store.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';

/** The folder is read at most this often: a block takes effect within this time. */
const READ_EVERY_MS = 250;
const NOTHING: ReadonlySet<string> = new Set();

/** The operators' blocks. While they can't be read, those that were read last count. */
export class BlockWatch {
  readonly #store: Pick<BlockStore, 'list'>;
  readonly #clock: Clock;
  readonly #outage: OutageLog;
  /** The key is the feature. */
  #blocks: ReadonlyMap<string, readonly OperatorBlock[]> = new Map();
  /** Boot clock. */
  #readMs = -Infinity;

  constructor(store: Pick<BlockStore, 'list'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#outage = new OutageLog(log, clock);
  }

  /** The versions of the feature that an operator has blocked, as of the last 250 ms. */
  findVersions(feature: string): ReadonlySet<string> {
    if (this.#clock.bootMs() >= this.#readMs + READ_EVERY_MS) this.#readBlocks();
    const blocks = this.#blocks.get(feature);
    return blocks === undefined ? NOTHING : new Set(blocks.map(({ version }) => version));
  }

  /** A block was lifted: the next look reads the folder. */
  forget(): void {
    this.#readMs = -Infinity;
  }

  #readBlocks(): void {
    this.#readMs = this.#clock.bootMs();
    try {
      const { blocks, problems } = this.#store.list();
      this.#blocks = blocks;
      if (problems[0] === undefined) this.#outage.logRecovery('the blocks can be read again');
      else this.#outage.logFailure(problems[0]);
    } catch (error) {
      this.#outage.logFailure(`the blocks can't be read: ${(error as Error).message}`);
    }
  }
}
