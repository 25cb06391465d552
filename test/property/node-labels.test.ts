import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findLabelKeyFault, findLabelValueFault } from '../../src/contract/cluster/kubernetes-names.ts';
import { isReservedLabel, type Labels } from '../../src/contract/cluster/node-labels.ts';
import { decideNodeLabels, type NodeLabelInput } from '../../src/decide/cluster/plan-node-labels.ts';

const key = fc.oneof(
  fc.constantFrom(
    'a_enabled',
    'a_1.0_enabled',
    'a_local',
    'b_enabled',
    'hwsku',
    'worker.sonic/hwsku',
    'rack',
  ),
  fc.constantFrom('kubernetes.io/os', 'x.k8s.io/y', 'bad key', '__proto__', 'constructor', 'a/b/c', ''),
  fc.string({ maxLength: 70 }),
);
const value = fc.oneof(
  fc.constantFrom('true', 'false', '', '1.0', 'a b', '1+1'),
  fc.string({ maxLength: 70 }),
);
const labels = fc.dictionary(key, value, { maxKeys: 12, noNullPrototype: true });
const scenes = fc
  .record({
    has: labels,
    wishes: labels,
    ours: fc.array(key),
    gone: fc.array(key),
    isLeaving: fc.boolean(),
    features: fc.subarray(['a', 'b']),
  })
  .chain(({ has, ...rest }) =>
    fc.record({
      has: fc.constant(has),
      owned: fc.subarray([...Object.keys(has), ...rest.ours]),
      wishes: fc.constant(rest.wishes),
      gone: fc.subarray([...Object.keys(has), ...rest.gone]),
      isLeaving: fc.constant(rest.isLeaving),
      features: fc.constant(rest.features),
    }),
  )
  .map(({ has, owned, wishes, gone, isLeaving, features }): NodeLabelInput => {
    const taken = new Set(gone);
    return {
      node: { labels: has, owned: new Set(owned) },
      wishes,
      isGone: (one) => taken.has(one),
      isLeaving,
      stillNeeded: new Set(),
      features: new Set(isLeaving ? features : []),
    };
  });

/** The node as the API server has it after the writes. */
function apply({ node }: NodeLabelInput, writes: ReturnType<typeof decideNodeLabels>['writes']) {
  const after = new Map(Object.entries(node.labels));
  const owned = new Set(node.owned);
  for (const write of writes) {
    if (write.value === undefined) {
      after.delete(write.key);
      owned.delete(write.key);
    } else {
      after.set(write.key, write.value);
      owned.add(write.key);
    }
  }
  return { labels: Object.fromEntries(after) as Labels, owned };
}

/** But for labels of a feature's versions. */
const isDoor = (one: string, { features }: NodeLabelInput): boolean =>
  one.endsWith('_enabled') &&
  !(features.has(one.slice(0, 1)) && /^[ab]_[A-Za-z0-9][A-Za-z0-9._-]*_enabled$/.test(one));

describe('the laws of decideNodeLabels', () => {
  test('it never touches a label that is neither wished nor ours, and takes away none that is wished or not ours', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        for (const write of decideNodeLabels(scene).writes) {
          const isWished = Object.hasOwn(scene.wishes, write.key);
          assert.ok(isWished || scene.node.owned.has(write.key));
          if (write.value === undefined) assert.ok(!isWished && scene.isGone(write.key));
        }
      }),
    );
  });

  test('what it writes is legal, never Kubernetes’ own, and every key once', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { writes } = decideNodeLabels(scene);
        for (const write of writes) {
          assert.equal(isReservedLabel(write.key), false);
          if (write.value === undefined) continue;
          assert.equal(findLabelValueFault(write.value), undefined);
          if (Object.hasOwn(scene.wishes, write.key)) assert.equal(findLabelKeyFault(write.key), undefined);
        }
        assert.equal(new Set(writes.map((write) => write.key)).size, writes.length);
      }),
    );
  });

  test('every wish is on the node afterwards or is named as refused, and then nothing is left to write', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { writes, refused } = decideNodeLabels(scene);
        const node = apply(scene, writes);
        for (const [wished, text] of Object.entries(scene.wishes)) {
          if (refused.some((one) => one.key === wished)) continue;
          const wanted = scene.isLeaving && isDoor(wished, scene) ? 'false' : text;
          assert.equal(node.labels[wished], wanted);
        }
        assert.deepEqual(decideNodeLabels({ ...scene, node }), { writes: [], refused });
      }),
    );
  });

  test('while leaving no label of ours lets anything in', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const leaving = { ...scene, isLeaving: true };
        const { writes, refused } = decideNodeLabels(leaving);
        const node = apply(leaving, writes);
        for (const one of node.owned) {
          if (!isDoor(one, scene) || isReservedLabel(one)) continue;
          if (refused.some((label) => label.key === one) || !Object.hasOwn(node.labels, one)) continue;
          assert.equal(node.labels[one], 'false', one);
        }
      }),
    );
  });
});
