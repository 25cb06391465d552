import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeUnitState,
  isDownByItself,
  type UnitState,
} from '../../../../src/contract/feature/unit-state.ts';

describe('the state of a unit', () => {
  const SAID: readonly [string, string, UnitState | undefined][] = [
    ['active', 'running', 'active'],
    ['reloading', 'reload', 'active'],
    ['activating', 'start-pre', 'active'],
    ['activating', 'auto-restart', 'restarting'],
    ['activating', 'auto-restart-queued', 'restarting'],
    ['failed', 'failed', 'failed'],
    ['inactive', 'dead', 'inactive'],
    ['deactivating', 'stop', undefined],
    ['maintenance', '', undefined],
  ];
  for (const [active, sub, state] of SAID)
    test(`${active} (${sub}) is ${state ?? 'none that tells anything'}`, () => {
      assert.equal(decodeUnitState(`ActiveState=${active}\nSubState=${sub}\n`), state);
      assert.equal(decodeUnitState(`SubState=${sub}\nActiveState=${active}\n`), state);
    });

  test('a text that makes no sense is none', () => {
    for (const text of ['', 'auto-restart', 'XActiveState=failed', 'ActiveState='])
      assert.equal(decodeUnitState(text), undefined);
  });

  test('is down by itself while systemd waits with the next start, and when it has given up', () => {
    const states = [undefined, 'active', 'inactive', 'restarting', 'failed'] as const;
    assert.deepEqual(states.filter(isDownByItself), ['restarting', 'failed']);
  });
});
