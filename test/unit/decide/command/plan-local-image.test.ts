import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planLocalImage, type LocalImageInput } from '../../../../src/decide/command/plan-local-image.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../src/contract/images/ledger.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import { containerOf, fallbackOf, imageOf, LOCAL, REMOTE } from '../../../support/feature-inputs.ts';

const SHIPPED = imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]);
const GOLDEN = imageOf(2, [`${REMOTE}:2.0`]);
const OLD = containerOf({ id: 'b'.repeat(64), names: ['snmp'], imageId: imageIdOf(1), state: 'exited' });
const REMOVAL = { kind: 'remove-local-container', containerId: OLD.id } as const;
const TAG = { kind: 'tag-as-local', imageId: imageIdOf(2), repository: LOCAL } as const;

const ledgerOf = (changes: Partial<FeatureLedger> = {}): FeatureLedger => ({
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(2),
  shipped: goldenOf(1, { source: 'shipped' }),
  localRepository: LOCAL,
  repositories: [REMOTE],
  ...changes,
});

const plan = (changes: Partial<LocalImageInput> = {}) =>
  planLocalImage({
    feature: 'snmp',
    setOwner: 'kube',
    autoRestart: 'enabled',
    policy: { isDisabled: false, tagNewAsLocal: true },
    isRestartAnnounced: false,
    blockedVersions: new Set(),
    ledger: ledgerOf(),
    localRepository: LOCAL,
    ownedElsewhere: [],
    images: [SHIPPED, GOLDEN],
    containers: [OLD],
    ...changes,
  });
const isLeft = (changes: Partial<LocalImageInput>): void => assert.equal(plan(changes), undefined);

describe('a local container that is about to be started', () => {
  test('goes where it is of another image than the highest standing rung, after the tag', () => {
    assert.deepEqual(plan()?.steps, [TAG, REMOVAL]);
    assert.equal(plan()?.localName, `${LOCAL}:latest`);
    assert.equal(plan()?.target.version, '2.0');
    for (const state of ['created', 'dead'] as const)
      assert.deepEqual(plan({ containers: [{ ...OLD, state }] })?.steps, [TAG, REMOVAL]);
    const mended = [imageOf(1, [`${LOCAL}:1.0`]), imageOf(2, [`${REMOTE}:2.0`, `${LOCAL}:latest`])];
    assert.deepEqual(plan({ images: mended })?.steps, [REMOVAL]);
  });

  test('goes where it is not of the shipped image, without tag_new_as_local', () => {
    const policy = { isDisabled: false, tagNewAsLocal: false };
    isLeft({ policy });
    const changes = { policy, containers: [{ ...OLD, imageId: imageIdOf(2) }] };
    assert.deepEqual(plan(changes)?.steps, [REMOVAL]);
  });

  test('is left as it is while it runs, and where it is of the target', () => {
    for (const state of ['running', 'paused', 'restarting', 'removing'] as const)
      isLeft({ containers: [{ ...OLD, state }] });
    isLeft({ containers: [{ ...OLD, imageId: imageIdOf(2) }] });
    isLeft({ containers: [] });
  });

  test('is left as it is where nothing would start it again, or at once', () => {
    for (const autoRestart of [undefined, '', 'disabled', 'always_disabled']) isLeft({ autoRestart });
    isLeft({ feature: 'database', containers: [{ ...OLD, names: ['database'] }] });
    isLeft({ isRestartAnnounced: true });
  });

  test('is left as it is where the local image is somebody else’s to choose', () => {
    isLeft({ policy: { isDisabled: true, tagNewAsLocal: true } });
    isLeft({ setOwner: 'local' });
    isLeft({ localRepository: undefined });
    isLeft({ ownedElsewhere: [{ feature: 'lldp', repositories: [LOCAL], imageIds: [] }] });
    const loaded = imageOf(7, [`${LOCAL}:latest`, `${LOCAL}:7.0`]);
    isLeft({ images: [loaded, GOLDEN, imageOf(1, [`${LOCAL}:1.0`])] });
    // Kubernetes brought it: whoever put it there had no choice to make.
    const brought = imageOf(7, [`${LOCAL}:latest`, `${REMOTE}:7.0`]);
    const images = [brought, GOLDEN, imageOf(1, [`${LOCAL}:1.0`])];
    assert.deepEqual(plan({ images, setOwner: 'local' })?.steps, [TAG, REMOVAL]);
  });

  test('is left as it is where no rung stands, and is that of the next one where one has failed', () => {
    isLeft({ images: [SHIPPED] });
    isLeft({ ledger: EMPTY_FEATURE_LEDGER });
    isLeft({ ledger: ledgerOf({ golden: undefined, shipped: undefined }) });
    for (const failed of [
      { blockedVersions: new Set(['2.0']) },
      { ledger: ledgerOf({ fallbacks: [fallbackOf(2)] }) },
    ]) {
      isLeft(failed);
      const [step] = plan({ ...failed, containers: [{ ...OLD, imageId: imageIdOf(2) }] })?.steps ?? [];
      assert.deepEqual(step, REMOVAL);
    }
    isLeft({ blockedVersions: new Set(['1.0', '2.0']) });
  });

  test('is left as it is where an image would lose its last name that clean-up does not know', () => {
    const previous = goldenOf(3);
    const images = [imageOf(3, [`${LOCAL}:latest`]), GOLDEN, imageOf(1, [`${LOCAL}:1.0`])];
    isLeft({ images, ledger: ledgerOf({ previous }) });
    const bare = imageOf(1, [`${LOCAL}:latest`]);
    const name = { kind: 'name-image', imageId: imageIdOf(1), repository: LOCAL, tag: '1.0' };
    assert.deepEqual(plan({ images: [bare, GOLDEN] })?.steps, [name, TAG, REMOVAL], 'it gets another one');
  });
});
