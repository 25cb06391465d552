import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  EMPTY_FEATURE_LEDGER,
  type FeatureLedger,
  type GoldenImage,
} from '../../src/contract/images/ledger.ts';
import { planCleanUp, type CleanUpInput, type CleanUpStep } from '../../src/decide/images/clean-up.ts';
import type { ContainerEngine } from '../../src/ports/container-engine.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { runsOf } from '../support/run-counts.ts';

/** Finding the least example of a broken law must not take for ever. */
const interruptAfterTimeLimit = 20_000;
const runs = { ...runsOf(5_000), interruptAfterTimeLimit };

const LOCAL = 'docker-snmp';
const OWN = ['reg.example:5000/docker-snmp', 'mirror.example/snmp', LOCAL];
/** Names around the feature's, as the shipped text search mixed them up. */
const FOREIGN = [
  'docker-snmp-sidecar',
  'reg.example:5000/docker-snmp/extra',
  'xdocker-snmp',
  'snmp',
  'docker',
];
const TAGS = ['latest', '1.0.0', '2.0.0', '3.0.0', 'stable', 'master.12-abc', '20201230.9', '20201230.11'];
const DIGESTS = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`);
const COUNT = 7;

/** True most of the time, so that most hosts have something to do. */
const mostly = fc.nat(7).map((drawn) => drawn > 0);
const anyImage = fc.nat(COUNT - 1);
const names = fc.uniqueArray(
  fc.tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...OWN) },
      { weight: 1, arbitrary: fc.constantFrom(...FOREIGN) },
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...TAGS).map((tag) => `:${tag}`) },
      { weight: 1, arbitrary: fc.constantFrom(...DIGESTS).map((digest) => `@${digest}`) },
    ),
    anyImage,
  ),
  { maxLength: 12, selector: ([repository, rest]) => repository + rest },
);

interface CleanUpHost {
  readonly engine: FakeEngine;
  readonly input: Omit<CleanUpInput, 'images' | 'containers'>;
}

/** A fresh engine each time it is called, because plans are carried out on it. */
type MakeHost = () => CleanUpHost;

const golden = (imageId: string, version: string, source: GoldenImage['source']): GoldenImage => ({
  imageId,
  version,
  source,
  references: [],
  sinceTs: 0,
});

const hosts: fc.Arbitrary<MakeHost> = fc
  .record({
    names,
    created: fc.array(fc.constantFrom(0, 1_700_000_100, 1_700_000_200, 1_700_000_300), {
      minLength: COUNT,
      maxLength: COUNT,
    }),
    used: fc.uniqueArray(fc.tuple(anyImage, fc.constantFrom('running', 'created')), { maxLength: 1 }),
    golden: fc.option(anyImage, { freq: 12, nil: undefined }),
    goldenVersion: fc.constantFrom('', '0.0.0', '2.0.0', '20201230.11'),
    isCertified: mostly,
    previous: fc.option(anyImage, { freq: 1, nil: undefined }),
    untagged: fc.uniqueArray(anyImage, { maxLength: 3 }),
    repositories: fc.subarray(OWN, { minLength: 2 }),
    isUnlocked: mostly,
    isEnabled: mostly,
    purgeOlderImage: mostly,
    purgeLocalCopy: fc.boolean(),
    isTaggedAsLocal: fc.boolean(),
    others: fc.array(
      fc.record({
        feature: fc.constantFrom('lldp', 'gnmi'),
        repositories: fc.subarray([...OWN, ...FOREIGN], { maxLength: 2 }),
        images: fc.uniqueArray(anyImage, { maxLength: 1 }),
      }),
      { maxLength: 1, size: 'small' },
    ),
    hasLocal: mostly,
  })
  .map((drawn) => () => {
    const engine = new FakeEngine();
    const ids = drawn.created.map((createdTs, index) => {
      const own = drawn.names.filter(([, , image]) => image === index);
      const references = own.map(([repository, rest]) => repository + rest);
      return engine.putImage(`image ${index}`, references, createdTs);
    });
    const id = (index: number): string => ids[index] ?? '';
    drawn.used.forEach(([image, state], index) =>
      engine.run({ name: `container-${index}`, image: id(image), state }),
    );
    const ledger: FeatureLedger = {
      ...EMPTY_FEATURE_LEDGER,
      ...(drawn.golden === undefined
        ? {}
        : drawn.isCertified
          ? { golden: golden(id(drawn.golden), drawn.goldenVersion, 'certified') }
          : { shipped: golden(id(drawn.golden), drawn.goldenVersion, 'shipped') }),
      previous: drawn.previous === undefined ? undefined : golden(id(drawn.previous), '1.0.0', 'certified'),
      repositories: drawn.repositories,
      untagged: drawn.untagged.map(id),
    };
    if (drawn.isTaggedAsLocal && drawn.golden !== undefined)
      engine.putImage(`image ${drawn.golden}`, [`${LOCAL}:latest`]);
    const { isEnabled, isUnlocked, purgeOlderImage, purgeLocalCopy } = drawn;
    return {
      engine,
      input: {
        feature: 'snmp',
        ledger,
        isLocked: !isUnlocked,
        policy: { isDisabled: !isEnabled, purgeOlderImage, purgeLocalCopy },
        localRepository: drawn.hasLocal ? LOCAL : undefined,
        ownedElsewhere: drawn.others.map(({ images, ...other }) => ({ ...other, imageIds: images.map(id) })),
      },
    };
  });

const toInput = ({ engine, input }: CleanUpHost): CleanUpInput => ({
  ...input,
  images: engine.images(),
  containers: engine.containers(),
});

const stepsOf = (input: CleanUpInput): CleanUpStep[] =>
  planCleanUp(input).entries.flatMap(({ steps }) => steps);

const run = (engine: ContainerEngine, step: CleanUpStep): Promise<unknown> =>
  step.kind === 'reference'
    ? engine.removeReference(step.reference)
    : engine.removeUnnamedImage(step.imageId);

/** Told without the code under test: everything up to the mark that begins a tag or a digest. */
const isIn = (repository: string, reference: string): boolean =>
  [':', '@'].some(
    (mark) =>
      reference.startsWith(repository + mark) && !reference.slice(repository.length + 1).includes('/'),
  );

const check = (law: (input: CleanUpInput) => void): void =>
  fc.assert(
    fc.property(hosts, (make) => law(toInput(make()))),
    runs,
  );

describe('clean-up', () => {
  test('never takes an image of the ladder, one that a container uses, or one of another feature (D17)', () => {
    check((input) => {
      const { ledger, containers, ownedElsewhere } = input;
      const needed = new Set([
        ledger.golden?.imageId,
        ledger.previous?.imageId,
        ledger.shipped?.imageId,
        ...containers.map(({ imageId }) => imageId),
        ...ownedElsewhere.flatMap(({ imageIds }) => imageIds),
      ]);
      for (const { action, imageId } of planCleanUp(input).entries)
        if (action === 'remove') assert.ok(!needed.has(imageId));
    });
  });

  test('touches names in the own repositories only, and none in one that another feature has too (D17)', () => {
    check((input) => {
      const own = [...input.ledger.repositories, input.localRepository ?? ''].filter(Boolean);
      const others = input.ownedElsewhere.flatMap(({ repositories }) => repositories);
      for (const step of stepsOf(input)) {
        if (step.kind === 'unnamed') continue;
        assert.ok(own.some((repository) => isIn(repository, step.reference)));
        assert.ok(!others.some((repository) => isIn(repository, step.reference)));
      }
    });
  });

  test('takes an image with all its names or leaves all of them, and says why for each', () => {
    check((input) => {
      const own = [...input.ledger.repositories, input.localRepository ?? ''].filter(Boolean);
      const { entries } = planCleanUp(input);
      const listed = new Map(entries.map((entry) => [entry.imageId, entry]));
      assert.equal(listed.size, entries.length);
      for (const { id, tags, digests } of input.images) {
        const references = [...tags, ...digests];
        const entry = listed.get(id);
        if (references.some((reference) => own.some((repository) => isIn(repository, reference))))
          assert.ok(entry, 'every image of the repositories is listed');
        if (entry === undefined) continue;
        assert.match(entry.reason, /^[ -~]+$/);
        const named = entry.steps.flatMap((step) => (step.kind === 'reference' ? [step.reference] : []));
        if (entry.action === 'keep') assert.deepEqual(entry.steps, []);
        else if (references.length > 0) assert.deepEqual(named.toSorted(), references.toSorted());
        else assert.deepEqual(entry.steps, [{ kind: 'unnamed', imageId: id }]);
      }
    });
  });

  test('does nothing without a certified image that is there, while locked or while switched off', () => {
    check((input) => {
      const { golden: best } = input.ledger;
      const isThere = input.images.some(({ id }) => id === best?.imageId);
      const mayRun = best?.source === 'certified' && isThere && !input.isLocked && !input.policy.isDisabled;
      const plan = planCleanUp(input);
      assert.equal(plan.allowed, mayRun);
      if (!mayRun) assert.deepEqual(stepsOf(input), []);
    });
  });

  test('takes of local and of older images only what the policy gives away, and never the local tag', () => {
    check((input) => {
      const { purgeLocalCopy, purgeOlderImage } = input.policy;
      for (const step of stepsOf(input)) {
        const isLocal =
          step.kind === 'unnamed' ||
          (input.localRepository !== undefined && isIn(input.localRepository, step.reference));
        assert.ok(isLocal ? purgeLocalCopy : purgeOlderImage);
        if (step.kind === 'unnamed') assert.ok(input.ledger.untagged.includes(step.imageId));
        else assert.notEqual(step.reference, `${input.localRepository}:latest`);
      }
    });
  });

  test('carried out, leaves what the dry run said, though it be killed after any step and begun anew', async () => {
    await fc.assert(
      fc.asyncProperty(hosts, fc.nat(6), async (make, killedAfter) => {
        const host = make();
        const plan = planCleanUp(toInput(host));
        const gone = new Set(
          plan.entries.flatMap((entry) => (entry.action === 'remove' ? [entry.imageId] : [])),
        );
        const expected = host.engine.images().filter(({ id }) => !gone.has(id));
        const engine = host.engine.open();
        for (const step of stepsOf(toInput(host)).slice(0, killedAfter)) await run(engine, step);
        for (const step of stepsOf(toInput(host))) await run(engine, step);
        assert.deepEqual(host.engine.images(), expected);
        assert.deepEqual(stepsOf(toInput(host)), []);
      }),
      { ...runsOf(2_000), interruptAfterTimeLimit },
    );
  });

  test('has something to do in many of these hosts', () => {
    // It is some 120, and was 87 by chance.
    const busy = fc.sample(hosts, 1_000).filter((make) => stepsOf(toInput(make())).length > 0);
    assert.ok(busy.length > 50, `in ${busy.length} of 1000`);
  });
});
