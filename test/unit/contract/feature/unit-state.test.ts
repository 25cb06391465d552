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

  test('a unit that an operator stopped is inactive, also where the stop failed, and one that is masked (H5)', () => {
    const decode = (more: string) => decodeUnitState(`ActiveState=failed\nSubState=failed\n${more}`);
    const crashed = 'LoadState=loaded\nResult=exit-code\nExecMainCode=1\nExecMainStatus=1\n';
    const limited = 'LoadState=loaded\nResult=start-limit-hit\nExecMainCode=1\nExecMainStatus=0\n';
    const startTooLong = 'LoadState=loaded\nResult=timeout\nExecMainCode=0\nExecMainStatus=0\n';
    const killed = 'LoadState=loaded\nResult=signal\nExecMainCode=2\nExecMainStatus=9\n';
    for (const text of [crashed, limited, startTooLong, killed]) assert.equal(decode(text), 'failed', text);
    const stopFailed = 'LoadState=loaded\nResult=exit-code\nExecMainCode=1\nExecMainStatus=0\n';
    const stopTooLong = 'LoadState=loaded\nResult=timeout\nExecMainCode=2\nExecMainStatus=15\n';
    const masked = crashed.replace('loaded', 'masked');
    for (const text of [stopFailed, stopTooLong, masked]) assert.equal(decode(text), 'inactive', text);
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
