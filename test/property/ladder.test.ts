/** The laws of the ladder, over random histories of certifications, fallbacks, lifts, adoptions, removals and re-images. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { EngineImage } from '../../src/contract/images/engine.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { planCleanUp } from '../../src/decide/images/clean-up.ts';
import { decideRank } from '../../src/decide/images/image-rank.ts';
import { choosePrevious, findStandingRung, listRungs, type Rung } from '../../src/decide/images/ladder.ts';
import {
  adoptShippedImage,
  findOpenFallback,
  liftFallback,
  recordCertification,
  recordFallback,
} from '../../src/decide/images/ledger-changes.ts';
import { findLocalImage } from '../../src/decide/images/local-image.ts';
import { planLocalStart } from '../../src/decide/images/local-start.ts';
import { findLocalTarget } from '../../src/decide/images/local-target.ts';
import { decodeLedger, encodeLedger } from '../../src/host/adapters/ledger/ledger-codec.ts';
import { goldenOf, imageIdOf } from '../support/beats.ts';
import { fallbackOf, LOCAL, REMOTE } from '../support/feature-inputs.ts';
import { runsOf } from '../support/run-counts.ts';

type Step =
  /** The image has been healthy for its time, for this owner. */
  | { readonly kind: 'healthy'; readonly image: number; readonly owner: 'kube' | 'local' }
  | { readonly kind: 'fail'; readonly image: number }
  | { readonly kind: 'lift'; readonly image: number }
  | { readonly kind: 'block'; readonly image: number; readonly isBlocked: boolean }
  /** A new image of the switch's system, or one that an operator has loaded. */
  | { readonly kind: 'adopt'; readonly image: number }
  /** The engine has lost it, or has it again. */
  | { readonly kind: 'image'; readonly image: number; readonly isThere: boolean }
  | { readonly kind: 'tag-all'; readonly image: number }
  /** All images but these are gone; the ledger is kept. */
  | { readonly kind: 're-image'; readonly kept: readonly number[] };

const IMAGES = [1, 2, 3, 4, 5] as const;
const image = fc.constantFrom(...IMAGES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('healthy' as const),
      image,
      owner: fc.constantFrom('kube' as const, 'local' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fail' as const), image }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lift' as const), image }) },
  fc.record({ kind: fc.constant('block' as const), image, isBlocked: fc.boolean() }),
  fc.record({ kind: fc.constant('adopt' as const), image }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('image' as const), image, isThere: fc.boolean() }) },
  fc.record({ kind: fc.constant('tag-all' as const), image }),
  fc.record({ kind: fc.constant('re-image' as const), kept: fc.subarray([...IMAGES]) }),
);

/** A switch of which only images and ledger are looked at. */
class TestSwitch {
  ledger: FeatureLedger = { ...EMPTY_FEATURE_LEDGER, repositories: [REMOTE] };
  readonly there = new Set<number>(IMAGES);
  readonly blocked = new Set<string>();
  latest: number | undefined = 1;

  get rungs(): Rung[] {
    const imageIds = new Set([...this.there].map((number) => imageIdOf(number)));
    return listRungs(this.ledger, { imageIds, blockedVersions: this.blocked });
  }

  images(): EngineImage[] {
    return [...this.there].map((number) => ({
      id: imageIdOf(number),
      tags: [`${REMOTE}:${number}.0`, ...(this.latest === number ? [`${LOCAL}:latest`] : [])],
      digests: [],
      createdTs: number,
      sizeBytes: 1,
    }));
  }

  play(taken: Step): void {
    switch (taken.kind) {
      case 'healthy':
        return this.#certify(taken);
      case 'fail': {
        this.ledger = recordFallback(this.ledger, fallbackOf(taken.image));
        return;
      }
      case 'lift':
        this.ledger = liftFallback(this.ledger, imageIdOf(taken.image));
        return;
      case 'block':
        if (taken.isBlocked) this.blocked.add(`${taken.image}.0`);
        else this.blocked.delete(`${taken.image}.0`);
        return;
      case 'adopt':
        this.ledger = adoptShippedImage(this.ledger, goldenOf(taken.image, { source: 'shipped' }));
        return;
      case 'image':
        if (taken.isThere) this.there.add(taken.image);
        else this.there.delete(taken.image);
        return;
      case 'tag-all':
        this.latest = taken.image;
        return;
      case 're-image':
        for (const number of IMAGES) if (!taken.kept.includes(number)) this.there.delete(number);
        return;
    }
  }

  #certify({ image: number, owner }: Extract<Step, { kind: 'healthy' }>): void {
    const imageId = imageIdOf(number);
    if (!this.there.has(number) || findOpenFallback(this.ledger, imageId) !== undefined) return;
    const { rungs } = this;
    if (decideRank({ imageId, currentOwner: owner, setOwner: 'kube', rungs }) !== undefined) return;
    this.ledger = recordCertification(this.ledger, {
      image: goldenOf(number),
      previous: choosePrevious(rungs, imageId),
    });
  }
}

function check(
  law: (host: TestSwitch, last: Step, before: { ledger: FeatureLedger; rungs: Rung[] }) => void,
): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const host = new TestSwitch();
      for (const taken of steps) {
        const before = { ledger: host.ledger, rungs: host.rungs };
        host.play(taken);
        law(host, taken, before);
      }
    }),
    runsOf(1_500),
  );
}

/** Told without the code under test: the rungs in their order, of which the first good one counts. */
const findBest = ({ ledger, there, blocked }: TestSwitch): string | undefined =>
  [ledger.golden, ledger.previous, ledger.shipped].find(
    (rung) =>
      rung !== undefined &&
      IMAGES.some((number) => imageIdOf(number) === rung.imageId && there.has(number)) &&
      !ledger.fallbacks.some(({ imageId }) => imageId === rung.imageId) &&
      !blocked.has(rung.version),
  )?.imageId;

describe('the ladder', () => {
  test('nothing on it is ever removed by a clean-up', () => {
    check((host) => {
      const { entries } = planCleanUp({
        feature: 'snmp',
        ledger: host.ledger,
        policy: { isDisabled: false, purgeOlderImage: true, purgeLocalCopy: true },
        images: host.images(),
        containers: [],
        localRepository: LOCAL,
        ownedElsewhere: [],
        isLocked: false,
      });
      const { golden, previous, shipped } = host.ledger;
      const kept = new Set([golden, previous, shipped].map((rung) => rung?.imageId));
      for (const { action, imageId } of entries) if (action === 'remove') assert.ok(!kept.has(imageId));
    });
  });

  test('golden moves down only by a deployment through Kubernetes, while a better rung stands (HF2)', () => {
    let moved = 0;
    check((host, taken, before) => {
      const standing = findStandingRung(before.rungs);
      const golden = host.ledger.golden?.imageId;
      if (golden === before.ledger.golden?.imageId) return;
      assert.ok(taken.kind === 'healthy' && golden === imageIdOf(taken.image));
      moved += 1;
      if (taken.owner === 'local') assert.ok(standing === undefined || standing.name === 'shipped');
      // What stood is still on the ladder.
      if (standing !== undefined)
        assert.ok(host.rungs.some((rung) => rung.image.imageId === standing.image.imageId));
    });
    assert.ok(moved > 500, `${moved} certifications`);
  });

  test('a start in local mode, and a fallback, run the highest rung that stands, whatever has the local tag', () => {
    check((host) => {
      const best = findBest(host);
      const local = findLocalImage(host.images(), LOCAL);
      const input = {
        feature: 'snmp',
        rungs: host.rungs,
        tagNewAsLocal: true,
        local,
        localVersion: '',
        ledger: host.ledger,
      };
      assert.equal(findStandingRung(host.rungs)?.image.imageId, best);
      const target = findLocalTarget(input);
      if (host.rungs.length > 0) assert.equal('why' in target ? undefined : target.imageId, best);
      if ('why' in target) return;
      for (const one of planLocalStart({
        feature: 'snmp',
        targetId: target.imageId,
        localRepository: LOCAL,
        shipped: host.ledger.shipped,
        images: host.images(),
        containers: [],
      }))
        if (one.kind === 'tag-as-local')
          host.latest = IMAGES.find((number) => imageIdOf(number) === one.imageId);
      assert.equal(findLocalImage(host.images(), LOCAL)?.id, target.imageId);
      // The image that fails is never its own way back.
      const after = findLocalTarget(input, target.imageId);
      if (!('why' in after)) assert.notEqual(after.imageId, target.imageId);
    });
  });

  test('without tag_new_as_local the shipped image is the only local one (HF4)', () => {
    check((host) => {
      const { shipped } = host.ledger;
      const target = findLocalTarget({
        feature: 'snmp',
        rungs: host.rungs,
        tagNewAsLocal: false,
        local: findLocalImage(host.images(), LOCAL),
        localVersion: '',
        ledger: host.ledger,
      });
      if (shipped !== undefined && !('why' in target)) assert.equal(target.imageId, shipped.imageId);
    });
  });

  test('it is read back as it was written, also with a golden image that has failed (HF1)', () => {
    check((host) => {
      const read = decodeLedger(encodeLedger({ snmp: host.ledger }));
      assert.ok(read.kind === 'whole');
      assert.deepEqual(read.ledger, { snmp: host.ledger });
    });
  });
});
