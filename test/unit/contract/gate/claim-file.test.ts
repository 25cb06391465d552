import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeStoredClaim, encodeStoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { isContainerId, isFeatureName, isVersion } from '../../../../src/contract/names.ts';
import { runsOf } from '../../../support/run-counts.ts';
import { claimOf } from '../../../support/claims.ts';

const claim = claimOf({
  startedMs: 123_456,
  hasStarted: true,
  containerStart: 'boot-1/42',
  redisUrl: 'redis://user:pass@host:6379',
  isMirrored: true,
});

const withField = (field: string, value: unknown): string =>
  JSON.stringify({ ...(JSON.parse(encodeStoredClaim(claim)) as object), [field]: value });

describe('claim.json', () => {
  test('what the gate writes is what the agent reads', () => {
    assert.deepEqual(decodeStoredClaim(encodeStoredClaim(claim)), claim);
    const other = {
      ...claim,
      owner: 'local',
      isRecorded: false,
      hasStarted: false,
      isMirrored: false,
      isOutside: false,
      redisUrl: '',
    } as const;
    assert.deepEqual(decodeStoredClaim(encodeStoredClaim(other)), other);
    const released = { ...claim, isReplaced: true, isReleased: true };
    assert.deepEqual(decodeStoredClaim(encodeStoredClaim(released)), released);
  });

  test('it is one line of JSON', () => {
    assert.match(encodeStoredClaim({ ...claim, redisUrl: 'a\nb' }), /^\{.*\}\n$/);
  });

  const hostile: Readonly<Record<string, readonly unknown[]>> = {
    feature: ['', 'a|b', 'a b', '../etc', 'a'.repeat(33), 7, null, ['snmp'], { toString: 'snmp' }],
    owner: ['', 'none', 'Kube', 'root', null, 1, ['kube']],
    version: ['', '1 0', '1|0', '1\n', 'v'.repeat(129), 1.2, null],
    docker_id: ['', 'a|b', '*', 'a'.repeat(65), null, 12],
    token: ['', null, 5, ['token'], {}],
  };
  for (const [field, values] of Object.entries(hostile))
    test(`a ${field} that is not legal makes it no claim`, () => {
      for (const value of values)
        assert.equal(decodeStoredClaim(withField(field, value)), undefined, JSON.stringify(value));
    });

  test('a missing field that names who holds what makes it no claim', () => {
    for (const field of ['feature', 'owner', 'version', 'docker_id', 'token'])
      assert.equal(decodeStoredClaim(withField(field, undefined)), undefined, field);
  });

  test('what is odd in the rest is taken for its default', () => {
    const odd = [
      ['started_ms', 'yesterday', { startedMs: 0 }],
      ['recorded', 'true', { isRecorded: false }],
      ['recorded', undefined, { isRecorded: false }],
      ['mirrored', 1, { isMirrored: false }],
      ['outside', 'yes', { isOutside: false }],
      ['replaced', 1, { isReplaced: false }],
      ['released', 'true', { isReleased: false }],
      ['container_start', 7, { containerStart: '' }],
      ['redis_url', null, { redisUrl: '' }],
    ] as const;
    for (const [field, value, expected] of odd)
      assert.deepEqual(decodeStoredClaim(withField(field, value)), { ...claim, ...expected });
  });

  test('an empty, half-written or foreign text is no claim', () => {
    const text = encodeStoredClaim(claim);
    const foreign = ['', '\0', 'null', '[]', '7', '"claim"', '{}', '[{"feature":"snmp"}]', text + text];
    for (const one of foreign) assert.equal(decodeStoredClaim(one), undefined, one);
    for (let length = 0; length < text.length - 2; length++)
      assert.equal(decodeStoredClaim(text.slice(0, length)), undefined);
  });

  test('members that every object has are no fields of it', () => {
    assert.equal(decodeStoredClaim('{"__proto__":{"feature":"snmp","owner":"kube"}}'), undefined);
  });

  test('whatever the text, what is taken for a claim may go into a key', () => {
    const some = fc.oneof(
      fc.string(),
      fc.constantFrom('snmp', 'kube', 'local', '1.0', 'abc'),
      fc.jsonValue(),
    );
    const record = fc.record(
      { feature: some, owner: some, version: some, docker_id: some, token: some, started_ms: some },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      record.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (one) => {
        const decoded = decodeStoredClaim(one);
        if (decoded === undefined) return;
        assert.ok(isFeatureName(decoded.feature) && isVersion(decoded.version));
        assert.ok(isContainerId(decoded.dockerId) && decoded.token !== '');
        assert.ok(decoded.owner === 'local' || decoded.owner === 'kube');
      }),
      runsOf(2_000),
    );
  });
});
