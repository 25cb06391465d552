import { featureStatusRow } from '../../../src/contract/rows.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeRedis } from './fake-redis.ts';
import { ModelContainer } from './model-container.ts';
import { ModelProcess } from './model-process.ts';
import { pickBetween } from './random-source.ts';

const FEATURE = 'snmp';
const INTERVAL_MS = 10_000;
/** After this time without a sign of life a holder is dead. */
export const LEASE_MS = 3 * INTERVAL_MS;
/** The last sign of life may be one interval old when a process is frozen: its lease runs out after this time at the earliest. */
const SHORTEST_FROST_MS = LEASE_MS - INTERVAL_MS;
/** So long after an outage an agent has beaten again, if it is not frozen. */
const RETRY_MS = 4_500;
const STATUS = featureStatusRow(FEATURE);

/** How long the host takes to answer, and when it tries again where it could not. */
const [QUICKEST_ANSWER_MS, SLOWEST_ANSWER_MS, HOST_RETRY_MS] = [1, 400, 500];

export interface ModelSwitchOptions {
  readonly versions: readonly string[];
  readonly random: () => number;
}

/** A switch in fake time: its Redis, a host that answers, and containers with the real gate and the real heartbeats. */
export class ModelSwitch {
  readonly clock = new FakeClock();
  readonly random: () => number;
  readonly containers: readonly ModelContainer[];
  /** What happened, for people. */
  readonly history: string[] = [];
  readonly violations: string[] = [];
  #servers = 1;
  #redis: FakeRedis;
  /** Whoever knows no other address than an old one finds nobody there. */
  #address = 1;

  constructor({ versions, random }: ModelSwitchOptions) {
    this.random = random;
    this.#redis = new FakeRedis(this.clock, FEATURE, this.#servers);
    this.watchForPending();
    this.containers = versions.map(
      (version, i) =>
        new ModelContainer(this, { feature: FEATURE, version, intervalMs: INTERVAL_MS, number: i }),
    );
  }

  get redis(): FakeRedis {
    return this.#redis;
  }

  get address(): number {
    return this.#address;
  }

  findServer(address: number): FakeRedis | undefined {
    return address === this.#address ? this.#redis : undefined;
  }

  get running(): ModelContainer[] {
    return this.containers.filter(({ isApplicationRunning }) => isApplicationRunning);
  }

  note(text: string): void {
    this.history.push(`${this.clock.bootMs()} ${text}`);
  }

  /** An application starts: no other one may run, but for one whose lease ran out because it was frozen. */
  judgeGo(gone: ModelContainer): void {
    this.note(`${gone.id} goes`);
    if (this.wasSilent(gone)) return;
    for (const other of this.running)
      if (other !== gone && !this.wasSilent(other))
        this.violations.push(`${gone.id} goes while ${other.id} runs`);
  }

  /**
   * Its lease may have run out because it was frozen; also for less than a lease, if an outage that the gates did not see,
   * between two of their looks, kept it from beating before or after (contract.md, section 2).
   */
  private wasSilent({ longestFrostMs }: ModelContainer): boolean {
    if (longestFrostMs === 0) return false;
    const sinceMs = this.clock.bootMs() - 2 * LEASE_MS;
    const lengthsMs = this.#redis.outages.map(
      ({ fromMs, untilMs }) => Math.min(untilMs, this.clock.bootMs()) - Math.max(fromMs, sinceMs),
    );
    const outageMs = lengthsMs.filter((ms) => ms >= 0).reduce((sum, ms) => sum + ms + RETRY_MS, 0);
    return longestFrostMs + outageMs >= SHORTEST_FROST_MS;
  }

  /** Redis ends and comes back empty, at once; at another address if `isElsewhere`. */
  replaceRedis(isElsewhere: boolean): void {
    this.#redis.end();
    this.#servers += 1;
    if (isElsewhere) this.#address += 1;
    this.#redis = new FakeRedis(this.clock, FEATURE, this.#servers, this.#redis.outages);
    this.watchForPending();
  }

  /** Lets fake time pass as `FakeClock.pass` does. The fakes here answer within one turn of the event loop. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.bootMs() + ms;
    await turn();
    for (;;) {
      const nextMs = this.clock.nextTimerMs;
      if (nextMs === undefined || this.clock.bootMs() + nextMs > untilMs) break;
      this.clock.advance(nextMs);
      await turn();
    }
    this.clock.advance(untilMs - this.clock.bootMs());
  }

  private watchForPending(): void {
    const redis = this.#redis;
    const host = new ModelProcess(this.clock);
    let isAnswering = false;
    const answer = async (): Promise<void> => {
      await host.sleep(pickBetween(this.random, QUICKEST_ANSWER_MS, SLOWEST_ANSWER_MS));
      while (redis === this.#redis && redis.isPending(STATUS)) {
        if (redis.fault === undefined || redis.fault === 'refuses-watches')
          redis.databases.put(STATUS, { remote_state: 'ready' });
        else await host.sleep(HOST_RETRY_MS);
      }
      isAnswering = false;
    };
    redis.databases.listen(() => {
      if (isAnswering || redis !== this.#redis || !redis.isPending(STATUS)) return;
      isAnswering = true;
      void answer();
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
