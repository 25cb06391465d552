import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootMs } from '../boot-clock.ts';
import { Kit } from '../kit.ts';
import { PrivateRedis } from '../private-redis.ts';
import { ProxiedContainer } from './proxied-container.ts';

/** How often the host in these tests looks whether a container asks. */
const HOST_POLL_MS = 50;

/** Several leases of the longest interval. */
const MOST_DELAYS = 200;

interface Delays {
  readonly atMs: number;
  readonly own: number;
  readonly agents: ReadonlyMap<number, number>;
}

/** How long the main thread of a process has waited for a processor so far; 0 if nobody knows. */
function readDelayMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

const measureDelays = (running: readonly ProxiedContainer[]): Delays => ({
  atMs: bootMs(),
  own: readDelayMs(process.pid),
  agents: new Map(running.map(({ processes: { agent } }) => [agent.pid, readDelayMs(agent.pid)])),
});

export interface RealSwitchOptions {
  readonly intervalMs: number;
  readonly versions: readonly string[];
}

/** A switch with its Redis, a host that answers every `pending`, and containers that contend for one feature. */
export class RealSwitch {
  redis: PrivateRedis;
  readonly containers: ProxiedContainer[] = [];
  /** Of owner local; it is started by hand, and contends with nobody. */
  local!: ProxiedContainer;
  readonly intervalMs: number;
  /** Boot clock: the last sign of life that the database had of a container, by its id; as the host saw it. */
  readonly signs = new Map<string, number>();
  /** Who has beaten. */
  readonly beating = new Set<string>();
  /** How long the machine kept processes waiting, by time. */
  #delays: readonly Delays[] = [];
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
    await saveData(redis);
    const made = new RealSwitch(t, redis, intervalMs);
    const kit = new Kit(t);
    const findSocket = () => made.redis.socketPath;
    for (const [i, version] of versions.entries()) {
      const id = `c0ffee${String(i).padStart(2, '0')}`;
      const of = { id, version, owner: 'kube', intervalMs, findSocket } as const;
      made.containers.push(await ProxiedContainer.make(t, kit, of));
    }
    const local = { id: '10ca1000', version: '0.9.0', owner: 'local', intervalMs, findSocket } as const;
    made.local = await ProxiedContainer.make(t, kit, local);
    void made.serve();
    return made;
  }

  /** After this time without a sign of life a holder is dead. */
  get leaseMs(): number {
    return 3 * this.intervalMs;
  }

  get everybody(): ProxiedContainer[] {
    return [...this.containers, this.local];
  }

  get running(): ProxiedContainer[] {
    return this.everybody.filter(({ isApplicationRunning }) => isApplicationRunning);
  }

  /** Another Redis at another place, empty: nobody answers at the old one. */
  async moveElsewhere(): Promise<void> {
    const old = this.redis;
    const next = await PrivateRedis.start(this.#t);
    await next.wantKube();
    await saveData(next);
    this.redis = next;
    await old.kill();
    for (const container of this.everybody) await container.moveProxy();
  }

  /**
   * For how long the machine did not let this agent run, or the proxies that are in this process, during the last lease and
   * a while from now; milliseconds.
   */
  async measureStarvation({ processes: { agent } }: ProxiedContainer): Promise<number> {
    const sinceMs = bootMs() - this.leaseMs;
    const { pid } = agent;
    const before = this.#delays.findLast(({ atMs }) => atMs <= sinceMs) ?? this.#delays[0];
    // What a process waits for now counts once it is let run.
    await sleep(2 * this.leaseMs);
    const [own, agents] = [before?.own ?? 0, before?.agents.get(pid) ?? 0];
    return readDelayMs(process.pid) - own + readDelayMs(pid) - agents;
  }

  /** As the shipped host: it reads, and writes then, without a guard. An answer that it can't give is given later. */
  private async serve(): Promise<void> {
    while (!this.#isOver) {
      await sleep(HOST_POLL_MS);
      this.#delays = [...this.#delays.slice(-MOST_DELAYS), measureDelays(this.running)];
      try {
        const { state } = this.redis;
        const status = await this.redis.status();
        if (status['remote_state'] === 'pending') await state.hset('FEATURE|snmp', 'remote_state', 'ready');
        this.recordSign(status['docker_id'], status['claim_ms']);
        const beat = await this.redis.row('CONTAINER_HEALTH|snmp');
        this.recordSign(beat['docker_id'], beat['beat_ms']);
        if (beat['docker_id'] !== undefined) this.beating.add(beat['docker_id']);
      } catch {
        // An outage, for the host too.
      }
    }
  }

  private recordSign(id: string | undefined, ms: string | undefined): void {
    if (id !== undefined && Number(ms) > (this.signs.get(id) ?? 0)) this.signs.set(id, Number(ms));
  }
}

/** A file in the folder of its data. */
const findFile = async ({ state }: PrivateRedis, name: string): Promise<string> =>
  join(((await state.config('GET', 'dir')) as [string, string])[1], name);

/** What is in it now can come back. */
export async function saveData(redis: PrivateRedis): Promise<void> {
  await redis.state.save();
  renameSync(await findFile(redis, 'dump.rdb'), await findFile(redis, 'old.rdb'));
}

/** As by a crash; what was saved last is in it again, and nothing else. */
export async function restartWithOldData(redis: PrivateRedis): Promise<void> {
  const dump = await findFile(redis, 'dump.rdb');
  copyFileSync(await findFile(redis, 'old.rdb'), dump);
  await redis.kill();
  await redis.start();
  rmSync(dump);
}

/** The same Redis, empty but for what the host wants. */
export async function restartEmpty(redis: PrivateRedis): Promise<void> {
  await redis.kill();
  await redis.start();
  await redis.wantKube();
}

const SHIPPED_CLAIM = `
if redis.call('HGET', KEYS[1], 'current_owner') ~= 'none' then return 0 end
if redis.call('HGET', KEYS[1], 'remote_state') ~= 'ready' then return 0 end
redis.call('HSET', KEYS[1], 'current_owner', 'kube', 'container_id', 'f9f9f9f9f9f9', 'remote_state', 'running',
  'container_version', '1.0.0', 'update_time', '2026-01-02 03:04:05')
return 1`;

const SHIPPED_STOP = `
redis.call('HSET', KEYS[1], 'current_owner', 'none', 'container_id', '')
if redis.call('HGET', KEYS[1], 'remote_state') == 'running' then redis.call('HSET', KEYS[1], 'remote_state', 'stopped') end`;

/** A container of the shipped kit claims on the host's word, whomever that was for, where nobody has claimed; else it would run beside another one by its own fault. */
export const claimAsShipped = async ({ state }: PrivateRedis): Promise<boolean> =>
  (await state.eval(SHIPPED_CLAIM, 1, 'FEATURE|snmp')) === 1;

/** The shipped host has stopped it: owner and id are cleared. */
export const stopShipped = async ({ state }: PrivateRedis): Promise<void> =>
  void (await state.eval(SHIPPED_STOP, 1, 'FEATURE|snmp'));
