/**
 * The steps that take no time and that nobody has to bring about: what gates, agents and the host do of themselves. A cycle of
 * them is a livelock. Where there is none, what is written between two ticks of the clock is bounded.
 */
const OWN_STEP = /^(?:\d (?:decides|writes|beats|records again)|the host .*)$/;
const WRITE = /^(?:\d (?:writes|beats|records again)|the host answers)$/;

export interface BusyCycle {
  /** A state of it, the one that is nearest. */
  readonly state: number;
  readonly steps: readonly string[];
}

interface Edge {
  readonly to: number;
  readonly step: string;
}

export class BusyGraph {
  readonly #edges: Edge[][] = [];
  /** Most writes of one run of such steps. */
  mostWrites = 0;

  /** A look that changes nothing is no step. */
  add(from: number, to: number, step: string): void {
    if (from === to || !OWN_STEP.test(step)) return;
    (this.#edges[from] ??= []).push({ to, step });
  }

  /** Takes away what ends, from its end; what is left over goes on for ever. */
  findCycle(states: number): BusyCycle | undefined {
    const open = new Int32Array(states);
    const before: number[][] = [];
    const writes = new Int32Array(states);
    this.#edges.forEach((edges, from) => {
      open[from] = edges.length;
      for (const { to } of edges) (before[to] ??= []).push(from);
    });
    const ended = [...open.keys()].filter((state) => open[state] === 0);
    for (let state = ended.pop(); state !== undefined; state = ended.pop()) {
      writes[state] = this.#countWrites(state, writes);
      this.mostWrites = Math.max(this.mostWrites, writes[state] ?? 0);
      for (const from of before[state] ?? []) {
        open[from] = (open[from] ?? 0) - 1;
        if (open[from] === 0) ended.push(from);
      }
    }
    const first = open.findIndex((count) => count > 0);
    return first < 0 ? undefined : this.#followCycle(first, open);
  }

  #countWrites(state: number, writes: Int32Array): number {
    const counts = (this.#edges[state] ?? []).map(
      ({ to, step }) => (writes[to] ?? 0) + (WRITE.test(step) ? 1 : 0),
    );
    return Math.max(0, ...counts);
  }

  #followCycle(first: number, open: Int32Array): BusyCycle {
    const steps: string[] = [];
    const at = new Map<number, number>();
    for (let state = first; ;) {
      const begin = at.get(state);
      if (begin !== undefined) return { state, steps: steps.slice(begin) };
      at.set(state, steps.length);
      const edge = this.#edges[state]?.find(({ to }) => (open[to] ?? 0) > 0);
      if (edge === undefined) throw new Error('what is left over goes on');
      steps.push(edge.step);
      state = edge.to;
    }
  }
}
