import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { bootMs } from '../support/boot-clock.ts';
import { type Container, Kit } from '../support/kit.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis, STATE_DB } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const GATES = 50;
/** Of each kind; CTRKIT_TEST_ROUNDS for more. */
const ROUNDS = Number(process.env['CTRKIT_TEST_ROUNDS'] ?? 2);
/** How often a holder is released, so that the next one goes, in a round. */
const RELEASES = 3;

interface Holding {
  readonly token: string;
  readonly dockerId: string;
}

/**
 * Follows the feature's record write by write, in the order in which Redis carried them out: what a script writes in
 * one step is one step here. So it sees every instant, not samples.
 */
class Observer {
  readonly claims: Holding[] = [];
  readonly violations: string[] = [];
  readonly #redis: PrivateRedis;
  #holder: Holding | undefined;

  private constructor(redis: PrivateRedis) {
    this.#redis = redis;
  }

  static async start(t: TestContext, redis: PrivateRedis): Promise<Observer> {
    const observer = new Observer(redis);
    await redis.watchCommands(t, ([name = '', key, ...fields], db) => {
      if (db !== STATE_DB || key !== 'FEATURE|snmp') return;
      if (name.toUpperCase() === 'DEL') observer.violations.push('the record was deleted');
      if (name.toUpperCase() === 'HSET') observer.follow(fields);
    });
    return observer;
  }

  get holder(): Holding | undefined {
    return this.#holder;
  }

  private follow(fields: readonly string[]): void {
    const written = new Map<string, string>();
    for (let i = 0; i + 1 < fields.length; i += 2) written.set(fields[i] ?? '', fields[i + 1] ?? '');
    const owner = written.get('current_owner');
    if (owner === undefined) {
      if (written.has('claim_token')) this.violations.push('a token without an owner');
      return;
    }
    if (owner === 'none') {
      this.#holder = undefined;
      return;
    }
    const claim = { token: written.get('claim_token') ?? '', dockerId: written.get('docker_id') ?? '' };
    // Its answer was late, and it has looked whether its claim still stands.
    if (claim.token === this.#holder?.token) return;
    if (this.#holder !== undefined)
      this.violations.push(`${claim.dockerId} claimed while ${this.#holder.dockerId} held the feature`);
    this.#holder = claim;
    this.claims.push(claim);
    // In its agent's place: from here on the holder is live for longer than any test takes.
    void this.#redis.state.hset('CONTAINER_HEALTH|snmp', {
      token: claim.token,
      beat_ms: String(bootMs()),
      interval_ms: '600000',
    });
  }
}

interface Contender {
  readonly container: Container;
  readonly gate: Program;
}

const isGone = ({ gate }: Contender): boolean => gate.end !== undefined;

/** Resolves when of those that were left exactly one more has gone, and it is the one on record. */
async function waitForNextHolder(
  redis: PrivateRedis,
  observer: Observer,
  left: readonly Contender[],
): Promise<Contender> {
  const winner = await until('a gate goes', () => left.find(isGone));
  assert.deepEqual(winner.gate.end, GO, winner.gate.said);
  assert.ok(!winner.gate.stderr.includes('error'), winner.gate.said);
  const { docker_id, claim_token, current_owner, remote_state } = await redis.status();
  assert.equal(docker_id, winner.container.id);
  assert.equal(claim_token, winner.container.readClaim()['token']);
  assert.equal(current_owner, 'kube');
  assert.ok(['running', 'pending', 'ready'].includes(remote_state ?? ''), remote_state);
  // MONITOR tells of it a moment later.
  await until('the observer knows of it', () => observer.holder?.token === claim_token);
  return winner;
}

/** Each of the others has looked at the new holder, and stays. */
async function waitUntilOthersStay(
  redis: PrivateRedis,
  winner: Contender,
  others: readonly Contender[],
): Promise<{ held: number }> {
  const named = `container ${winner.container.id}`;
  let held = 0;
  for (const { container, gate } of others) {
    const isHeld = await until(
      () => `${container.id} knows of ${named}. ${gate.said}`,
      async () => {
        assert.ok(gate.isRunning, `a second gate ended: ${gate.said}`);
        if ((await redis.hold(container.id))['text']?.includes(named) === true) return 'held';
        // Or it waits for that one to stop, or for a turn to ask the host.
        const isWaiting = gate.stderr.includes(`waiting for ${named}`);
        const asksLater = gate.stderrLines.at(-1)?.includes('answer is for another container') ?? false;
        return (isWaiting || asksLater) && 'waiting';
      },
    );
    if (isHeld === 'held') held += 1;
    assert.ok(!container.hasClaim);
  }
  return { held };
}

interface Kind {
  readonly name: string;
  readonly versionOf: (i: number) => string;
  /** All are held first, and then let off together: with a `ready` that nobody has asked for, for all of them. */
  readonly isRace?: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'of one version', versionOf: () => '1.4.0' },
  { name: 'of fifty versions', versionOf: (i) => `1.4.${i}` },
  { name: 'that are let off together', versionOf: () => '1.4.0', isRace: true },
];

interface Crowd {
  readonly redis: PrivateRedis;
  readonly observer: Observer;
  readonly host: HostStandIn;
  readonly contenders: readonly Contender[];
  /** Boot clock, of the moment from which on one may go. */
  readonly fromMs: number;
}

async function startCrowd(t: TestContext, { versionOf, isRace = false }: Kind): Promise<Crowd> {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube({ status: { system_state: isRace ? 'down' : 'up' } });
  const kit = new Kit(t);
  const observer = await Observer.start(t, redis);
  const host = await HostStandIn.start(t, redis);
  let fromMs = bootMs();
  const contenders = Array.from({ length: GATES }, (_none, i): Contender => {
    const id = `c0ffee${String(i).padStart(6, '0')}`;
    const container = kit.container(id, { CTRKIT_REDIS: redis.url });
    return { container, gate: container.gate('kube', versionOf(i)) };
  });
  if (isRace) {
    for (const { gate } of contenders) await gate.waitForLine('held (system-not-up)');
    fromMs = bootMs();
    await redis.state.hset('FEATURE|snmp', { system_state: 'up', remote_state: 'ready' });
  }
  return { redis, observer, host, contenders, fromMs };
}

for (const kind of KINDS) {
  for (let round = 1; round <= ROUNDS; round++) {
    test(`D5: of ${GATES} gates ${kind.name} one goes, and after it one at a time: round ${round}`, async (t) => {
      const { redis, observer, host, contenders, fromMs } = await startCrowd(t, kind);
      let winner = await waitForNextHolder(redis, observer, contenders);
      let left = contenders.filter((one) => one !== winner);
      const tookMs = [bootMs() - fromMs];
      for (let release = 0; release < RELEASES; release++) {
        await waitUntilOthersStay(redis, winner, left);
        assert.equal(observer.claims.length, release + 1);
        const releaseMs = bootMs();
        const down = winner.container.command('container_state', 'snmp', 'down');
        assert.deepEqual(await down.waitForEnd(), GO, down.said);
        winner = await waitForNextHolder(redis, observer, left);
        tookMs.push(bootMs() - releaseMs);
        left = left.filter((one) => one !== winner);
      }
      const { held } = await waitUntilOthersStay(redis, winner, left);
      assert.equal(left.filter(isGone).length, 0);
      assert.deepEqual(observer.violations, []);
      assert.equal(observer.claims.length, RELEASES + 1);
      assert.equal(new Set(observer.claims.map(({ token }) => token)).size, RELEASES + 1);
      t.diagnostic(`to the first go, then release to next go: ${tookMs.join(', ')} ms`);
      t.diagnostic(`the host was asked ${host.answersMs.length} times for ${RELEASES + 1} claims`);
      t.diagnostic(`at last ${held} held, ${left.length - held} waiting for the holder to stop`);
    });
  }
}
