import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeConfig, decodeStatus } from '../../src/contract/feature/feature.ts';
import { decodeImagePolicy } from '../../src/contract/images/image-policy.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { decodeObservedBeat } from '../../src/contract/health/observed-beat.ts';
import type { FieldValues } from '../../src/contract/rows.ts';
import { advanceBucket, type LeakyBucket } from '../../src/decide/feature/leaky-bucket.ts';
import { decideFallback } from '../../src/decide/feature/fallback.ts';
import {
  COOL_DOWN_MS,
  DAEMON_GRACE_MS,
  DEFAULT_FALLBACK_TIMING,
} from '../../src/decide/feature/fallback-refusal.ts';
import { decideFeatureCondition, type LastEnd } from '../../src/decide/feature/feature-condition.ts';
import type { FeatureCondition } from '../../src/decide/feature/condition.ts';
import { NO_MEMORY, resumeMemory } from '../../src/decide/feature/feature-memory.ts';
import { classifyEnd } from '../../src/decide/feature/seen-holder.ts';
import { runsOf } from '../support/run-counts.ts';

const LIMIT_S = 60;
const DEPLOY_LIMIT_S = 120;
const FEATURE_ROW = { kube_failure_detection: `${DEPLOY_LIMIT_S / 60}` };
const POLICY = decodeImagePolicy(
  { own: { fail_time_to_fallback: `${LIMIT_S}s` }, global: {}, feature: FEATURE_ROW },
  'snmp',
);
const INTERVAL_S = 10;
const IMAGES = ['a', 'b', 'c', 'e'].map((letter) => `sha256:${letter.repeat(64)}`);
const LOCAL = `sha256:${'d'.repeat(64)}`;

/** What happens to a switch; each is followed by some seconds in which nothing new does. */
type Happening =
  | { readonly kind: 'deploy'; readonly image: number }
  | { readonly kind: 'health'; readonly status: 'healthy' | 'degraded' | 'unhealthy' }
  | {
      readonly kind:
        | 'crash'
        | 'lose-heartbeats'
        | 'beat-again'
        | 'kubelet-stops'
        | 'stop-service'
        | 'start-service'
        | 'announce-reboot'
        | 'reboot'
        | 'restart-daemon'
        /** /run was emptied. */
        | 'forget-all'
        | 'lose-master'
        | 'find-master'
        | 'lose-engine'
        | 'find-engine'
        /** `config reload`: no row of CONFIG_DB, then the feature's own, then the policy's too. */
        | 'lose-config'
        | 'find-row'
        | 'find-config'
        | 'owner-local'
        | 'owner-kube'
        | 'undeploy'
        | 'clock-step'
        /** A container of the shipped kit: no token, no heartbeat, and no id either where `deploy-nameless`. */
        | 'deploy-shipped'
        | 'deploy-nameless'
        | 'ask'
        | 'ask-same';
    };

const rare: Happening['kind'][] = [
  'stop-service',
  'start-service',
  'announce-reboot',
  'reboot',
  'restart-daemon',
  'forget-all',
  'lose-master',
  'find-master',
  'lose-engine',
  'find-engine',
  'lose-config',
  'find-row',
  'find-config',
  'owner-local',
  'owner-kube',
  'undeploy',
  'clock-step',
  'deploy-shipped',
  'deploy-nameless',
  'ask',
  'ask-same',
];
const happening = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deploy' as const), image: fc.nat(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('health' as const),
      status: fc.constantFrom(
        'healthy' as const,
        'degraded' as const,
        'unhealthy' as const,
        'unhealthy' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'crash',
        'lose-heartbeats',
        'beat-again',
        'kubelet-stops',
        'start-service' as const,
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom(...rare) }) },
) as fc.Arbitrary<Happening>;
const history = fc.array(
  fc.record({ happening, forS: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 150 })) }),
  { minLength: 1, maxLength: 40 },
);

interface FellBack {
  readonly image: string;
  readonly cause: string;
  readonly isPlanned: boolean;
  /** By the model's own count: seconds that this image was bad, or nothing was deployed without a break. */
  readonly badS: number;
  readonly bootId: string;
  readonly atS: number;
}

/** A switch, a second at a time, with the rows it leaves and a count of its own of what was bad. */
class World {
  nowS = 1_000;
  boot = 1;
  readonly fellBack: FellBack[] = [];
  #token = 0;
  #image = '';
  #isUp = true;
  #isRebooting = false;
  #isMaster = true;
  #isEngineAway = false;
  #config: 'whole' | 'row' | 'none' = 'whole';
  #setOwner = 'kube';
  #owner: 'kube' | 'none' | 'local' = 'none';
  /** What runs is of the shipped kit: all that a switch knows of it is its record. */
  #shipped: 'no' | 'with-id' | 'nameless' = 'no';
  /** The version that asks to run; empty for none. */
  #asker = '';
  #status = 'starting';
  #isBeating = true;
  #claimS = 0;
  #beatS = 0;
  #wallS = 1_700_000_000;
  #beat: FieldValues = {};
  #lastEnd: LastEnd | undefined;
  /** An image that crashed and has not been well since, and when. */
  #crashed: { image: string; atS: number } | undefined;
  readonly #badS = new Map<string, number>();
  #nothingS = 0;
  // The daemon.
  #daemonStartedS = 900;
  #ledger: FeatureLedger = EMPTY_FEATURE_LEDGER;
  #bucket: LeakyBucket | undefined;
  #lastFallbackMs: number | undefined;
  #nextReconcileS = 0;

  run(events: readonly { readonly happening: Happening; readonly forS: number }[]): void {
    for (const { happening: what, forS } of events) {
      this.#happen(what);
      this.#reconcile();
      for (let i = 0; i < forS; i += 1) this.#tick();
    }
  }

  get #isPlanned(): boolean {
    return !this.#isUp || this.#isRebooting || this.#setOwner !== 'kube' || this.#isUnseen;
  }

  get #isUnseen(): boolean {
    return this.#isEngineAway || this.#config === 'none';
  }

  #happen(what: Happening): void {
    switch (what.kind) {
      case 'deploy':
        if (this.#isUp && this.#setOwner === 'kube' && !this.#isEngineAway)
          this.#start(IMAGES[what.image] ?? '');
        return;
      case 'health':
        this.#setHealth(what.status);
        return;
      case 'crash':
        if (this.#owner === 'kube') this.#end(false);
        return;
      case 'kubelet-stops':
      case 'undeploy':
        if (this.#owner === 'kube') this.#end(true);
        return;
      case 'lose-heartbeats':
        this.#isBeating = false;
        return;
      case 'beat-again':
        this.#isBeating = true;
        return;
      case 'stop-service':
        this.#isUp = false;
        this.#asker = '';
        if (this.#owner === 'kube') this.#end(true);
        this.#owner = 'none';
        return;
      case 'start-service':
        this.#isUp = true;
        return;
      case 'announce-reboot':
        this.#isRebooting = true;
        return;
      case 'reboot':
        this.#reboot();
        return;
      case 'restart-daemon':
        this.#daemonStartedS = this.nowS;
        this.#bucket = resumeMemory({ ...NO_MEMORY, bucket: this.#bucket }).bucket;
        return;
      case 'forget-all':
        this.#startDaemon();
        return;
      case 'lose-master':
      case 'find-master':
        this.#isMaster = what.kind === 'find-master';
        return;
      case 'lose-engine':
      case 'find-engine':
        this.#isEngineAway = what.kind === 'lose-engine';
        return;
      case 'lose-config':
      case 'find-row':
      case 'find-config':
        this.#config = what.kind === 'lose-config' ? 'none' : what.kind === 'find-row' ? 'row' : 'whole';
        return;
      case 'owner-local':
      case 'owner-kube':
        this.#setOwner = what.kind === 'owner-kube' ? 'kube' : 'local';
        return;
      case 'deploy-shipped':
      case 'deploy-nameless':
        if (this.#isUp && this.#setOwner === 'kube' && !this.#isEngineAway) {
          this.#start(IMAGES[3] ?? '');
          // What trackFeature does: a crash before it proves nothing about what has come since.
          this.#lastEnd = undefined;
          this.#crashed = undefined;
          this.#shipped = what.kind === 'deploy-shipped' ? 'with-id' : 'nameless';
        }
        return;
      case 'ask':
      case 'ask-same':
        if (this.#owner === 'none') this.#asker = what.kind === 'ask' ? 'another' : this.#image;
        return;
      case 'clock-step':
        this.#wallS += 86_400 * (this.#wallS % 2 === 0 ? 1 : -1) + 1;
    }
  }

  #start(image: string): void {
    if (this.#ledger.fallbacks.some(({ imageId }) => imageId === image)) return;
    if (this.#owner === 'kube') this.#end(true);
    this.#shipped = 'no';
    this.#asker = '';
    if (this.#image !== image && this.#crashed?.image !== image) this.#crashed = undefined;
    this.#image = image;
    this.#token += 1;
    this.#owner = 'kube';
    this.#status = 'starting';
    this.#isBeating = true;
    this.#claimS = this.nowS;
    this.#writeBeat();
  }

  #setHealth(status: string): void {
    if (this.#owner !== 'kube' || this.#shipped !== 'no') return;
    this.#status = status;
    if (!this.#isBeating) return;
    this.#writeBeat();
    if (status !== 'unhealthy') this.#crashed = undefined;
  }

  #writeBeat(): void {
    this.#beatS = this.nowS;
    const isWell = this.#status === 'healthy' || this.#status === 'degraded';
    if (isWell) this.#crashed = undefined;
    this.#beat = {
      token: `token-${this.#token}`,
      boot_id: `boot-${this.boot}`,
      status: this.#status,
      beat_ms: String(this.nowS * 1_000),
      interval_ms: String(INTERVAL_S * 1_000),
      healthy_since_ms: isWell ? String(this.nowS * 1_000) : '',
      updated_ts: String(this.#wallS),
    };
  }

  #end(wasPlanned: boolean): void {
    this.#owner = 'none';
    if (this.#shipped === 'nameless') return;
    if (this.#shipped === 'with-id') {
      this.#lastEnd = this.#classifyShippedEnd();
      return;
    }
    if (wasPlanned) {
      this.#status = 'stopping';
      this.#writeBeat();
      this.#crashed = undefined;
    } else this.#crashed = { image: this.#image, atS: this.nowS };
    this.#lastEnd = {
      imageId: this.#image,
      token: `token-${this.#token}`,
      version: this.#image,
      atMs: this.nowS * 1_000,
      wasPlanned,
      text: 'exit code 1',
    };
    this.#owner = 'none';
  }

  /** As the daemon has it, which gets no more than that it has ended. */
  #classifyShippedEnd(): LastEnd {
    const holder = { dockerId: '0'.repeat(12), token: '', imageId: IMAGES[3] ?? '', version: 'shipped' };
    return classifyEnd(
      { containerId: '0'.repeat(64), exitCode: 137, hadOomKill: false, atMs: this.nowS * 1_000 },
      { ...holder, wasUnhealthy: false, isStopping: false, restarts: 0, restartsWhenHealthy: 0 },
      {
        config: decodeConfig({ set_owner: this.#setOwner, state: 'enabled' }),
        status: decodeStatus({ system_state: this.#isUp ? 'up' : 'down' }),
        isRebooting: this.#isRebooting,
        enabledLabel: 'true',
      },
    );
  }

  /** STATE_DB is empty, the boot clock begins anew, the ledger stays. */
  #reboot(): void {
    this.boot += 1;
    this.nowS = 30;
    this.#isUp = true;
    this.#isRebooting = false;
    this.#owner = 'none';
    this.#asker = '';
    this.#image = '';
    this.#beat = {};
    this.#badS.clear();
    this.#startDaemon();
  }

  #startDaemon(): void {
    this.#daemonStartedS = this.nowS;
    this.#bucket = undefined;
    this.#lastEnd = undefined;
    this.#crashed = undefined;
    this.#lastFallbackMs = undefined;
    this.#nothingS = 0;
    this.#badS.clear();
  }

  /** Says of the second that begins now whether it is bad, lets it pass, and lets the daemon reconcile where it would. */
  #tick(): void {
    this.#count();
    this.nowS += 1;
    this.#wallS += 1;
    const isKits = this.#owner === 'kube' && this.#shipped === 'no';
    if (isKits && this.#isBeating && this.nowS >= this.#beatS + INTERVAL_S) {
      this.#writeBeat();
      this.#reconcile();
    } else if (this.nowS >= this.#nextReconcileS) this.#reconcile();
  }

  #count(): void {
    const isKube = this.#owner === 'kube' && this.#shipped === 'no';
    const hasSuccessor = this.#asker !== '' && this.#asker !== this.#crashed?.image;
    const isCrashed = this.#crashed !== undefined && this.nowS < this.#crashed.atS + 600;
    const isLost = isKube && this.nowS >= Math.max(this.#beatS, this.#claimS) + 3 * INTERVAL_S;
    const status = this.#beat['status'];
    const isBad = isKube
      ? isLost ||
        status === 'unhealthy' ||
        (status === 'starting' && isCrashed && this.#crashed?.image === this.#image)
      : isCrashed && this.#owner === 'none' && !hasSuccessor;
    const image = isKube ? this.#image : (this.#crashed?.image ?? '');
    // Without its row of IMAGE_MGMT nothing is counted: that says never.
    if (isBad && !this.#isPlanned && this.#config === 'whole')
      this.#badS.set(image, (this.#badS.get(image) ?? 0) + 1);
    const isNobody = this.#owner === 'none' && this.#asker === '';
    const isNothing = isNobody && !isCrashed && this.#isMaster && !this.#isPlanned;
    // What nobody can see ends no time.
    if (!this.#isUnseen) this.#nothingS = isNothing ? this.#nothingS + 1 : 0;
  }

  #reconcile(): void {
    const now = { bootId: `boot-${this.boot}`, bootMs: this.nowS * 1_000 };
    const hasRow = this.#config !== 'none';
    const condition = decideFeatureCondition({
      feature: 'snmp',
      config: decodeConfig(hasRow ? { set_owner: this.#setOwner, state: 'enabled' } : {}),
      status: decodeStatus(this.#statusRow()),
      beat: decodeObservedBeat(this.#beat),
      now,
      container:
        this.#owner === 'kube' && this.#shipped !== 'nameless'
          ? { imageId: this.#image, isRunning: true }
          : undefined,
      isEngineAway: this.#isEngineAway,
      lastEnd: this.#lastEnd,
      isMasterConnected: this.#isMaster,
      isAskerBlocked: false,
      isRebooting: this.#isRebooting,
      unit: undefined,
    });
    const { bucket, verdict, requeueAtMs } = decideFallback({
      feature: 'snmp',
      condition,
      bucket: this.#bucket,
      now,
      policy:
        this.#config === 'whole'
          ? POLICY
          : decodeImagePolicy({ own: {}, global: {}, feature: hasRow ? FEATURE_ROW : {} }, 'snmp'),
      ledger: this.#ledger,
      lockText: undefined,
      target: { imageId: LOCAL, version: '1.0', rung: 'shipped' },
      daemonStartedMs: this.#daemonStartedS * 1_000,
      lastFallbackMs: this.#lastFallbackMs,
      timing: DEFAULT_FALLBACK_TIMING,
    });
    this.#bucket = bucket;
    this.#nextReconcileS = (requeueAtMs ?? Infinity) / 1_000;
    assert.ok(this.#nextReconcileS > this.nowS, 'a next reconcile that is due already would spin');
    if (verdict.kind === 'fall-back')
      this.#fallBack(verdict.cause, condition.kind === 'failing' ? condition.imageId : '');
  }

  #fallBack(cause: string, image: string): void {
    const bootId = `boot-${this.boot}`;
    const badS = image === '' ? this.#nothingS : (this.#badS.get(image) ?? 0);
    this.fellBack.push({ image, cause, isPlanned: this.#isPlanned, badS, bootId, atS: this.nowS });
    assert.ok(this.nowS >= this.#daemonStartedS + DAEMON_GRACE_MS / 1_000);
    this.#lastFallbackMs = this.nowS * 1_000;
    if (image !== '') {
      const one = {
        imageId: image,
        version: '1',
        reason: cause,
        sinceTs: 1,
        bootId,
        bootMs: this.nowS * 1_000,
      };
      this.#ledger = { ...this.#ledger, fallbacks: [...this.#ledger.fallbacks, { ...one, isDone: true }] };
    }
    if (this.#owner === 'kube') this.#end(true);
    this.#asker = '';
    this.#owner = 'local';
  }

  #statusRow(): FieldValues {
    const id = `${this.#token}`.padStart(12, '0');
    const common = { system_state: this.#isUp ? 'up' : 'down', current_owner: this.#owner };
    if (this.#owner === 'none' && this.#asker !== '')
      return { ...common, remote_state: 'pending', container_version: this.#asker };
    if (this.#owner === 'none') return { ...common, remote_state: 'stopped' };
    if (this.#shipped === 'nameless') return { ...common, container_id: '', remote_state: 'running' };
    if (this.#shipped === 'with-id') return { ...common, container_id: id, remote_state: 'running' };
    if (this.#owner === 'local') return { ...common, container_id: 'snmp', remote_state: 'none' };
    return {
      ...common,
      remote_state: 'running',
      docker_id: id,
      container_id: id,
      claim_token: `token-${this.#token}`,
      claim_boot_id: `boot-${this.boot}`,
      claim_ms: String(this.#claimS * 1_000),
      update_time: String(this.#wallS),
    };
  }
}

const runs = runsOf(1_500);

describe('falling back, whatever happens to the switch', () => {
  test('once an image, never while anything is planned, and only for as much failing as the policy says', () => {
    const causes = new Map<string, number>();
    fc.assert(
      fc.property(history, (events) => {
        const world = new World();
        world.run(events);
        const images = world.fellBack.map(({ image }) => image).filter((image) => image !== '');
        assert.equal(new Set(images).size, images.length, 'an image fell back twice');
        for (const one of world.fellBack) {
          assert.equal(one.isPlanned, false);
          const limitS = one.image === '' ? DEPLOY_LIMIT_S : LIMIT_S;
          assert.ok(one.badS >= limitS, `${one.cause}: bad for ${one.badS} s of ${limitS} s`);
          causes.set(one.cause, (causes.get(one.cause) ?? 0) + 1);
        }
        const cooled = world.fellBack.filter(
          (one, i) => i > 0 && world.fellBack[i - 1]?.bootId === one.bootId && one.image !== '',
        );
        for (const one of cooled) {
          const before = world.fellBack[world.fellBack.indexOf(one) - 1];
          if (before?.image !== '') assert.ok(one.atS - (before?.atS ?? 0) >= COOL_DOWN_MS / 1_000);
        }
      }),
      runs,
    );
    // A law about fallbacks says nothing if none happened.
    for (const cause of ['unhealthy', 'silent', 'crash-looping', 'not-deployed'])
      assert.ok((causes.get(cause) ?? 0) > 0, `${cause} never led to a fallback`);
  });

  test('an image that fails without a break falls back exactly at the limit', () => {
    const before = fc.constantFrom<Happening[]>([], [{ kind: 'health', status: 'healthy' }]);
    const cause = fc.constantFrom<Happening>({ kind: 'health', status: 'unhealthy' }, { kind: 'crash' });
    fc.assert(
      fc.property(before, cause, fc.integer({ min: 0, max: 120 }), (first, what, idleS) => {
        const world = new World();
        const steps: Happening[] = [{ kind: 'deploy', image: 0 }, ...first];
        world.run(steps.map((step) => ({ happening: step, forS: idleS })));
        const failedAtS = world.nowS;
        world.run([{ happening: what, forS: LIMIT_S + 5 }]);
        assert.deepEqual(
          world.fellBack.map(({ image, atS }) => [image, atS]),
          [[IMAGES[0], failedAtS + LIMIT_S]],
        );
      }),
    );
  });

  test('an image that is bad for less than it is well never falls back', () => {
    const round = fc.record({
      badS: fc.integer({ min: 1, max: LIMIT_S - 1 }),
      moreS: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 30 }), (rounds) => {
        const world = new World();
        world.run([{ happening: { kind: 'deploy', image: 0 }, forS: 5 }]);
        for (const { badS, moreS } of rounds)
          world.run([
            { happening: { kind: 'health', status: 'unhealthy' }, forS: badS },
            { happening: { kind: 'health', status: 'healthy' }, forS: badS + moreS },
          ]);
        assert.deepEqual(world.fellBack, []);
      }),
      runsOf(300),
    );
  });

  test('an image that is bad for more than it is well falls back in the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: LIMIT_S - 1 }), (badS) => {
        const world = new World();
        world.run([{ happening: { kind: 'deploy', image: 0 }, forS: 5 }]);
        for (let i = 0; i <= LIMIT_S; i += 1)
          world.run([
            { happening: { kind: 'health', status: 'unhealthy' }, forS: badS },
            { happening: { kind: 'health', status: 'healthy' }, forS: badS - 1 },
          ]);
        assert.equal(world.fellBack.length, 1);
      }),
      runsOf(50),
    );
  });
});

describe('the leaky bucket, whatever the conditions', () => {
  const condition = fc.record({
    kind: fc.constantFrom('healthy', 'failing', 'neutral'),
    imageId: fc.constantFrom('a', 'b'),
    cause: fc.constant('unhealthy'),
    text: fc.constant(''),
    requeueAtMs: fc.constant(undefined),
  }) as fc.Arbitrary<FeatureCondition>;
  const conditions = fc.array(fc.record({ condition, afterMs: fc.integer({ min: -1_000, max: 60_000 }) }));

  test('is what a naive recount of the conditions says', () => {
    fc.assert(
      fc.property(conditions, (all) => {
        let bucket: LeakyBucket | undefined;
        let nowMs = 0;
        const naive = { imageId: '', ms: 0 };
        let last: FeatureCondition | undefined;
        for (const { condition: next, afterMs } of all) {
          nowMs += afterMs;
          const passedMs = Math.max(afterMs, 0);
          if (last?.kind === 'failing') naive.ms += passedMs;
          if (last?.kind === 'healthy') naive.ms = Math.max(0, naive.ms - passedMs);
          if (next.kind !== 'neutral' && next.imageId !== naive.imageId)
            Object.assign(naive, { imageId: next.imageId, ms: 0 });
          last = next;
          bucket = advanceBucket(bucket, next, nowMs);
          assert.deepEqual({ imageId: bucket.imageId, ms: bucket.levelMs }, naive);
        }
      }),
      runs,
    );
  });
});
