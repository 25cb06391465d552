import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchesIdOrName } from '../../../../src/contract/images/engine.ts';

const ID = `bed${'0'.repeat(61)}`;
const CONTAINER = { id: ID, names: ['snmp'] };

describe('the container that a record names', () => {
  test('is known by its whole id, its short id, or a name', () => {
    for (const recorded of [ID, ID.slice(0, 12), 'snmp'])
      assert.equal(matchesIdOrName(CONTAINER, recorded), true, recorded);
  });

  test('is not known by the first digits of its id, which may be the name of a feature', () => {
    for (const recorded of ['bed', 'b', '', ID.slice(0, 11), ID.slice(0, 13), 'unknown', 'snm'])
      assert.equal(matchesIdOrName(CONTAINER, recorded), false, recorded);
    assert.equal(matchesIdOrName({ id: 'f'.repeat(64), names: ['bed'] }, 'bed'), true);
  });
});
