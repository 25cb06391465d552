import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findLocalImage, findLocalVersion } from '../../../../src/decide/images/local-image.ts';
import { imageIdOf } from '../../../support/beats.ts';
import { imageOf, LOCAL, REMOTE } from '../../../support/feature-inputs.ts';

const SHIPPED = imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
const REMOTES = imageOf(2, [`${REMOTE}:2.0`]);

describe('the local image', () => {
  test('is told by the tag latest of the local repository alone', () => {
    assert.equal(findLocalImage([SHIPPED, REMOTES], LOCAL)?.id, imageIdOf(1));
    assert.equal(findLocalImage([imageOf(1, [`${LOCAL}:1.0`])], LOCAL), undefined);
    assert.equal(findLocalImage([imageOf(1, [`${REMOTE}:latest`])], LOCAL), undefined);
    assert.equal(findLocalImage([SHIPPED], undefined), undefined);
  });

  test('has the version of its one other tag in that repository, else what ran as local last', () => {
    const versionOf = (tags: readonly string[], last = '1.5') => findLocalVersion(tags, LOCAL, last);
    assert.equal(versionOf(SHIPPED.tags), '1.0');
    assert.equal(versionOf([`${LOCAL}:latest`, `${REMOTE}:2.0`]), '1.5');
    assert.equal(versionOf([`${LOCAL}:1.0`, `${LOCAL}:1.1`]), '1.5');
    assert.equal(versionOf([], ''), '0.0.0');
  });
});
