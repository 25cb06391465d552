/** Rounds of faults on one switch, and what must hold in them: never two applications, and every gate goes in its turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bootMs } from '../boot-clock.ts';
import { until } from '../until.ts';
import { pickBetween, pickOne } from './random-source.ts';
import type { ProxiedContainer } from './proxied-container.ts';
import { REAL_FAULTS, type RealFault } from './real-faults.ts';
import { claimAsShipped, saveData, stopShipped, type RealSwitch } from './real-switch.ts';

/** The kit promises 6 lines a minute and 5 commands a second in an outage; these are short, and beats quick. */
const MOST_LINES = 12;
const mostRequests = (ms: number, intervalMs: number): number => 20 + (ms / 1_000) * (5 + 4_000 / intervalMs);
/** A claim without a heartbeat counts for three default intervals. */
const LONGEST_LEASE_MS = 30_000;
/** Beyond two leases: for a machine that has other things to do; a hold for one that never claims, 180 s, is longer. */
const MARGIN_MS = 60_000;
/** Longer than any hold: then it is known how long it was. */
const DEADLINE_MS = 240_000;

/** What happens to a container while Redis is away. */
const MISHAPS = [
  'nothing',
  'nothing',
  'the holder is killed',
  'the holder stops',
  'the agent of the holder is frozen',
  'one starts anew',
] as const;

const LASTING_FAULTS = REAL_FAULTS.filter(({ losesData }) => losesData !== true);

export class RealScene {
  readonly where: RealSwitch;
  readonly violations: string[] = [];
  /** Applications that were let go; and those beside another one whose agent alone could not beat for a whole lease. */
  goes = 0;
  excused = 0;
  /** And beside one that the machine did not let run. */
  starved = 0;
  /** From the recovery, or from the end of the one before, to the next go. */
  slowestMs = 0;
  readonly #random: () => number;
  readonly #history: string[] = [];
  readonly #judgments: Promise<void>[] = [];
  #isShippedRunning = false;
  /** Somebody was killed before its first heartbeat. */
  #isLeaseLong = false;

  constructor(where: RealSwitch, random: () => number) {
    this.where = where;
    this.#random = random;
    for (const one of where.everybody) one.onGo = (gone) => this.#judgeGo(gone);
  }

  async begin(): Promise<void> {
    await this.#startAll();
    await this.#waitUntilOneRuns('the start');
  }

  async run(): Promise<void> {
    if (this.#happens(0.15)) await this.#letLocalRun();
    if (this.#happens(0.3)) await this.#save();
    const fault = pickOne(this.#random, REAL_FAULTS);
    await this.#suffer(fault);
    await this.#startAll();
    await this.#waitUntilOneRuns(fault.name);
    // Whoever is wrong about the holder goes within this time.
    await sleep(this.where.leaseMs * pickBetween(this.#random, 0.2, 1.3));
    await Promise.all(this.#judgments);
    if (this.#happens(0.6)) await this.#drain(fault.name);
    await Promise.all(this.#judgments);
  }

  #happens(probability: number): boolean {
    return this.#random() < probability;
  }

  #note(text: string): void {
    this.#history.push(`${bootMs()} ${text}`);
  }

  #violate(text: string): void {
    this.#note(text);
    this.violations.push(this.#describe(text));
  }

  #describe(text: string): string {
    const last = this.where.everybody.flatMap(({ lines }) => lines.slice(-12));
    return [text, ...this.#history.slice(-16), ...last].join('\n  ');
  }

  /** Whoever runs beside it must have been dead for it: without a sign of life for a lease, by a fault of its own. */
  #judgeGo(gone: ProxiedContainer): void {
    this.goes += 1;
    this.#note(`${gone.dockerId} goes`);
    if (this.#isShippedRunning) this.#violate(`${gone.dockerId} goes while one of the shipped kit runs`);
    for (const one of this.where.running)
      if (one !== gone) this.#judgments.push(this.#judgePair(gone.dockerId, one));
  }

  async #judgePair(gone: string, one: ProxiedContainer): Promise<void> {
    const { where } = this;
    const signMs = where.signs.get(one.dockerId) ?? 0;
    const silentMs = bootMs() - signMs;
    const text = `${gone} goes while ${one.dockerId} runs, ${silentMs} ms after its last sign of life`;
    const found = this.#describe(text);
    this.#note(text);
    const isHindered = silentMs >= where.leaseMs && one.hinderedUntilMs >= signMs;
    const starvedMs = isHindered || silentMs < where.leaseMs ? 0 : await where.measureStarvation(one);
    if (isHindered) this.excused += 1;
    else if (starvedMs >= where.intervalMs) this.starved += 1;
    else this.violations.push(found);
    this.#note(`${text}: it ${isHindered ? 'alone was hindered' : `was kept waiting for ${starvedMs} ms`}`);
    // As the host does, once its liveness fails.
    if (one.isApplicationRunning) await one.kill();
  }

  async #suffer(fault: RealFault): Promise<void> {
    const { where } = this;
    const mishap = pickOne(this.#random, MISHAPS);
    const untilMishapMs = pickBetween(this.#random, 0, 1.2) * where.leaseMs;
    const restMs = pickBetween(this.#random, 0.2, 1.3) * where.leaseMs;
    const before = where.everybody.map(({ lines, proxy }) => ({
      lines: lines.length,
      requests: proxy.requests,
    }));
    const fromMs = bootMs();
    this.#note(`the database ${fault.name} for ${Math.round(untilMishapMs + restMs)} ms; ${mishap}`);
    const mend = await fault.begin(where);
    await sleep(untilMishapMs);
    const mendMishap = await this.#happen(mishap);
    await sleep(restMs);
    if (this.#happens(0.5)) await mendMishap();
    await mend();
    this.#note('it is well again');
    await mendMishap();
    where.everybody.forEach((one, i) => this.#judgePace(one, before[i], bootMs() - fromMs, fault.name));
  }

  async #happen(mishap: (typeof MISHAPS)[number]): Promise<() => Promise<void>> {
    const { where } = this;
    const [holder] = where.running;
    let mend = (): Promise<void> => Promise.resolve();
    if (mishap === 'the holder is killed') await this.#end(holder, 'kill');
    if (mishap === 'the holder stops') await this.#end(holder, 'stop');
    if (mishap === 'the agent of the holder is frozen' && holder !== undefined) mend = this.#freeze(holder);
    if (mishap === 'one starts anew') {
      const one = pickOne(this.#random, where.containers);
      await this.#end(one, 'kill');
      await one.start();
    }
    return mend;
  }

  #freeze(holder: ProxiedContainer): () => Promise<void> {
    const { dockerId } = holder;
    holder.signalAgent('SIGSTOP');
    holder.hinderedUntilMs = Infinity;
    let isFrozen = true;
    return async () => {
      if (!isFrozen) return;
      isFrozen = false;
      holder.hinderedUntilMs = bootMs();
      if (holder.isStarted && holder.dockerId === dockerId) holder.signalAgent('SIGCONT');
    };
  }

  /** A holder that dies before its first heartbeat has a longer lease. */
  async #end(one: ProxiedContainer | undefined, how: 'kill' | 'stop'): Promise<void> {
    if (one === undefined || !one.isStarted) return;
    this.#note(`${one.dockerId}: ${how}`);
    if (one.isApplicationRunning && !this.where.beating.has(one.dockerId)) this.#isLeaseLong = true;
    await one[how]();
  }

  #judgePace(
    { lines, proxy, options }: ProxiedContainer,
    before: { lines: number; requests: number } | undefined,
    ms: number,
    name: string,
  ): void {
    const said = lines.slice(before?.lines);
    if (said.length > MOST_LINES)
      this.#violate(
        `${options.id} said ${said.length} lines in ${ms} ms: ${name}:\n  ${said.slice(0, 20).join('\n  ')}`,
      );
    const requests = proxy.requests - (before?.requests ?? 0);
    if (requests > mostRequests(ms, options.intervalMs))
      this.#violate(`${options.id} asked ${requests} times in ${ms} ms: ${name}`);
  }

  async #startAll(): Promise<void> {
    for (const one of this.where.containers) if (!one.isStarted) await one.start();
  }

  /** One goes within two leases. */
  async #waitUntilOneRuns(name: string): Promise<void> {
    const { where } = this;
    const fromMs = bootMs();
    await until(
      () => this.#describe(`one goes after: ${name}.`),
      () => where.running.length > 0,
      { everyMs: 20, deadlineMs: DEADLINE_MS },
    );
    const tookMs = bootMs() - fromMs;
    const leaseMs = this.#isLeaseLong ? LONGEST_LEASE_MS : where.leaseMs;
    if (tookMs > 2 * leaseMs + MARGIN_MS) this.#violate(`${tookMs} ms until one went: ${name}`);
    if (!this.#isLeaseLong) this.slowestMs = Math.max(this.slowestMs, tookMs);
    this.#isLeaseLong = false;
  }

  /** Ends whoever runs until every gate has gone in its turn, each within two leases of the end of the one before. */
  async #drain(name: string): Promise<void> {
    const { where } = this;
    for (;;) {
      const [one] = where.running;
      const isOver = where.everybody.every(({ isStarted }) => !isStarted);
      if (isOver || this.violations.length > 0) break;
      if (one === undefined) {
        await this.#waitUntilOneRuns(`${name}, and the ends of others`);
        continue;
      }
      if (this.#happens(0.3)) await this.#save();
      const how = this.#happens(0.3) ? 'kill' : 'stop';
      if (this.#happens(0.9)) await this.#waitForBeat(one);
      await this.#end(one, how);
      if (how === 'stop' && this.#happens(0.3)) await this.#save();
      if (how === 'stop' && this.#happens(0.2)) await this.#letShippedRun();
    }
    await this.#startAll();
    if (this.#happens(0.7)) await this.#waitUntilOneRuns('all have begun anew');
  }

  async #waitForBeat(one: ProxiedContainer): Promise<void> {
    await until(
      () => this.#describe(`${one.dockerId} beats`),
      () => !one.isApplicationRunning || this.where.beating.has(one.dockerId),
      { everyMs: 20 },
    );
  }

  /** What is saved has no holder with a longer lease in it. */
  async #save(): Promise<void> {
    const { running, beating, redis } = this.where;
    if (running.every(({ dockerId }) => beating.has(dockerId))) await saveData(redis);
  }

  /** Nobody of ours may run beside a container of the shipped kit, which knows no heartbeat. */
  async #letShippedRun(): Promise<void> {
    const { where } = this;
    const endMs = bootMs() + where.leaseMs;
    let isClaimed = false;
    while (where.running.length === 0 && !isClaimed && bootMs() < endMs)
      isClaimed = await claimAsShipped(where.redis);
    if (!isClaimed) return;
    this.#isShippedRunning = true;
    this.#note('one of the shipped kit claims');
    const fault = pickOne(this.#random, LASTING_FAULTS);
    this.#note(`the database ${fault.name}`);
    const mend = await fault.begin(where);
    await sleep(where.leaseMs * pickBetween(this.#random, 0.3, 1.5));
    await mend();
    await sleep(where.leaseMs * pickBetween(this.#random, 0, 1.2));
    this.#isShippedRunning = false;
    await stopShipped(where.redis);
    this.#note('the one of the shipped kit is stopped');
  }

  /** As the host does: no gate of owner kube goes from its word on; whoever has claimed before that is stopped. */
  async #letLocalRun(): Promise<void> {
    const { where } = this;
    const { config } = where.redis;
    await config.hset('FEATURE|snmp', 'set_owner', 'local');
    await until('nobody of owner kube that is there is on record', async () => {
      for (const one of where.running) await this.#end(one, 'stop');
      // One that was killed stays on record: every gate is held, and nobody writes over it.
      const { current_owner: owner, docker_id: id } = await where.redis.status();
      const isStanding = where.containers.some(({ isStarted, dockerId }) => isStarted && dockerId === id);
      return where.running.length === 0 && !(owner === 'kube' && isStanding);
    });
    await where.local.kill();
    await where.local.start();
    await until('the local one goes', () => where.local.isApplicationRunning);
    await config.hset('FEATURE|snmp', 'set_owner', 'kube');
    this.#note('the local one runs, and Kubernetes is wanted again');
  }
}
