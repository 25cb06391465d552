import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findOwnIdentity } from '../../../../src/decide/gate/own-identity.ts';
import type { IdentityEvidence } from '../../../../src/contract/gate/identity-evidence.ts';

const NOTHING: IdentityEvidence = {
  feature: '',
  featureFile: '',
  containerName: '',
  namespaceId: '',
  runtimeOwner: '',
  imageVersion: '',
  isInPod: false,
};
const find = (evidence: Partial<IdentityEvidence>) => findOwnIdentity({ ...NOTHING, ...evidence });

describe('what a container is, where nobody has asked the gate', () => {
  const names: readonly (readonly [Partial<IdentityEvidence>, string | undefined])[] = [
    [{}, undefined],
    [{ feature: 'eventd', featureFile: 'nat\n', containerName: 'p4rt' }, 'eventd'],
    [{ featureFile: 'nat\n', containerName: 'p4rt' }, 'nat'],
    [{ containerName: 'p4rt' }, 'p4rt'],
    [{ containerName: 'lldp0', namespaceId: '0' }, 'lldp'],
    [{ containerName: 'syncd11', namespaceId: '11' }, 'syncd'],
    [{ containerName: 'lldp0' }, 'lldp0'],
    [{ containerName: 'database-chassis', namespaceId: '' }, 'database-chassis'],
    [{ containerName: '0', namespaceId: '0' }, undefined],
    [{ featureFile: '\n' }, undefined],
    [{ featureFile: '  eventd  ' }, 'eventd'],
  ];
  for (const [evidence, feature] of names)
    test(`${JSON.stringify(evidence)} is ${feature ?? 'nameless'}`, () =>
      assert.deepEqual([find(evidence).feature, find(evidence).problems], [feature, []]));

  test('a name that is none is passed over, and told', () => {
    const { feature, problems } = find({ feature: 'a|b', featureFile: 'two\nlines', containerName: 'snmp' });
    assert.equal(feature, 'snmp');
    assert.deepEqual(problems, [
      "CTRKIT_FEATURE is no feature's name",
      "/etc/ctrkit/feature is no feature's name",
    ]);
  });

  for (const [runtimeOwner, isInPod, owner, count] of [
    ['', false, 'local', 0],
    ['', true, 'kube', 0],
    ['local', true, 'local', 0],
    ['kube', false, 'kube', 0],
    ['Kube', true, 'kube', 1],
    ['none', false, 'kube', 1],
    ['KUBE', false, 'kube', 1],
    ['kube ', false, 'kube', 1],
    ['Local', false, 'kube', 1],
  ] as const)
    test(`RUNTIME_OWNER "${runtimeOwner}" ${isInPod ? 'in a pod' : 'elsewhere'} is owner ${owner}`, () => {
      const found = find({ runtimeOwner, isInPod });
      assert.deepEqual([found.owner, found.problems.length], [owner, count]);
    });

  for (const [imageVersion, version, count] of [
    ['', '0.0.0', 0],
    ['1.4.0', '1.4.0', 0],
    ['1 4', '0.0.0', 1],
  ] as const)
    test(`IMAGE_VERSION "${imageVersion}" is version ${version}`, () => {
      const found = find({ imageVersion });
      assert.deepEqual([found.version, found.problems.length], [version, count]);
      assert.equal(found.isVersionSet, imageVersion !== '');
    });
});
