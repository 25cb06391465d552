import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CertificationVerdict } from '../../../../src/contract/feature/daemon-view.ts';
import type { EngineContainer, EngineImage } from '../../../../src/contract/images/engine.ts';
import type { FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import { findFeatureTarget } from '../../../../src/decide/feature/feature-target.ts';
import type { HostStep } from '../../../../src/decide/feature/host-step.ts';
import { listImageIds, listRungs } from '../../../../src/decide/images/ladder.ts';
import { planImageSteps } from '../../../../src/decide/feature/plan-image-steps.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import {
  CONFIG,
  containerOf,
  fallbackOf,
  imageOf,
  inputOf,
  LABELS,
  ledgerOf,
  LOCAL,
  POLICY,
  REMOTE,
  STATUS,
} from '../../../support/feature-inputs.ts';

const COUNTING: CertificationVerdict = { kind: 'counting', text: '', fromMs: 0, neededMs: 1 };
const CERTIFIED: CertificationVerdict = { kind: 'certified', text: 'it was healthy', healthyMs: 60_000 };

const SHIPPED = goldenOf(1, { source: 'shipped' });

const planImages = (input: FeatureInput, certification: CertificationVerdict = COUNTING): HostStep[] => {
  const { engine, ledger, blockedVersions } = input;
  const rungs = listRungs(ledger, { imageIds: listImageIds(engine), blockedVersions });
  return planImageSteps({
    ...input,
    rungs,
    target: findFeatureTarget({ input, rungs }),
    containers: engine.containers,
    images: engine.images,
    container: engine.containers[0],
    certification,
  });
};

const GOLDEN = imageOf(2, [`${REMOTE}:2.0`]);
const BARE = imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
const MIRRORED = { container_stable_version: '2.0', container_last_version: '1.0' };

/** Image 2 is golden, image 1 the shipped one, and the rows say so. */
const onLadder = (changes: Parameters<typeof inputOf>[0] = {}): FeatureInput =>
  inputOf({
    ledger: ledgerOf({ golden: goldenOf(2), shipped: SHIPPED }),
    ...changes,
    engine: { images: [GOLDEN, BARE], ...changes.engine },
    rows: { ...changes.rows, [STATUS]: { ...MIRRORED, ...changes.rows?.[STATUS] } },
  });
const policyOf = (own: Record<string, string>) => ({
  rows: { [POLICY]: { tag_new_as_local: '', purge_older_image: '', ...own } },
});
const TAG_GOLDEN = { kind: 'tag-as-local', imageId: imageIdOf(2), repository: LOCAL } as const;
const TAG_SHIPPED = { ...TAG_GOLDEN, imageId: imageIdOf(1) };
/** A container of the feature's name. */
const localOf = (image: number, state: EngineContainer['state'] = 'exited'): EngineContainer =>
  containerOf({ id: 'b'.repeat(64), names: ['snmp'], imageId: imageIdOf(image), state });

describe('the steps for images', () => {
  test('a feature in order needs nothing', () => {
    assert.deepEqual(planImages(inputOf()), []);
  });

  test('the first local image that is seen is the shipped one, also beside a golden image that is gone', () => {
    for (const golden of [undefined, goldenOf(9)]) {
      const step = planImages(inputOf({ ledger: ledgerOf({ golden }) }))[0];
      assert.ok(step?.kind === 'adopt-shipped');
      assert.equal(step.image.imageId, imageIdOf(1));
      assert.equal(step.image.source, 'shipped');
      assert.equal(step.image.version, '1.0');
    }
    const nothing = inputOf({ ledger: ledgerOf({ golden: undefined }), engine: { images: [] } });
    assert.deepEqual(planImages(nothing), []);
  });

  test('the shipped image follows the local one, unless something says that Kubernetes or ctrkit put it there', () => {
    const adopts = (ledger: Partial<FeatureLedger>, local: EngineImage, containers = [containerOf()]) =>
      planImages(
        inputOf({
          ledger: ledgerOf({ golden: goldenOf(2), shipped: SHIPPED, ...ledger }),
          engine: { images: [imageOf(2, [`${REMOTE}:2.0`]), local], containers },
        }),
      ).some(({ kind }) => kind === 'adopt-shipped');
    const loaded = imageOf(5, [`${LOCAL}:latest`, `${LOCAL}:5.0`]);
    assert.equal(adopts({}, loaded), true, 'another image of the switch’s system');
    assert.equal(adopts({}, imageOf(1, [`${LOCAL}:latest`])), false, 'the shipped one itself');
    assert.equal(adopts({}, imageOf(5, [`${LOCAL}:latest`, `${REMOTE}:5.0`])), false, 'Kubernetes pulled it');
    assert.equal(adopts({ fallbacks: [fallbackOf(5)] }, loaded), false, 'it has failed');
    assert.equal(adopts({ previous: goldenOf(5) }, loaded), false, 'it is certified');
    assert.equal(
      adopts({}, loaded, [containerOf({ imageId: imageIdOf(5) })]),
      false,
      'a container of Kubernetes is made from it',
    );
    assert.equal(adopts({}, loaded, [containerOf({ names: ['snmp'], imageId: imageIdOf(5) })]), true);
  });

  test('the version of the switch’s own image is its one other tag, else what ran as local last', () => {
    const versionOf = (tags: readonly string[], localVersion: string): string => {
      const input = inputOf({
        ledger: ledgerOf({ golden: undefined }),
        rows: { [LABELS]: { snmp_local: localVersion } },
        engine: { images: [imageOf(1, [`${LOCAL}:latest`, ...tags])] },
      });
      const step = planImages(input)[0];
      return step?.kind === 'adopt-shipped' ? step.image.version : '';
    };
    assert.equal(versionOf([`${LOCAL}:1.5`], '1.4'), '1.5');
    assert.equal(versionOf([`${LOCAL}:1.5`, `${LOCAL}:20231110.04`], '1.4'), '1.4');
    assert.equal(versionOf([`${REMOTE}:7`], '1.4'), '1.4', 'another repository’s tag says nothing');
    assert.equal(versionOf([], ''), '0.0.0');
  });

  test('a certification comes alone: what follows from it is for the next look', () => {
    const steps = planImages(onLadder({ ledger: ledgerOf({ golden: goldenOf(1) }) }), CERTIFIED);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['certify', 'write-versions'],
    );
    assert.ok(steps[0]?.kind === 'certify');
    assert.deepEqual(steps[0].previous, goldenOf(1));
  });

  test('the policy of now decides, not that of the certification (H11)', () => {
    assert.deepEqual(planImages(onLadder(policyOf({ tag_new_as_local: 'true' }))), [TAG_GOLDEN]);
    assert.deepEqual(planImages(onLadder(policyOf({}))), []);
    const moved = {
      images: [imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`]), imageOf(1, [`${LOCAL}:1.0`])],
    };
    assert.deepEqual(
      planImages(onLadder({ ...policyOf({}), engine: moved })),
      [TAG_SHIPPED],
      'switched off again, the shipped image is the local one',
    );
    const older = { images: [GOLDEN, BARE, imageOf(0, [`${REMOTE}:0.5`])] };
    const purge = policyOf({ purge_older_image: 'true' });
    assert.deepEqual(planImages(onLadder({ ...purge, engine: older })), [{ kind: 'clean-up' }]);
    assert.deepEqual(planImages(onLadder(purge)), [], 'there is nothing to remove');
  });

  test('a local tag that somebody has moved is moved back, and the shipped image has its own name (H17)', () => {
    const failing = imageOf(3, [`${REMOTE}:3.0`, `${LOCAL}:latest`]);
    const lost = {
      images: [GOLDEN, imageOf(1, []), failing],
      containers: [containerOf({ imageId: imageIdOf(3) })],
    };
    const name = { kind: 'name-image', imageId: imageIdOf(1), repository: LOCAL, tag: '1.0' };
    assert.deepEqual(planImages(onLadder({ ...policyOf({}), engine: lost })), [name, TAG_SHIPPED]);
    const on = policyOf({ tag_new_as_local: 'true' });
    assert.deepEqual(planImages(onLadder({ ...on, engine: lost })), [name, TAG_GOLDEN]);
    const ledger = ledgerOf({ golden: goldenOf(2), shipped: SHIPPED, fallbacks: [fallbackOf(2)] });
    const rows = { ...on.rows, [STATUS]: { container_stable_version: '1.0', container_last_version: '' } };
    assert.deepEqual(
      planImages(onLadder({ ledger, rows, engine: lost })),
      [name, TAG_SHIPPED],
      'the golden image has failed: the next rung',
    );
  });

  test('an image that an operator has loaded is adopted first, and only then is another one made local', () => {
    const loaded = imageOf(5, [`${LOCAL}:latest`, `${LOCAL}:5.0`]);
    const engine = { images: [GOLDEN, imageOf(1, [`${LOCAL}:1.0`]), loaded] };
    const kinds = planImages(onLadder({ ...policyOf({}), engine })).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['adopt-shipped']);
    const adopted = ledgerOf({ golden: goldenOf(2), shipped: goldenOf(5, { source: 'shipped' }) });
    const rows = { [CONFIG]: { set_owner: 'local' }, [STATUS]: { container_last_version: '5.0' } };
    assert.deepEqual(
      planImages(onLadder({ ledger: adopted, engine, rows })),
      [],
      'a feature that the switch runs for itself runs what the switch has',
    );
    const kube = { [STATUS]: { container_last_version: '5.0' } };
    assert.deepEqual(planImages(onLadder({ ledger: adopted, engine, rows: kube })), [TAG_GOLDEN]);
  });

  test('the stopped local container of another image goes, before any image does', () => {
    const images = [
      imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`]),
      imageOf(1, [`${LOCAL}:1.0`]),
      imageOf(0, [`${REMOTE}:0.5`]),
    ];
    const plan = (local: EngineContainer) =>
      planImages(onLadder({ engine: { images, containers: [containerOf(), local] } }));
    assert.deepEqual(plan(localOf(1)), [{ kind: 'remove-local-container', containerId: 'b'.repeat(64) }]);
    assert.deepEqual(plan(localOf(2)), [{ kind: 'clean-up' }], 'it starts the golden image itself');
    assert.deepEqual(plan(localOf(1, 'running')), [{ kind: 'clean-up' }], 'it goes when it has ended');
  });

  test('a lock keeps all of it: the next start runs what it would have run; so does Disable', () => {
    const older = { images: [GOLDEN, BARE, imageOf(0, [`${REMOTE}:0.5`])] };
    for (const engine of [{}, older]) {
      assert.notDeepEqual(planImages(onLadder({ engine })), []);
      assert.deepEqual(planImages(onLadder({ engine, lockText: 'locked by alice' })), []);
      assert.deepEqual(planImages(onLadder({ engine, rows: { [POLICY]: { Disable: 'true' } } })), []);
    }
  });

  test('a repository that another feature has too is re-tagged for neither (HF8)', () => {
    const ownedElsewhere = [{ feature: 'lldp', repositories: [LOCAL], imageIds: [] }];
    assert.deepEqual(planImages(onLadder({ ownedElsewhere })), []);
    const moved = {
      images: [imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`]), imageOf(1, [`${LOCAL}:1.0`])],
    };
    assert.deepEqual(planImages(onLadder({ ownedElsewhere, engine: moved })), []);
  });

  test('a second name given to an image by hand does not make that repository the feature’s (D17)', () => {
    const ledger = ledgerOf({ repositories: [] });
    const containers = [containerOf({ image: imageIdOf(2) })];
    const named = (digests: readonly string[]) => {
      const image = { ...imageOf(2, [`${REMOTE}:2.0`, 'tools:2.0']), digests };
      const images = [imageOf(1, [`${LOCAL}:latest`]), image];
      return planImages(inputOf({ ledger, engine: { containers, images } }));
    };
    assert.deepEqual(named([]), [], 'which of the two it came from nobody knows');
    const pulled = { kind: 'record-repository', repository: REMOTE } as const;
    assert.deepEqual(named([`${REMOTE}@${imageIdOf(9)}`]), [pulled]);
  });

  test('a STATE_DB that has lost the golden versions gets them again', () => {
    const steps = planImages(inputOf({ rows: { [STATUS]: { container_stable_version: '' } } }));
    assert.deepEqual(steps, [{ kind: 'write-versions', stableVersion: '1.0', lastVersion: '' }]);
  });

  test('where Kubernetes’ containers come from is remembered, by the names of the image if by id', () => {
    const ledger = ledgerOf({ repositories: [] });
    const byId = planImages(inputOf({ ledger }));
    assert.deepEqual(byId, [{ kind: 'record-repository', repository: REMOTE }]);
    const written = [containerOf({ image: 'registry:5000/other/snmp:2.0' })];
    assert.deepEqual(planImages(inputOf({ ledger, engine: { containers: written } })), [
      { kind: 'record-repository', repository: 'registry:5000/other/snmp' },
    ]);
    const ofLocal = [containerOf({ image: `${LOCAL}:latest` })];
    assert.deepEqual(planImages(inputOf({ ledger, engine: { containers: ofLocal } })), []);
    const local = { [STATUS]: { current_owner: 'local' } };
    assert.deepEqual(planImages(inputOf({ ledger, rows: local })), []);
  });
});
