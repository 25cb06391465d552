import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeSwitch, type Labels } from '../../../../src/contract/cluster/node-labels.ts';
import { planNodeLabels } from '../../../../src/decide/cluster/plan-node-labels.ts';

interface Input {
  readonly has?: Labels;
  readonly owned?: readonly string[];
  readonly desired?: Labels;
  readonly withdrawn?: readonly string[];
  readonly isLeaving?: boolean;
  readonly needed?: readonly string[];
  readonly features?: readonly string[];
}

const decide = ({ has = {}, owned = [], desired = {}, withdrawn = [], isLeaving = false, ...rest }: Input) =>
  planNodeLabels({
    node: { labels: has, owned: new Set(owned) },
    desired,
    isWithdrawn: (key) => withdrawn.includes(key),
    isLeaving,
    stillNeeded: new Set(rest.needed),
    features: new Set(rest.features),
  });
const writes = (input: Input) => decide(input).writes.map(({ key, value }) => [key, value]);

describe('decideNodeLabels', () => {
  test('writes what is desired and not there, and nothing that is there already', () => {
    const desired = { a_enabled: 'true', b: '1', c: '' };
    assert.deepEqual(writes({ desired }), [
      ['a_enabled', 'true'],
      ['b', '1'],
      ['c', ''],
    ]);
    assert.deepEqual(writes({ desired, has: { ...desired, other: 'x' } }), []);
    assert.deepEqual(writes({ desired, has: { ...desired, b: '2' } }), [['b', '1']]);
  });

  test('a version is blocked before its feature is let in', () => {
    const desired = { a_enabled: 'true', 'z_1.0_enabled': 'false' };
    assert.deepEqual(writes({ desired }), [
      ['z_1.0_enabled', 'false'],
      ['a_enabled', 'true'],
    ]);
  });

  test('one illegal label is named and stops no other (D23)', () => {
    const long = `${'a'.repeat(58)}_enabled`;
    const plan = decide({
      desired: { ok: 'yes', bad: 'a b', 'x y': '1', [long]: 'true', plus: '1.0.0+1', 'A/b/c': '1', '': '1' },
      has: { bad: 'before', plus: 'before' },
      owned: ['bad', 'plus'],
      withdrawn: ['bad', 'plus'],
    });
    assert.deepEqual(plan.writes, [{ key: 'ok', value: 'yes' }]);
    assert.deepEqual(
      plan.refused.map(({ key }) => key),
      ['', 'A/b/c', long, 'bad', 'plus', 'x y'],
    );
    for (const { fault: why } of plan.refused) assert.match(why, /^its (key|value) /);
  });

  test('Kubernetes’ own labels are not written and not taken away, ours or not', () => {
    const reserved = [
      'kubernetes.io/os',
      'k8s.io/x',
      'node-role.kubernetes.io/master',
      'node-restriction.kubernetes.io/x',
    ];
    const labels = Object.fromEntries(reserved.map((key) => [key, 'a']));
    assert.equal(decide({ desired: labels }).refused.length, reserved.length);
    assert.deepEqual(writes({ has: labels, owned: reserved, withdrawn: reserved }), []);
    assert.deepEqual(writes({ desired: { 'mykubernetes.io/x': '1', 'kubernetes.io': '1' } }), [
      ['kubernetes.io', '1'],
      ['mykubernetes.io/x', '1'],
    ]);
  });

  test('takes away what it wrote and nobody desired any more; what others wrote, or was only lost, stays', () => {
    const has = { mine: '1', theirs: '2', lost: '3' };
    assert.deepEqual(writes({ has, owned: ['mine', 'lost'], withdrawn: ['mine', 'theirs'] }), [
      ['mine', undefined],
    ]);
    assert.deepEqual(writes({ has: {}, owned: ['mine'], withdrawn: ['mine'] }), []);
  });

  test('a silent CONFIG_DB takes away no description: a DaemonSet may select by it', () => {
    const has = describeSwitch({ hwsku: 'S6000', platform: 'x86' }, '202305');
    const keys = Object.keys(has);
    assert.deepEqual(writes({ has, owned: keys, withdrawn: keys }), []);
  });

  test('while leaving nothing is let in, desired or left over, and what others wrote stays', () => {
    const input = {
      isLeaving: true,
      desired: { a_enabled: 'true', a_1_enabled: 'true', rack: 'r7' },
      has: { b_enabled: 'true', c_enabled: 'true', d_enabled: 'false', old: '1' },
      owned: ['b_enabled', 'd_enabled', 'old'],
      withdrawn: ['b_enabled'],
    };
    assert.deepEqual(writes(input), [
      ['a_1_enabled', 'false'],
      ['a_enabled', 'false'],
      ['b_enabled', 'false'],
      ['rack', 'r7'],
    ]);
  });

  test('while leaving, what is needed still is let in', () => {
    const input = {
      isLeaving: true,
      desired: { a_enabled: 'true', b_enabled: 'true' },
      needed: ['a_enabled'],
    };
    assert.deepEqual(writes(input), [
      ['b_enabled', 'false'],
      ['a_enabled', 'true'],
    ]);
  });

  test('while leaving, labels of versions stay as they are: what runs by one is not thrown out', () => {
    const desired = { snmp_enabled: 'true', 'snmp_1.0_enabled': 'true', 'snmp_2.0_enabled': 'false' };
    const input = { isLeaving: true, has: desired, desired, needed: ['snmp_enabled'], features: ['snmp'] };
    assert.deepEqual(writes(input), []);
    assert.deepEqual(writes({ ...input, needed: [] }), [['snmp_enabled', 'false']]);
    // A name may begin with another: a feature's own label is shut.
    const other = { snmp_trap_enabled: 'true' };
    assert.deepEqual(writes({ isLeaving: true, desired: other, features: ['snmp', 'snmp_trap'] }), [
      ['snmp_trap_enabled', 'false'],
    ]);
    const left = { isLeaving: true, has: { 'snmp_1.0_enabled': 'true' }, owned: ['snmp_1.0_enabled'] };
    assert.deepEqual(writes({ ...left, features: ['snmp'] }), []);
  });

  test('names of an object’s own members are labels like others', () => {
    assert.deepEqual(writes({ desired: { constructor: 'x' } }), [['constructor', 'x']]);
    assert.deepEqual(writes({ has: { toString: 'x' }, owned: ['toString'], withdrawn: ['toString'] }), [
      ['toString', undefined],
    ]);
  });
});
