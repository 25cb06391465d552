import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findLabelKeyFault, findLabelValueFault } from '../../src/contract/cluster/kubernetes-names.ts';
import { isReservedLabel, type Labels } from '../../src/contract/cluster/node-labels.ts';
import { planNodeLabels, type NodeLabelInput } from '../../src/decide/cluster/plan-node-labels.ts';

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
const inputs = fc
  .record({
    has: labels,
    desired: labels,
    ours: fc.array(key),
    withdrawn: fc.array(key),
    isLeaving: fc.boolean(),
    features: fc.subarray(['a', 'b']),
  })
  .chain(({ has, ...rest }) =>
    fc.record({
      has: fc.constant(has),
      owned: fc.subarray([...Object.keys(has), ...rest.ours]),
      desired: fc.constant(rest.desired),
      withdrawn: fc.subarray([...Object.keys(has), ...rest.withdrawn]),
      isLeaving: fc.constant(rest.isLeaving),
      features: fc.constant(rest.features),
    }),
  )
  .map(({ has, owned, desired, withdrawn, isLeaving, features }): NodeLabelInput => {
    const taken = new Set(withdrawn);
    return {
      node: { labels: has, owned: new Set(owned) },
      desired,
      isWithdrawn: (label) => taken.has(label),
      isLeaving,
      stillNeeded: new Set(),
      features: new Set(isLeaving ? features : []),
    };
  });

/** The node as the API server has it after the writes. */
function apply({ node }: NodeLabelInput, writes: ReturnType<typeof planNodeLabels>['writes']) {
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
  test('it never touches a label that is neither desired nor ours, and takes away none that is desired or not ours', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const write of planNodeLabels(input).writes) {
          const isDesired = Object.hasOwn(input.desired, write.key);
          assert.ok(isDesired || input.node.owned.has(write.key));
          if (write.value === undefined) assert.ok(!isDesired && input.isWithdrawn(write.key));
        }
      }),
    );
  });

  test('what it writes is legal, never Kubernetes’ own, and every key once', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { writes } = planNodeLabels(input);
        for (const write of writes) {
          assert.equal(isReservedLabel(write.key), false);
          if (write.value === undefined) continue;
          assert.equal(findLabelValueFault(write.value), undefined);
          if (Object.hasOwn(input.desired, write.key)) assert.equal(findLabelKeyFault(write.key), undefined);
        }
        assert.equal(new Set(writes.map((write) => write.key)).size, writes.length);
      }),
    );
  });

  test('every desired label is on the node afterwards or is named as refused, and then nothing is left to write', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { writes, refused } = planNodeLabels(input);
        const node = apply(input, writes);
        for (const [desired, text] of Object.entries(input.desired)) {
          if (refused.some((one) => one.key === desired)) continue;
          const wanted = input.isLeaving && isDoor(desired, input) ? 'false' : text;
          assert.equal(node.labels[desired], wanted);
        }
        assert.deepEqual(planNodeLabels({ ...input, node }), { writes: [], refused });
      }),
    );
  });

  test('while leaving no label of ours lets anything in', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const leaving = { ...input, isLeaving: true };
        const { writes, refused } = planNodeLabels(leaving);
        const node = apply(leaving, writes);
        for (const one of node.owned) {
          if (!isDoor(one, input) || isReservedLabel(one)) continue;
          if (refused.some((label) => label.key === one) || !Object.hasOwn(node.labels, one)) continue;
          assert.equal(node.labels[one], 'false', one);
        }
      }),
    );
  });
});
