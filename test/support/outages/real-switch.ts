import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kit } from '../kit.ts';
import { PrivateRedis } from '../private-redis.ts';
import { ProxiedContainer } from './proxied-container.ts';

/** How often the host in these tests looks whether a container asks. */
const HOST_POLL_MS = 50;

export interface RealSwitchOptions {
  readonly intervalMs: number;
  readonly versions: readonly string[];
}

/** A switch with its Redis, a host that answers every `pending`, and containers that contend for one feature. */
export class RealSwitch {
  redis: PrivateRedis;
  readonly containers: ProxiedContainer[] = [];
  readonly intervalMs: number;
  readonly #t: TestContext;
  #isOver = false;

  private constructor(t: TestContext, redis: PrivateRedis, intervalMs: number) {
    this.#t = t;
    this.redis = redis;
    this.intervalMs = intervalMs;
    t.after(() => {
      this.#isOver = true;
    });
  }

  static async start(t: TestContext, { intervalMs, versions }: RealSwitchOptions): Promise<RealSwitch> {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    const made = new RealSwitch(t, redis, intervalMs);
    const kit = new Kit(t);
    const findSocket = () => made.redis.socketPath;
    for (const [i, version] of versions.entries()) {
      const id = `c0ffee${String(i).padStart(2, '0')}`;
      made.containers.push(await ProxiedContainer.make(t, kit, { id, version, intervalMs, findSocket }));
    }
    void made.answer();
    return made;
  }

  /** After this time without a sign of life a holder is dead. */
  get leaseMs(): number {
    return 3 * this.intervalMs;
  }

  get running(): ProxiedContainer[] {
    return this.containers.filter(({ isApplicationRunning }) => isApplicationRunning);
  }

  /** The same Redis, empty but for what the host wants. */
  async restartEmpty(): Promise<void> {
    await this.redis.kill();
    await this.redis.start();
    await this.redis.wantKube();
  }

  /** Another Redis at another place: nobody answers at the old one. */
  async moveElsewhere(): Promise<void> {
    const old = this.redis;
    const next = await PrivateRedis.start(this.#t);
    await next.wantKube();
    this.redis = next;
    await old.kill();
    for (const container of this.containers) await container.moveProxy();
  }

  /** As the shipped host: it reads, and writes then, without a guard. An answer that it can't give is given later. */
  private async answer(): Promise<void> {
    while (!this.#isOver) {
      await sleep(HOST_POLL_MS);
      try {
        const { state } = this.redis;
        if ((await state.hget('FEATURE|snmp', 'remote_state')) === 'pending')
          await state.hset('FEATURE|snmp', 'remote_state', 'ready');
      } catch {
        // An outage, for the host too.
      }
    }
  }
}
