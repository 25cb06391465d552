import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  EMPTY_FEATURE_LEDGER,
  type FeatureLedger,
  type GoldenImage,
} from '../../../../src/contract/images/ledger.ts';
import { planCleanUp, type CleanUpInput, type CleanUpPlan } from '../../../../src/decide/images/clean-up.ts';

const REMOTE = 'reg.example:5000/docker-snmp';
const LOCAL = 'docker-snmp';

/** When the images were built, more or less. */
const BUILT_TS = 1_700_000_000;

const idOf = (digit: number): string => `sha256:${String(digit).repeat(64)}`;
const digestOf = (digit: number): string => `${REMOTE}@sha256:${String(digit).repeat(63)}f`;

const recorded = (
  digit: number,
  version: string,
  source: GoldenImage['source'] = 'certified',
): GoldenImage => ({
  imageId: idOf(digit),
  version,
  source,
  references: [],
  sinceTs: 0,
});

const image = (digit: number, tags: readonly string[], digests: readonly string[] = []) => ({
  id: idOf(digit),
  tags,
  digests,
  createdTs: BUILT_TS + digit,
});

const LEDGER: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden: recorded(3, '3.0.0'),
  previous: recorded(2, '2.0.0'),
  repositories: [REMOTE],
};

/** Golden 3, previous 2, and 1 that may go. */
const INPUT: CleanUpInput = {
  feature: 'snmp',
  ledger: LEDGER,
  policy: { isDisabled: false, purgeOlderImage: true, purgeLocalCopy: true },
  images: [
    image(1, [`${REMOTE}:1.0.0`], [digestOf(1)]),
    image(2, [`${REMOTE}:2.0.0`]),
    image(3, [`${REMOTE}:3.0.0`, `${LOCAL}:latest`]),
  ],
  containers: [],
  localRepository: LOCAL,
  ownedElsewhere: [],
  isLocked: false,
};

function plan(changes: Partial<CleanUpInput> = {}): CleanUpPlan {
  return planCleanUp({ ...INPUT, ...changes });
}

/** What is to become of one image more, and why. */
function fateOf(extra: CleanUpInput['images'][number], changes: Partial<CleanUpInput> = {}): string {
  const entries = plan({ ...changes, images: [...INPUT.images, extra] }).entries;
  const entry = entries.find(({ imageId }) => imageId === extra.id);
  return entry === undefined ? 'not listed' : `${entry.action}: ${entry.reason}`;
}

const fateOfFirst = (changes: Partial<CleanUpInput>): string => {
  const [entry] = plan(changes).entries;
  return `${entry?.action}: ${entry?.reason}`;
};

describe('clean-up after a certification', () => {
  test('an older image goes with all its names; golden and the one before it stay (D17)', () => {
    const { allowed, reason, entries } = plan();
    assert.equal(allowed, true);
    assert.match(reason, /^version 3\.0\.0 \(3{12}\) is golden$/);
    assert.deepEqual(entries, [
      {
        imageId: idOf(1),
        references: [`${REMOTE}:1.0.0`, digestOf(1)],
        versionText: '1.0.0',
        action: 'remove',
        steps: [
          { kind: 'reference', reference: digestOf(1) },
          { kind: 'reference', reference: `${REMOTE}:1.0.0` },
        ],
        reason: 'version 1.0.0 is lower than the golden 3.0.0',
      },
      {
        imageId: idOf(2),
        references: [`${REMOTE}:2.0.0`],
        versionText: '2.0.0',
        action: 'keep',
        steps: [],
        reason: 'golden before the one that is now',
      },
      {
        imageId: idOf(3),
        references: [`${REMOTE}:3.0.0`, `${LOCAL}:latest`],
        versionText: '3.0.0',
        action: 'keep',
        steps: [],
        reason: 'golden',
      },
    ]);
  });

  for (const [what, changes, reason] of [
    ['the policy is off', { policy: { ...INPUT.policy, isDisabled: true } }, /Disable/],
    ['the feature is locked', { isLocked: true }, /locked/],
    ['there is no golden image', { ledger: { ...LEDGER, golden: undefined } }, /certified/],
    [
      'golden is what the switch came with',
      { ledger: { ...LEDGER, golden: undefined, shipped: recorded(3, '3', 'shipped') } },
      /certified/,
    ],
    ['the golden image is not there', { images: INPUT.images.slice(0, 2) }, /3{12} is gone/],
  ] as const) {
    test(`nothing goes while ${what}, and that is said of each image`, () => {
      const { allowed, entries } = plan(changes);
      assert.equal(allowed, false);
      assert.ok(entries.every(({ action, steps }) => action === 'keep' && steps.length === 0));
      assert.match(fateOfFirst(changes), reason);
    });
  }
});

test('the name that shows an image’s age is removed last: planned anew after a kill, the rest is still older', () => {
  const names = [`${REMOTE}:0.1.0`, `${REMOTE}:stable`];
  const entry = plan({ images: [...INPUT.images, image(4, names, [digestOf(4)])] }).entries.at(-1);
  const removed = entry?.steps.map((step) => (step.kind === 'reference' ? step.reference : ''));
  assert.deepEqual(removed, [digestOf(4), `${REMOTE}:stable`, `${REMOTE}:0.1.0`]);
});

describe('whose an image is', () => {
  test('a repository whose name only contains the feature or the other way round is left alone (D17)', () => {
    for (const repository of [
      `${LOCAL}-sidecar`,
      `${REMOTE}-watchdog`,
      `${REMOTE}/extra`,
      'snmp',
      `x${LOCAL}`,
      'reg.example/docker-snmp',
    ]) {
      assert.equal(fateOf(image(4, [`${repository}:0.1.0`])), 'not listed', repository);
    }
  });

  test('an image that has a name elsewhere stays whole', () => {
    assert.match(fateOf(image(4, [`${REMOTE}:0.1.0`, 'mine/debug:1'])), /^keep: it is also mine\/debug:1/);
  });

  test('a repository that another feature has too is left alone (D17)', () => {
    const other = { feature: 'gnmi', repositories: [REMOTE], imageIds: [] };
    assert.equal(fateOfFirst({ ownedElsewhere: [other] }), `keep: ${REMOTE} is also a repository of gnmi`);
  });

  test('an image that another feature goes back to stays', () => {
    const other = { feature: 'gnmi', repositories: [], imageIds: [idOf(1)] };
    assert.equal(fateOfFirst({ ownedElsewhere: [other] }), 'keep: gnmi needs it');
  });

  test('an image that a container is made from stays, whatever state that is in', () => {
    const containers = [{ imageId: idOf(1), names: ['snmp'] }];
    assert.equal(fateOfFirst({ containers }), 'keep: container snmp is made from it');
  });
});

describe('how old an image is', () => {
  test('versions are compared as versions, and an image that is not older stays', () => {
    assert.match(fateOf(image(4, [`${REMOTE}:10.0.0`])), /^keep: version 10\.0\.0 is not lower/);
    assert.match(fateOf(image(4, [`${REMOTE}:3.0`])), /^keep: version 3\.0 is not lower/);
    assert.match(fateOf(image(4, [`${REMOTE}:1.0.0`, `${REMOTE}:4.0.0`])), /^keep: version 4\.0\.0/);
  });

  test('the version that its container gave comes before its tags', () => {
    const fallbacks = [
      { imageId: idOf(4), version: '9.0.0', reason: '', sinceTs: 0, bootId: '', bootMs: 0, isDone: true },
    ];
    const known = { ledger: { ...LEDGER, fallbacks } };
    assert.match(fateOf(image(4, [`${REMOTE}:0.1.0`]), known), /^keep: version 9\.0\.0 is not lower/);
  });

  test('what can not be compared goes by when it was built, and stays if that says nothing', () => {
    const nightly = (createdTs: number) => ({ ...image(4, [`${REMOTE}:nightly`]), createdTs });
    assert.match(fateOf(nightly(BUILT_TS + 2)), /^remove: .* built before the golden one$/);
    assert.match(fateOf(nightly(BUILT_TS + 3)), /^keep: .* not built before/);
    assert.match(fateOf(nightly(BUILT_TS + 9)), /^keep: .* not built before/);
    assert.match(fateOf(nightly(0)), /^keep: .* not known when it was built/);
  });

  test('an image whose version has no order beside the golden one’s goes by when it was built (H8)', () => {
    const ledger = { ...LEDGER, golden: recorded(3, '20230531.11'), previous: undefined };
    const images = [image(3, [`${REMOTE}:20230531.11`, `${LOCAL}:latest`])];
    for (const tag of ['2.0.1', '1234-hotfix', '20230531.11-hotfix', '8d4e1f2', '1234567', '7']) {
      const planned = (createdTs: number) =>
        plan({ ledger, images: [...images, { ...image(4, [`${REMOTE}:${tag}`]), createdTs }] }).entries.at(
          -1,
        );
      assert.equal(planned(BUILT_TS + 4)?.action, 'keep', tag);
      assert.equal(planned(BUILT_TS + 2)?.action, 'remove', tag);
    }
  });

  test('a time of long ago, as reproducible builds write it, says nothing of an image’s age (H8)', () => {
    for (const createdTs of [0, 1, 315_532_801]) {
      const nightly = { ...image(4, [`${REMOTE}:nightly`]), createdTs };
      assert.match(fateOf(nightly), /^keep: .* not known when it was built/);
    }
  });

  test('an image that says 0.0.0 has no version', () => {
    const ledger = { ...LEDGER, golden: recorded(3, '0.0.0') };
    const images = [image(1, [`${REMOTE}:1.0.0`]), image(3, [`${LOCAL}:latest`], [digestOf(3)])];
    assert.match(fateOfFirst({ ledger, images }), /^remove: .* built before/);
  });
});

describe('what the policy gives away', () => {
  const policy = INPUT.policy;

  test('older images only with purge_older_image', () => {
    assert.equal(
      fateOfFirst({ policy: { ...policy, purgeOlderImage: false } }),
      'keep: purge_older_image is false',
    );
  });

  test('the local copy only with purge_local_copy, and what is both only with both', () => {
    const local = image(4, [`${LOCAL}:0.1.0`]);
    const both = image(4, [`${LOCAL}:0.1.0`, `${REMOTE}:0.1.0`]);
    const noLocal = { policy: { ...policy, purgeLocalCopy: false } };
    const noOlder = { policy: { ...policy, purgeOlderImage: false } };
    assert.match(fateOf(local), /^remove/);
    assert.match(fateOf(both), /^remove/);
    assert.equal(fateOf(local, noLocal), 'keep: a local copy, and purge_local_copy is false');
    assert.match(fateOf(local, noOlder), /^remove/);
    assert.match(fateOf(both, noLocal), /^keep: a local copy/);
    assert.match(fateOf(both, noOlder), /^keep: purge_older_image/);
  });

  test('the local copy stays until the golden image can be started in its place', () => {
    const [first, second] = INPUT.images;
    const images = [image(4, [`${LOCAL}:0.1.0`]), first, second, image(3, [`${REMOTE}:3.0.0`])].filter(
      (each) => each !== undefined,
    );
    assert.match(fateOfFirst({ images }), /^keep: .* the golden image is not tagged as local$/);
    const shipped = [image(4, [`${LOCAL}:latest`, `${LOCAL}:0.1.0`]), ...images.slice(1)];
    assert.match(fateOfFirst({ images: shipped }), /^keep: docker-snmp:latest is what the switch starts/);
  });

  test('an image without a name goes only if it is remembered to have lost the local one', () => {
    const nameless = image(4, []);
    const created = { ...nameless, createdTs: BUILT_TS + 1 };
    assert.equal(fateOf(created), 'not listed');
    const known = { ledger: { ...LEDGER, untagged: [idOf(4)] } };
    assert.match(fateOf(created, known), /^remove/);
    assert.match(
      fateOf(created, { ...known, policy: { ...policy, purgeLocalCopy: false } }),
      /^keep: a local/,
    );
    const containers = [{ imageId: idOf(4), names: ['snmp'] }];
    assert.match(fateOf(created, { ...known, containers }), /^keep: container snmp/);
    const entry = plan({ ...known, images: [...INPUT.images, created] }).entries.at(-1);
    assert.deepEqual(entry?.steps, [{ kind: 'unnamed', imageId: idOf(4) }]);
  });

  test('an image that lost the local tag and still has its remote name is an older image', () => {
    const known = { ledger: { ...LEDGER, untagged: [idOf(1)] } };
    assert.match(fateOfFirst({ ...known, policy: { ...policy, purgeLocalCopy: false } }), /^remove/);
  });
});
