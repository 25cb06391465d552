import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerState } from '../../../../src/contract/images/engine.ts';
import { planLocalStart, type LocalStartInput } from '../../../../src/decide/images/local-start.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { containerOf, imageOf, LOCAL, REMOTE } from '../../../support/feature-inputs.ts';

const GOLDEN = imageOf(2, [`${REMOTE}:2.0`]);
const NAMED = imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);

const plan = (changes: Partial<LocalStartInput> = {}) =>
  planLocalStart({
    feature: 'snmp',
    targetId: imageIdOf(2),
    localRepository: LOCAL,
    shipped: goldenOf(1, { source: 'shipped' }),
    images: [GOLDEN, NAMED],
    containers: [],
    ...changes,
  });
const TAG = { kind: 'tag-as-local', imageId: imageIdOf(2), repository: LOCAL } as const;
const nameOf = (tag: string) => ({ kind: 'name-image', imageId: imageIdOf(1), repository: LOCAL, tag });

describe('what makes an image the one that the next start in local mode runs', () => {
  test('is the local tag', () => {
    assert.deepEqual(plan(), [TAG]);
    assert.deepEqual(plan({ targetId: imageIdOf(1) }), []);
    assert.deepEqual(plan({ images: [GOLDEN] }), [TAG], 'somebody has removed the tag');
    assert.deepEqual(plan({ images: [NAMED] }), [], 'the image is gone');
    assert.deepEqual(plan({ localRepository: undefined }), []);
  });

  test('the shipped image has a name of its own before it loses that one, and gets it back where it has lost it (H17)', () => {
    const bare = imageOf(1, [`${LOCAL}:latest`]);
    assert.deepEqual(plan({ images: [GOLDEN, bare] }), [nameOf('1.0'), TAG]);
    assert.deepEqual(plan({ images: [GOLDEN, bare], targetId: imageIdOf(1) }), [], 'it keeps the tag');
    const taken = imageOf(7, [`${LOCAL}:1.0`]);
    assert.deepEqual(plan({ images: [GOLDEN, bare, taken] })[0], nameOf('shipped-000000000001'));
    const unknown = goldenOf(1, { source: 'shipped', version: '0.0.0' });
    assert.deepEqual(plan({ images: [GOLDEN, bare], shipped: unknown })[0], nameOf('shipped-000000000001'));
    const moved = imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`]);
    assert.deepEqual(plan({ images: [moved, imageOf(1, [])] }), [nameOf('1.0')]);
  });

  test('is the removal of a container that has ended, of another image', () => {
    const withLocal = (state: ContainerState, image = 1, isStarting = false) =>
      plan({
        isStarting,
        images: [imageOf(2, [`${LOCAL}:latest`]), imageOf(1, [`${LOCAL}:1.0`])],
        containers: [
          containerOf(),
          containerOf({ id: 'b'.repeat(64), names: ['snmp'], imageId: imageIdOf(image), state }),
        ],
      });
    for (const state of ['exited', 'dead'] as const)
      assert.deepEqual(withLocal(state), [{ kind: 'remove-local-container', containerId: 'b'.repeat(64) }]);
    for (const state of ['running', 'paused', 'restarting', 'created', 'removing'] as const)
      assert.deepEqual(withLocal(state), []);
    assert.deepEqual(withLocal('exited', 2), []);
    for (const state of ['exited', 'dead', 'created'] as const)
      assert.equal(withLocal(state, 1, true).length, 1, 'as it is about to be started');
    for (const state of ['running', 'paused', 'restarting', 'removing'] as const)
      assert.deepEqual(withLocal(state, 1, true), []);
  });
});
