import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideLocalRepository } from '../../../../src/decide/images/local-repository.ts';

const nothing = { mapped: undefined, containerImage: undefined, remembered: undefined };

test("SONiC's own map of image names comes first: radv is docker-router-advertiser (D17)", () => {
  const known = { ...nothing, mapped: 'docker-router-advertiser', containerImage: 'docker-other:latest' };
  assert.equal(decideLocalRepository('radv', known), 'docker-router-advertiser');
});

test('then the image of the container that has the name of the feature', () => {
  const fromContainer = (containerImage: string) =>
    decideLocalRepository('snmp', { ...nothing, containerImage });
  assert.equal(fromContainer('docker-snmp-2:latest'), 'docker-snmp-2');
  assert.equal(fromContainer('docker-snmp-2'), 'docker-snmp-2');
  assert.equal(fromContainer(`sha256:${'a'.repeat(64)}`), 'docker-snmp');
  assert.equal(fromContainer('NOT A NAME'), 'docker-snmp');
});

test('then where the local image was seen before (H13)', () => {
  const remembered = 'docker-router-advertiser';
  assert.equal(decideLocalRepository('radv', { ...nothing, remembered }), remembered);
  const containerImage = 'docker-other:latest';
  assert.equal(decideLocalRepository('radv', { ...nothing, remembered, containerImage }), 'docker-other');
});

test('then what SONiC calls most images, where that can be a name', () => {
  assert.equal(decideLocalRepository('dhcp_relay', nothing), 'docker-dhcp_relay');
  assert.equal(decideLocalRepository('snmp', { ...nothing, mapped: 'A B' }), 'docker-snmp');
  assert.equal(decideLocalRepository('Snmp', nothing), undefined);
});
