/** Gaps that are remembered. Each is an event that was lost, or is late. */
const MOST_RANGES = 1_000;

interface NumberRange {
  from: number;
  /** Included. */
  to: number;
}

/** Whole numbers that have been seen, as ranges: numbers that are counted up, and few of which are missing, need little memory. */
export class SeenNumbers {
  /** In their order, with a gap between each two. */
  readonly #ranges: NumberRange[] = [];

  /** False if it was seen before. Beyond so many gaps the numbers of the lowest gap count as seen. */
  add(number: number): boolean {
    const index = this.#ranges.findLastIndex(({ from }) => from <= number);
    const below = this.#ranges[index];
    if (below !== undefined && number <= below.to) return false;
    if (below?.to === number - 1) below.to = number;
    else this.#ranges.splice(index + 1, 0, { from: number, to: number });
    this.#joinAfter(below?.to === number ? index : index + 1);
    if (this.#ranges.length > MOST_RANGES) this.#fillLowestGap();
    return true;
  }

  #joinAfter(index: number): void {
    const [range, next] = this.#ranges.slice(index, index + 2);
    if (range === undefined || next?.from !== range.to + 1) return;
    range.to = next.to;
    this.#ranges.splice(index + 1, 1);
  }

  #fillLowestGap(): void {
    const [lowest, next] = this.#ranges;
    if (lowest === undefined || next === undefined) return;
    next.from = lowest.from;
    this.#ranges.shift();
  }
}
