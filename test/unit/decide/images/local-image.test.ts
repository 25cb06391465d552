import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findBuildVersion,
  findLocalImage,
  findLocalStart,
  type LocalStartInput,
} from '../../../../src/decide/images/local-image.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { containerOf, imageOf, LOCAL, REMOTE } from '../../../support/feature-inputs.ts';

const SHIPPED = imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
const REMOTES = imageOf(2, [`${REMOTE}:2.0`]);

const startOf = (changes: Partial<LocalStartInput> = {}) =>
  findLocalStart({
    feature: 'snmp',
    localRepository: LOCAL,
    containers: [containerOf()],
    images: [SHIPPED, REMOTES],
    ledger: { golden: goldenOf(2), previous: undefined, shipped: undefined, fallbacks: [] },
    localVersion: '',
    ...changes,
  });

describe('the local image', () => {
  test('is told by the tag latest of the local repository alone', () => {
    assert.equal(findLocalImage([SHIPPED, REMOTES], LOCAL)?.id, imageIdOf(1));
    assert.equal(findLocalImage([imageOf(1, [`${LOCAL}:1.0`])], LOCAL), undefined);
    assert.equal(findLocalImage([imageOf(1, [`${REMOTE}:latest`])], LOCAL), undefined);
    assert.equal(findLocalImage([SHIPPED], undefined), undefined);
  });

  test('has the version of its one other tag in that repository', () => {
    assert.equal(findBuildVersion(SHIPPED.tags, LOCAL), '1.0');
    assert.equal(findBuildVersion([`${LOCAL}:latest`, `${REMOTE}:2.0`], LOCAL), undefined);
    assert.equal(findBuildVersion([`${LOCAL}:1.0`, `${LOCAL}:1.1`], LOCAL), undefined);
  });
});

describe('what a start in local mode runs', () => {
  test('is the tag latest of the local repository, golden or not', () => {
    const { imageId, version, references, isGolden, source } = startOf() ?? {};
    assert.deepEqual([imageId, version, isGolden, source], [imageIdOf(1), '1.0', false, 'shipped']);
    assert.deepEqual(references, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
  });

  test('is the golden image once that has the tag, in the words of the ledger', () => {
    const images = [imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`])];
    const { version, isGolden, source } = startOf({ images }) ?? {};
    assert.deepEqual([version, isGolden, source], ['2.0', true, 'certified']);
    const previous = startOf({
      images,
      ledger: { golden: goldenOf(3), previous: goldenOf(2), shipped: undefined, fallbacks: [] },
    });
    assert.deepEqual([previous?.isGolden, previous?.source], [false, 'certified']);
  });

  test('is the container of the feature’s name while there is one, whatever has the tag', () => {
    const images = [imageOf(1, []), imageOf(2, [`${LOCAL}:latest`])];
    const containers = [containerOf({ names: ['snmp'], imageId: imageIdOf(1), state: 'exited' })];
    assert.equal(startOf({ images, containers })?.imageId, imageIdOf(1));
  });

  test('of neither the ledger nor a build has the version that ran as local last', () => {
    const images = [imageOf(5, [`${LOCAL}:latest`])];
    assert.deepEqual(
      ['1.5', ''].map((localVersion) => startOf({ images, localVersion })?.version),
      ['1.5', '0.0.0'],
    );
    assert.equal(startOf({ images })?.source, 'unknown');
  });

  test('is nothing where there is neither a container nor an image', () => {
    assert.equal(startOf({ images: [REMOTES] }), undefined);
    assert.equal(startOf({ localRepository: undefined }), undefined);
  });
});
