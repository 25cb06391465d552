import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeSwitch, type Labels } from '../../../../src/contract/cluster/node-labels.ts';
import { EMPTY_FEATURE_LEDGER, type GoldenImage } from '../../../../src/contract/images/ledger.ts';
import { decideNodeLabels, gatherDesiredLabels } from '../../../../src/decide/cluster/plan-node-labels.ts';

interface Scene {
  readonly has?: Labels;
  readonly owned?: readonly string[];
  readonly wishes?: Labels;
  readonly gone?: readonly string[];
  readonly isLeaving?: boolean;
  readonly needed?: readonly string[];
  readonly features?: readonly string[];
}

const decide = ({ has = {}, owned = [], wishes = {}, gone = [], isLeaving = false, ...rest }: Scene) =>
  decideNodeLabels({
    node: { labels: has, owned: new Set(owned) },
    wishes,
    isGone: (key) => gone.includes(key),
    isLeaving,
    stillNeeded: new Set(rest.needed),
    features: new Set(rest.features),
  });
const writes = (scene: Scene) => decide(scene).writes.map(({ key, value }) => [key, value]);

describe('decideNodeLabels', () => {
  test('writes what is wished and not there, and nothing that is there already', () => {
    const wishes = { a_enabled: 'true', b: '1', c: '' };
    assert.deepEqual(writes({ wishes }), [
      ['a_enabled', 'true'],
      ['b', '1'],
      ['c', ''],
    ]);
    assert.deepEqual(writes({ wishes, has: { ...wishes, other: 'x' } }), []);
    assert.deepEqual(writes({ wishes, has: { ...wishes, b: '2' } }), [['b', '1']]);
  });

  test('a version is blocked before its feature is let in', () => {
    const wishes = { a_enabled: 'true', 'z_1.0_enabled': 'false' };
    assert.deepEqual(writes({ wishes }), [
      ['z_1.0_enabled', 'false'],
      ['a_enabled', 'true'],
    ]);
  });

  test('one illegal label is named and stops no other (D23)', () => {
    const long = `${'a'.repeat(58)}_enabled`;
    const plan = decide({
      wishes: { ok: 'yes', bad: 'a b', 'x y': '1', [long]: 'true', plus: '1.0.0+1', 'A/b/c': '1', '': '1' },
      has: { bad: 'before', plus: 'before' },
      owned: ['bad', 'plus'],
      gone: ['bad', 'plus'],
    });
    assert.deepEqual(plan.writes, [{ key: 'ok', value: 'yes' }]);
    assert.deepEqual(
      plan.refused.map(({ key }) => key),
      ['', 'A/b/c', long, 'bad', 'plus', 'x y'],
    );
    for (const { why } of plan.refused) assert.match(why, /^its (key|value) /);
  });

  test('Kubernetes’ own labels are not written and not taken away, ours or not', () => {
    const reserved = [
      'kubernetes.io/os',
      'k8s.io/x',
      'node-role.kubernetes.io/master',
      'node-restriction.kubernetes.io/x',
    ];
    const labels = Object.fromEntries(reserved.map((key) => [key, 'a']));
    assert.equal(decide({ wishes: labels }).refused.length, reserved.length);
    assert.deepEqual(writes({ has: labels, owned: reserved, gone: reserved }), []);
    assert.deepEqual(writes({ wishes: { 'mykubernetes.io/x': '1', 'kubernetes.io': '1' } }), [
      ['kubernetes.io', '1'],
      ['mykubernetes.io/x', '1'],
    ]);
  });

  test('takes away what it wrote and nobody wishes any more; what others wrote, or was only forgotten, stays', () => {
    const has = { mine: '1', theirs: '2', forgotten: '3' };
    assert.deepEqual(writes({ has, owned: ['mine', 'forgotten'], gone: ['mine', 'theirs'] }), [
      ['mine', undefined],
    ]);
    assert.deepEqual(writes({ has: {}, owned: ['mine'], gone: ['mine'] }), []);
  });

  test('a silent CONFIG_DB takes away no description: a DaemonSet may select by it', () => {
    const has = describeSwitch({ hwsku: 'S6000', platform: 'x86' }, '202305');
    const keys = Object.keys(has);
    assert.deepEqual(writes({ has, owned: keys, gone: keys }), []);
  });

  test('while leaving nothing is let in, wished or left over, and what others wrote stays', () => {
    const scene = {
      isLeaving: true,
      wishes: { a_enabled: 'true', a_1_enabled: 'true', rack: 'r7' },
      has: { b_enabled: 'true', c_enabled: 'true', d_enabled: 'false', old: '1' },
      owned: ['b_enabled', 'd_enabled', 'old'],
      gone: ['b_enabled'],
    };
    assert.deepEqual(writes(scene), [
      ['a_1_enabled', 'false'],
      ['a_enabled', 'false'],
      ['b_enabled', 'false'],
      ['rack', 'r7'],
    ]);
  });

  test('while leaving, what is needed still is let in', () => {
    const scene = {
      isLeaving: true,
      wishes: { a_enabled: 'true', b_enabled: 'true' },
      needed: ['a_enabled'],
    };
    assert.deepEqual(writes(scene), [
      ['b_enabled', 'false'],
      ['a_enabled', 'true'],
    ]);
  });

  test('while leaving, labels of versions stay as they are: what runs by one is not thrown out', () => {
    const wishes = { snmp_enabled: 'true', 'snmp_1.0_enabled': 'true', 'snmp_2.0_enabled': 'false' };
    const scene = { isLeaving: true, has: wishes, wishes, needed: ['snmp_enabled'], features: ['snmp'] };
    assert.deepEqual(writes(scene), []);
    assert.deepEqual(writes({ ...scene, needed: [] }), [['snmp_enabled', 'false']]);
    // A name may begin with another: a feature's own label is shut.
    const other = { snmp_trap_enabled: 'true' };
    assert.deepEqual(writes({ isLeaving: true, wishes: other, features: ['snmp', 'snmp_trap'] }), [
      ['snmp_trap_enabled', 'false'],
    ]);
    const left = { isLeaving: true, has: { 'snmp_1.0_enabled': 'true' }, owned: ['snmp_1.0_enabled'] };
    assert.deepEqual(writes({ ...left, features: ['snmp'] }), []);
  });

  test('names of an object’s own members are labels like others', () => {
    assert.deepEqual(writes({ wishes: { constructor: 'x' } }), [['constructor', 'x']]);
    assert.deepEqual(writes({ has: { toString: 'x' }, owned: ['toString'], gone: ['toString'] }), [
      ['toString', undefined],
    ]);
  });
});

describe('gatherDesiredLabels', () => {
  const golden = (version: string, source: GoldenImage['source']) => ({
    ...EMPTY_FEATURE_LEDGER,
    golden: { imageId: 'sha256:1', references: [], version, source, sinceTs: 1 },
  });

  test('names the golden version, certified or the switch’s own', () => {
    const ledger = {
      snmp: golden('2.0', 'certified'),
      lldp: golden('1.0', 'shipped'),
      bgp: golden('', 'shipped'),
      pmon: EMPTY_FEATURE_LEDGER,
    };
    assert.deepEqual(gatherDesiredLabels({ labels: {}, ledger, description: {} }), {
      snmp_golden: '2.0',
      lldp_golden: '1.0',
    });
  });

  test('a version that was fallen back from is told by a label of its own, not blocked: the rollout has to stop there', () => {
    const fallbacks = ['1.9', '2.0'].map((version) => ({
      imageId: `sha256:${version}`,
      version,
      reason: '',
      sinceTs: 1,
      bootId: '',
      bootMs: 1,
      isDone: true,
    }));
    const ledger = { snmp: { ...golden('1.0', 'certified'), fallbacks } };
    const labels = { snmp_enabled: 'true', 'snmp_1.9_enabled': 'true', 'snmp_2.0_enabled': 'False' };
    assert.deepEqual(gatherDesiredLabels({ labels, ledger, description: {} }), {
      snmp_golden: '1.0',
      snmp_failed: '2.0',
      snmp_enabled: 'true',
      'snmp_1.9_enabled': 'true',
    });
  });

  test('SONiC’s True and False are written as a selector asks for them, and only there', () => {
    const labels = { snmp_enabled: 'True', 'snmp_3.0_enabled': 'False', rack: 'False' };
    assert.deepEqual(gatherDesiredLabels({ labels, ledger: {}, description: {} }), {
      snmp_enabled: 'true',
      'snmp_3.0_enabled': 'false',
      rack: 'False',
    });
  });

  test('KUBE_LABELS wins over what the daemon itself would say', () => {
    const sources = { ledger: { snmp: golden('2.0', 'certified') }, description: { hwsku: 'a', rack: 'b' } };
    assert.deepEqual(gatherDesiredLabels({ ...sources, labels: { hwsku: 'mine', snmp_golden: 'mine' } }), {
      hwsku: 'mine',
      snmp_golden: 'mine',
      rack: 'b',
    });
  });
});

describe('describeSwitch', () => {
  test('spells SONiC’s names and the HLD’s, and leaves out what nobody says', () => {
    assert.deepEqual(
      describeSwitch({ hwsku: 'S', platform: 'P', type: 'ToRRouter', deployment_type: '1' }, 'V'),
      {
        sonic_version: 'V',
        hwsku: 'S',
        deployment_type: '1',
        'worker.sonic/platform': 'P',
        'worker.sonic/hwsku': 'S',
        'worker.sonic/device-type': 'ToRRouter',
      },
    );
    assert.deepEqual(describeSwitch({ hwsku: '' }, ''), {});
  });
});
