import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootMs } from '../support/boot-clock.ts';
import { noNamespaces } from '../support/kit.ts';
import { createRandom, pickBetween, pickOne } from '../support/outages/random-source.ts';
import { REAL_FAULTS } from '../support/outages/real-faults.ts';
import type { ProxiedContainer } from '../support/outages/proxied-container.ts';
import { RealSwitch } from '../support/outages/real-switch.ts';
import { until } from '../support/until.ts';

/** All of them; CTRKIT_TEST_ROUNDS for more. */
const ROUNDS = Number(process.env['CTRKIT_TEST_ROUNDS'] ?? 21);
/** CTRKIT_TEST_SEED to repeat a run; what the kernel does meanwhile is not repeated. */
const SEED = Number(process.env['CTRKIT_TEST_SEED'] ?? Date.now() % 1_000_000);
const INTERVALS_MS = [300, 500, 1_000];
const VERSIONS = ['1.4.0', '1.4.1', '1.5.0', 'master.7-abc'];

/** The kit promises 6 lines a minute and 5 commands a second in an outage; these are short, and beats quick. */
const MOST_LINES = 12;
const mostRequests = (ms: number, intervalMs: number): number => 20 + (ms / 1_000) * (5 + 4_000 / intervalMs);
/** A claim without a heartbeat counts for three default intervals. */
const LONGEST_LEASE_MS = 30_000;
/** Beyond two leases: for processes to start, and for a machine that has other things to do. */
const MARGIN_MS = 15_000;

/** What happens to a container while Redis is away. */
type Mishap = 'nothing' | 'the holder is killed' | 'the holder stops' | 'one starts anew';
const MISHAPS: readonly Mishap[] = [
  'nothing',
  'nothing',
  'the holder is killed',
  'the holder stops',
  'one starts anew',
];

class Scene {
  readonly where: RealSwitch;
  readonly #random: () => number;
  readonly violations: string[] = [];
  readonly history: string[] = [];

  constructor(where: RealSwitch, random: () => number) {
    this.where = where;
    this.#random = random;
    for (const one of where.containers) one.onGo = (gone) => this.judge(gone);
  }

  note(text: string): void {
    this.history.push(`${bootMs()} ${text}`);
  }

  judge(gone: ProxiedContainer): void {
    this.note(`${gone.options.id} goes`);
    const others = this.where.running.filter((one) => one !== gone);
    for (const { options } of others) this.violate(`${gone.options.id} goes while ${options.id} runs`);
  }

  violate(text: string): void {
    this.note(text);
    const last = this.where.containers.flatMap(({ lines }) => lines.slice(-12));
    this.violations.push([text, ...this.history.slice(-12), ...last].join('\n  '));
  }

  async run(): Promise<void> {
    const { where } = this;
    const fault = pickOne(this.#random, REAL_FAULTS);
    const mishap = pickOne(this.#random, MISHAPS);
    const lengthMs = pickBetween(this.#random, 0.3, 2.5) * where.leaseMs;
    const before = where.containers.map(({ lines, proxy }) => ({
      lines: lines.length,
      requests: proxy.requests,
    }));
    const fromMs = bootMs();
    this.note(`the database ${fault.name} for ${Math.round(lengthMs)} ms; ${mishap}`);
    const mend = await fault.begin(where);
    const untilMishapMs = lengthMs * this.#random();
    await sleep(untilMishapMs);
    await this.happen(mishap);
    await sleep(Math.max(0, lengthMs - untilMishapMs));
    await mend();
    this.note('it is well again');
    where.containers.forEach((one, i) => this.judgePace(one, before[i], bootMs() - fromMs, fault.name));
    for (const one of where.containers) if (!one.isStarted) await one.start();
    await this.waitUntilOneRuns(fault.name);
    // Whoever is wrong about the holder goes within this time.
    await sleep(where.leaseMs * pickBetween(this.#random, 0.2, 1.3));
  }

  private async happen(mishap: Mishap): Promise<void> {
    const [holder] = this.where.running;
    switch (mishap) {
      case 'nothing':
        return;
      case 'the holder is killed':
        return holder?.kill();
      case 'the holder stops':
        return holder?.stop();
      case 'one starts anew': {
        const one = pickOne(this.#random, this.where.containers);
        await one.kill();
        return one.start();
      }
    }
  }

  private judgePace(
    { lines, proxy, options }: ProxiedContainer,
    before: { lines: number; requests: number } | undefined,
    ms: number,
    name: string,
  ): void {
    const said = lines.slice(before?.lines);
    if (said.length > MOST_LINES)
      this.violate(
        `${options.id} said ${said.length} lines in ${ms} ms: ${name}:\n  ${said.slice(0, 20).join('\n  ')}`,
      );
    const requests = proxy.requests - (before?.requests ?? 0);
    if (requests > mostRequests(ms, options.intervalMs))
      this.violate(`${options.id} asked ${requests} times in ${ms} ms: ${name}`);
  }

  async waitUntilOneRuns(name: string): Promise<void> {
    const { where } = this;
    const fromMs = bootMs();
    await until(
      () =>
        `one goes after: ${name}.\n${this.history.slice(-10).join('\n')}\n${where.containers.flatMap(({ lines }) => lines.slice(-8)).join('\n')}`,
      () => where.running.length > 0,
      { everyMs: 20 },
    );
    const tookMs = bootMs() - fromMs;
    if (tookMs > 2 * LONGEST_LEASE_MS + MARGIN_MS) this.violate(`the first went ${tookMs} ms after: ${name}`);
  }
}

async function runScene(t: TestContext, number: number, rounds: number): Promise<void> {
  const random = createRandom(SEED + number);
  const intervalMs = INTERVALS_MS[number % INTERVALS_MS.length] ?? 1_000;
  const versions = Array.from({ length: 2 + Math.floor(random() * 4) }, () => pickOne(random, VERSIONS));
  const where = await RealSwitch.start(t, { intervalMs, versions });
  const scene = new Scene(where, random);
  for (const one of where.containers) await one.start();
  await scene.waitUntilOneRuns('the start');
  for (let round = 0; round < rounds && scene.violations.length === 0; round++) await scene.run();
  t.diagnostic(`${versions.join(' ')}, ${intervalMs} ms`);
  assert.ok(scene.violations.length === 0, `seed ${SEED}: ${scene.violations[0]}`);
}

const options = {
  skip: noNamespaces,
  concurrency: INTERVALS_MS.length,
};

test(
  'a database that fails in any way lets no second application run, and keeps none from running',
  options,
  async (t) => {
    t.diagnostic(`seed ${SEED}`);
    await Promise.all(
      INTERVALS_MS.map((intervalMs, number) =>
        t.test(`heartbeats every ${intervalMs} ms (G2, G3, G15)`, (inner) =>
          runScene(inner, number, Math.ceil(ROUNDS / INTERVALS_MS.length)),
        ),
      ),
    );
  },
);
