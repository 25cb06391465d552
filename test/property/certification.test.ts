import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { CertificationVerdict } from '../../src/contract/feature/daemon-view.ts';
import { decodeStatus, STATUS_FIELDS } from '../../src/contract/feature/feature.ts';
import { encodeHeartbeat, HEALTH_FIELDS, type HeartbeatRecord } from '../../src/contract/health/heartbeat.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { decodeObservedBeat, type ObservedBeat } from '../../src/contract/health/observed-beat.ts';
import { decideCertification, type CertificationInput } from '../../src/decide/images/certification.ts';
import type { HeartbeatChain } from '../../src/decide/images/heartbeat-chain.ts';
import { decideRank } from '../../src/decide/images/image-rank.ts';
import { listRungs, NO_FACTS } from '../../src/decide/images/ladder.ts';
import {
  markFallbackDone,
  liftFallback,
  recordFallback,
  findOpenFallback,
} from '../../src/decide/images/ledger-changes.ts';
import { encodeLedger } from '../../src/host/adapters/ledger/ledger-codec.ts';
import { certifyOn, goldenOf, imageIdOf, INTERVAL_MS, policyOf, statusOf } from '../support/beats.ts';
import { runsOf } from '../support/run-counts.ts';

const NEEDED_MS = 60_000;
const POLICY = policyOf({ tag_new_as_local: 'true', purge_older_image: 'true' });
const runs = runsOf(1_500);

type Health = 'healthy' | 'degraded' | 'unknown' | 'unhealthy';

/** What happens on the switch, and what the daemon gets to see of it. */
type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  /** The daemon decides after each heartbeat of this time, as it should. */
  | { readonly kind: 'watch'; readonly ms: number; readonly lost: number; readonly lateMs: number }
  | { readonly kind: 'turn'; readonly to: Health }
  | { readonly kind: 'blink' }
  | { readonly kind: 'exit' }
  | { readonly kind: 'start'; readonly image: number }
  | { readonly kind: 'reboot'; readonly image: number; readonly isRowLeft: boolean }
  | { readonly kind: 'decide' }
  | { readonly kind: 'replay'; readonly ago: number; readonly count: number }
  | { readonly kind: 'foreign' }
  /** The engine answers, and does not list the container. */
  | { readonly kind: 'not-listed' }
  | { readonly kind: 'engine-away'; readonly ms: number }
  /** The server was emptied; the agent has not recorded itself again yet. */
  | { readonly kind: 'no-record' }
  | { readonly kind: 'daemon-restart'; readonly isForgotten: boolean; readonly ms: number }
  | { readonly kind: 'fall'; readonly image: number }
  | { readonly kind: 'lift'; readonly image: number };

const image = fc.integer({ min: 1, max: 3 });
const shortMs = fc.integer({ min: 1, max: 45_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('watch'),
      ms: fc.integer({ min: 10_000, max: 150_000 }),
      // One of so many heartbeats is never seen.
      lost: fc.constantFrom(0, 0, 0, 0, 3, 9),
      lateMs: fc.constantFrom(0, 0, 20, 9_000, 35_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: shortMs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('turn'),
      to: fc.constantFrom<Health>('healthy', 'healthy', 'healthy', 'degraded', 'unknown', 'unhealthy'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('blink', 'exit', 'foreign', 'not-listed', 'no-record') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('engine-away'), ms: shortMs }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('daemon-restart'), isForgotten: fc.boolean(), ms: shortMs }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('decide') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('start'), image }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reboot'), image, isRowLeft: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replay'),
      ago: fc.integer({ min: 1, max: 12 }),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fall', 'lift'), image }) },
) as fc.Arbitrary<Step>;
const history = fc.array(step, { minLength: 5, maxLength: 60 });

/** What really is so of one start of one container. */
interface Start {
  readonly token: string;
  readonly bootId: string;
  readonly image: number;
  /** Boot clock: since when it was so, until the next. */
  readonly periods: { readonly fromMs: number; readonly isWell: boolean }[];
  exitMs: number;
}

interface Decided {
  readonly input: CertificationInput;
  readonly verdict: CertificationVerdict;
  /** Looks before this one are another daemon's. */
  readonly daemon: number;
}

/** A switch with one feature and a truthful agent, and a daemon that sees some of it. */
class Switch {
  readonly starts: Start[] = [];
  readonly decisions: Decided[] = [];
  ledger: FeatureLedger = EMPTY_FEATURE_LEDGER;
  readonly certified: string[] = [];
  #nowMs = 50_000;
  #boot = 1;
  #daemon = 0;
  #heartbeatChain: HeartbeatChain | undefined;
  #health: Health = 'healthy';
  #healthySinceMs: number | undefined;
  #seq = 0;
  #restarts = 0;
  #dueMs = 0;
  #wallTs = 1_700_000_000;
  #row: ObservedBeat | undefined;
  readonly #sent: ObservedBeat[] = [];

  constructor(numberOfImage: number) {
    this.#start(numberOfImage);
  }

  apply(one: Step): void {
    switch (one.kind) {
      case 'pass':
        return this.#pass(one.ms, () => {});
      case 'watch': {
        let count = 0;
        return this.#pass(one.ms, () => {
          count += 1;
          if (one.lost === 0 || count % one.lost !== 0) this.#decide(one.lateMs);
        });
      }
      case 'turn':
        return this.#turn(one.to);
      case 'blink':
        return this.#blink();
      case 'exit':
        this.#restarts += 1;
        this.#current.exitMs = Math.min(this.#current.exitMs, this.#nowMs);
        return this.#beat();
      case 'start':
        return this.#start(one.image);
      case 'reboot':
        return this.#reboot(one);
      case 'decide':
        return this.#decide(0);
      case 'replay':
        for (const old of this.#sent.slice(-one.ago).slice(0, one.count)) this.#decide(0, { beat: old });
        return undefined;
      case 'foreign':
        return this.#decide(0, {
          status: statusOf({ claim_token: 'of-the-other', container_id: '', docker_id: '' }),
        });
      case 'not-listed':
        return this.#decide(0, { imageId: undefined });
      case 'engine-away':
        return this.#pass(one.ms, () => this.#decide(0, { imageId: undefined, isEngineAway: true }));
      case 'no-record':
        return this.#decide(0, { beat: undefined, imageId: undefined, status: decodeStatus({}) });
      case 'daemon-restart':
        this.#daemon += one.isForgotten ? 1 : 0;
        if (one.isForgotten) this.#heartbeatChain = undefined;
        return this.#pass(one.ms, () => {});
      case 'fall':
        return this.#fall(one.image);
      case 'lift':
        this.ledger = liftFallback(this.ledger, imageIdOf(one.image));
        return undefined;
    }
  }

  get #current(): Start {
    return this.starts.at(-1) as Start;
  }

  get #bootId(): string {
    return `boot-${this.#boot}`;
  }

  /** The agent beats meanwhile; `onBeat` is called with the row written. */
  #pass(ms: number, onBeat: () => void): void {
    const endMs = this.#nowMs + ms;
    while (this.#dueMs <= endMs) {
      this.#nowMs = Math.max(this.#nowMs, this.#dueMs);
      this.#beat();
      onBeat();
    }
    this.#nowMs = Math.max(endMs, this.#nowMs);
  }

  #turn(to: Health): void {
    if (to === this.#health) return;
    this.#nowMs += 1;
    this.#health = to;
    const isWell = to === 'healthy' || to === 'degraded';
    const wasWell = this.#healthySinceMs !== undefined;
    if (isWell !== wasWell) this.#current.periods.push({ fromMs: this.#nowMs, isWell });
    this.#healthySinceMs = isWell ? (this.#healthySinceMs ?? this.#nowMs) : undefined;
    this.#beat();
  }

  /** Unhealthy for a moment between two heartbeats: only `healthy_since_ms` shows it. */
  #blink(): void {
    if (this.#healthySinceMs === undefined) return;
    this.#nowMs += 2;
    this.#healthySinceMs = this.#nowMs;
    this.#current.periods.push({ fromMs: this.#nowMs, isWell: true });
  }

  #start(numberOfImage: number): void {
    this.#nowMs += 1;
    const token = `token-${this.starts.length}`;
    this.starts.push({
      token,
      bootId: this.#bootId,
      image: numberOfImage,
      periods: [{ fromMs: this.#nowMs, isWell: true }],
      exitMs: Infinity,
    });
    this.#health = 'healthy';
    this.#healthySinceMs = this.#nowMs;
    this.#seq = 0;
    this.#restarts = 0;
    this.#beat();
  }

  #reboot({ image: next, isRowLeft }: Extract<Step, { kind: 'reboot' }>): void {
    this.#boot += 1;
    // The clock begins again, and now and then comes by where it was when the daemon decided last.
    this.#nowMs = 1_000 + (this.#nowMs % 40_000);
    if (isRowLeft) this.#decide(0);
    else this.#row = undefined;
    this.#start(next);
  }

  #beat(): void {
    this.#seq += 1;
    this.#wallTs += this.#seq % 7 === 0 ? -86_400 : 10;
    this.#dueMs = this.#nowMs + INTERVAL_MS;
    const { token, image: number } = this.#current;
    const record: HeartbeatRecord = {
      token,
      dockerId: 'aaaaaaaaaaaa',
      owner: 'kube',
      version: `${number}.0`,
      bootId: this.#bootId,
      status: this.#health === 'unknown' ? 'degraded' : this.#health,
      reason: '',
      seq: this.#seq,
      intervalMs: INTERVAL_MS,
      beatMs: this.#nowMs,
      startedMs: 0,
      healthySinceMs: this.#healthySinceMs,
      restarts: this.#restarts,
      checks: [],
      updatedTs: this.#wallTs,
    };
    this.#row = decodeObservedBeat(encodeHeartbeat(record));
    this.#sent.push(this.#row);
  }

  /** The daemon decides, and does what the verdict says. */
  #decide(lateMs: number, changes: Partial<CertificationInput> = {}): void {
    const imageId = imageIdOf(this.#current.image);
    const input: CertificationInput = {
      beat: this.#row,
      status: statusOf({ claim_token: this.#current.token }),
      isEngineAway: false,
      imageId,
      rank: decideRank({
        imageId,
        currentOwner: 'kube',
        setOwner: 'kube',
        rungs: listRungs(this.ledger, NO_FACTS),
      }),
      hasOpenFallback: findOpenFallback(this.ledger, imageId) !== undefined,
      policy: POLICY,
      now: { bootId: this.#bootId, bootMs: this.#nowMs + lateMs },
      ...changes,
    };
    const { heartbeatChain, verdict } = decideCertification(this.#heartbeatChain, input);
    this.#heartbeatChain = heartbeatChain;
    this.decisions.push({ input, verdict, daemon: this.#daemon });
    if (verdict.kind !== 'certified') return;
    this.certified.push(imageId);
    this.ledger = certifyOn(this.ledger, goldenOf(this.#current.image));
  }

  #fall(number: number): void {
    const imageId = imageIdOf(number);
    const fallback = {
      imageId,
      version: '1',
      reason: 'x',
      sinceTs: 1,
      bootId: 'b',
      bootMs: 1,
      isDone: false,
    };
    this.ledger = markFallbackDone(recordFallback(this.ledger, fallback), imageId);
  }
}

function play(steps: readonly Step[], onStep: (one: Switch) => void = () => {}): Switch {
  const one = new Switch(1);
  for (const next of steps) {
    one.apply(next);
    onStep(one);
  }
  return one;
}

const isSound = ({ beat, status, imageId, hasOpenFallback, now }: CertificationInput): boolean =>
  beat?.seq !== undefined &&
  beat.beatMs !== undefined &&
  beat.token === status.claimToken &&
  beat.bootId === now.bootId &&
  imageId !== undefined &&
  !hasOpenFallback &&
  beat.beatMs <= now.bootMs + INTERVAL_MS &&
  now.bootMs - beat.beatMs < 3 * INTERVAL_MS &&
  beat.restarts === 0 &&
  (beat.status === 'healthy' || beat.status === 'degraded') &&
  beat.healthySinceMs !== undefined;

const isUnseen = ({ isEngineAway, status }: CertificationInput): boolean =>
  isEngineAway || status.currentOwner === '';

/** What the time between two decisions earns; undefined where it does not go on. */
function earn(before: CertificationInput, after: CertificationInput): number | undefined {
  const [a, b] = [before.beat, after.beat];
  if (a?.token !== b?.token || a?.bootId !== b?.bootId || before.imageId !== after.imageId) return undefined;
  const [gapMs, gap] = [(b?.beatMs ?? 0) - (a?.beatMs ?? 0), (b?.seq ?? 0) - (a?.seq ?? 0)];
  if ((b?.healthySinceMs ?? 0) > (a?.beatMs ?? 0) || gapMs < 0) return undefined;
  if (gap === 0) return gapMs === 0 ? 0 : undefined;
  if (gap > 1) return 0;
  return gap === 1 && gapMs < 3 * INTERVAL_MS ? gapMs : undefined;
}

/** What the last decision has earned, recounted from all of them at once, from the last one backwards; undefined where nothing counts. */
function recount(decisions: readonly Decided[]): number | undefined {
  if (isUnseen(decisions.at(-1)?.input as CertificationInput)) return undefined;
  const seen = decisions.filter(({ input }) => !isUnseen(input));
  let earnedMs: number | undefined;
  for (let index = seen.length - 1; index >= 0; index -= 1) {
    const { input, daemon } = seen[index] as Decided;
    const next = seen[index + 1];
    if (!isSound(input) || (input.beat?.healthySinceMs ?? 0) > (input.beat?.beatMs ?? 0)) break;
    const moreMs = next === undefined ? 0 : next.daemon === daemon ? earn(input, next.input) : undefined;
    if (moreMs === undefined) break;
    earnedMs = (earnedMs ?? 0) + moreMs;
  }
  return earnedMs;
}

describe('certification, over long histories of a truthful agent', () => {
  test('golden implies really healthy for its time without a break, by one start of one image (D18)', () => {
    let certified = 0;
    fc.assert(
      fc.property(history, (steps) => {
        const { decisions, starts } = play(steps);
        for (const { input, verdict } of decisions) {
          if (verdict.kind !== 'certified') continue;
          certified += 1;
          const beatMs = input.beat?.beatMs ?? 0;
          const start = starts.find(({ token }) => token === input.beat?.token);
          assert.ok(start !== undefined && start.bootId === input.now.bootId);
          assert.equal(imageIdOf(start.image), input.imageId);
          assert.ok(verdict.healthyMs >= NEEDED_MS);
          assert.ok(start.exitMs > beatMs, 'no unexpected exit before');
          const period = start.periods.findLast(({ fromMs }) => fromMs <= beatMs);
          assert.equal(period?.isWell, true);
          assert.ok(beatMs - period.fromMs >= NEEDED_MS, `healthy from ${period.fromMs} to ${beatMs}`);
          assert.ok(input.now.bootMs - beatMs < 3 * INTERVAL_MS, 'the heartbeat is fresh');
          assert.equal(input.hasOpenFallback, false);
        }
      }),
      runs,
    );
    assert.ok(certified > 100, `${certified} certified: the histories are too wild to say anything`);
  });

  test('the verdict is that of a recount over all that was seen', () => {
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(history, (steps) => {
        const { decisions } = play(steps);
        for (const [index, { input, verdict }] of decisions.entries()) {
          kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
          if (verdict.kind === 'golden' || verdict.kind === 'own-rung') {
            assert.equal(input.rank, verdict);
            continue;
          }
          const { text } = verdict;
          const healthyMs = recount(decisions.slice(0, index + 1));
          const fromMs = (input.beat?.beatMs ?? 0) - (healthyMs ?? 0);
          if (healthyMs === undefined) assert.equal(verdict.kind, 'not-counting');
          else if (healthyMs < NEEDED_MS)
            assert.deepEqual(verdict, { kind: 'counting', text, fromMs, neededMs: NEEDED_MS });
          else assert.deepEqual(verdict, { kind: 'certified', text, healthyMs });
        }
      }),
      runsOf(500),
    );
    for (const kind of ['counting', 'certified', 'golden', 'not-counting'])
      assert.ok((kinds.get(kind) ?? 0) > 50, `${kind}: ${String(kinds.get(kind))}`);
  });

  test('there is exactly one golden image after the first, the last that was certified, and it can be written', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const one = play(steps, ({ ledger, certified }) => {
          assert.equal(ledger.golden?.imageId, certified.at(-1));
          const { previous } = ledger;
          // A golden image that has failed does not come before one that stands.
          const isLast = previous?.imageId === certified.at(-2);
          assert.ok(isLast || certified.slice(0, -2).includes(previous?.imageId ?? ''));
        });
        for (const [index, imageId] of one.certified.entries())
          assert.notEqual(imageId, one.certified[index - 1], 'the golden image is not certified again');
        encodeLedger({ snmp: one.ledger });
      }),
      runs,
    );
  });
});

describe('certification, whatever the rows say', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '',
      '0',
      '1',
      '2',
      '-1',
      '1e9',
      '100000',
      '999999999999999',
      'kube',
      'local',
      'healthy',
      't',
      'boot-1',
    ),
  );
  const rowOf = (fields: readonly string[]) =>
    fc.record(Object.fromEntries(fields.map((field) => [field, fc.option(text, { nil: undefined })])));
  const ids = fc.constantFrom(undefined, '', 'latest', imageIdOf(1), imageIdOf(2));
  const reading = fc.record({
    health: fc.option(rowOf(HEALTH_FIELDS), { nil: undefined }),
    status: rowOf(STATUS_FIELDS),
    imageId: ids,
    isEngineAway: fc.boolean(),
    rank: fc.constantFrom(undefined, { kind: 'golden' as const, text: 'it is golden' }),
    hasOpenFallback: fc.boolean(),
    needed: fc.constantFrom('0', '1', '60s', 'x'),
    nowMs: fc.integer({ min: 0, max: 200_000 }),
  });

  test('there is a verdict of one line', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 20 }), (decisions) => {
        let heartbeatChain: HeartbeatChain | undefined;
        for (const { health, status, needed, nowMs, ...rest } of decisions) {
          const input: CertificationInput = {
            ...rest,
            beat: health === undefined ? undefined : decodeObservedBeat(health),
            status: decodeStatus(status),
            policy: policyOf({ active_time_to_mark_good: needed }),
            now: { bootId: 'boot-1', bootMs: nowMs },
          };
          const decided = decideCertification(heartbeatChain, input);
          ({ heartbeatChain } = decided);
          assert.match(decided.verdict.text, /^[^\n\r]{10,400}$/);
          if (rest.rank !== undefined) assert.equal(decided.verdict, rest.rank);
        }
      }),
      runsOf(3_000),
    );
  });
});
