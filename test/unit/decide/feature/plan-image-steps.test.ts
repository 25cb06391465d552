import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CertificationVerdict } from '../../../../src/contract/feature/daemon-view.ts';
import type { EngineImage } from '../../../../src/contract/images/engine.ts';
import { NO_DUTIES, type Duties, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import type { HostStep } from '../../../../src/decide/feature/host-step.ts';
import { listImageIds, listRungs } from '../../../../src/decide/images/ladder.ts';
import { planImageSteps } from '../../../../src/decide/feature/plan-image-steps.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import {
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

const planImages = (
  { engine, ...input }: FeatureInput,
  certification: CertificationVerdict = COUNTING,
): HostStep[] =>
  planImageSteps({
    ...input,
    rungs: listRungs(input.ledger, {
      imageIds: listImageIds(engine),
      blockedVersions: input.blockedVersions,
    }),
    containers: engine.containers,
    images: engine.images,
    container: engine.containers[0],
    certification,
  });

/** With a golden image 2, mirrored, that these duties are left of. */
const withDuties = (duties: Partial<Duties>, changes: Parameters<typeof inputOf>[0] = {}): FeatureInput =>
  inputOf({
    ledger: ledgerOf({ golden: goldenOf(2), previous: goldenOf(1), duties: { ...NO_DUTIES, ...duties } }),
    ...changes,
    rows: {
      [STATUS]: { container_stable_version: '2.0', container_last_version: '1.0' },
      ...changes.rows,
    },
  });

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

  test('a certification comes alone: what is left of the duties of the image before is void', () => {
    const steps = planImages(withDuties({ tagAsLocal: true, cleanUp: true }), CERTIFIED);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['certify'],
    );
  });

  test('duties come one at a time: local tag, local container, clean-up', () => {
    const kinds = (duties: Partial<Duties>, containers = [containerOf()]): string[] =>
      planImages(withDuties(duties, { engine: { containers } })).map(({ kind }) => kind);
    const all = { tagAsLocal: true, removeLocalContainer: true, cleanUp: true };
    const old = containerOf({ id: 'b'.repeat(64), names: ['snmp'], imageId: imageIdOf(1), state: 'exited' });
    assert.deepEqual(kinds(all), ['tag-as-local']);
    const rest = { ...all, tagAsLocal: false };
    assert.deepEqual(kinds(rest, [containerOf(), old]), ['remove-local-container']);
    assert.deepEqual(kinds(rest, [containerOf()]), ['mark-duty-done'], 'there is none');
    const own = { ...old, imageId: imageIdOf(2) };
    assert.deepEqual(
      kinds(rest, [containerOf(), own]),
      ['mark-duty-done'],
      'it starts the golden image itself',
    );
    const running = { ...old, state: 'running' as const };
    assert.deepEqual(kinds(rest, [containerOf(), running]), ['clean-up'], 'it is for later');
    assert.deepEqual(kinds({ cleanUp: true }), ['clean-up']);
  });

  test('a lock keeps all of it: the next start runs what it would have run', () => {
    const lockText = 'locked by alice';
    for (const duties of [{ cleanUp: true }, { tagAsLocal: true }, { removeLocalContainer: true }])
      assert.deepEqual(planImages({ ...withDuties(duties), lockText }), []);
  });

  test('while IMAGE_MGMT says Disable, or the golden image is gone, duties wait', () => {
    const duties = { tagAsLocal: true, cleanUp: true };
    assert.deepEqual(planImages(withDuties(duties, { rows: { [POLICY]: { Disable: 'true' } } })), []);
    assert.deepEqual(planImages(withDuties(duties, { engine: { images: [] } })), []);
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
