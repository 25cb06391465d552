import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeCallerState,
  findStoppedCaller,
} from '../../../../../src/container/adapters/proc/stopped-caller.ts';

const status = (state: string, { own = '0', shared = '0' } = {}): string =>
  `Name:\tstart.sh\nState:\t${state}\nSigPnd:\t${own.padStart(16, '0')}\nShdPnd:\t${shared.padStart(16, '0')}\n`;

test('the state of a process, and which signals wait for it', () => {
  assert.equal(decodeCallerState(status('T (stopped)')), 'stopped');
  assert.equal(decodeCallerState(status('t (tracing stop)')), 'stopped');
  assert.equal(decodeCallerState(status('S (sleeping)')), 'running');
  assert.equal(decodeCallerState(status('Z (zombie)')), 'gone');
  for (const signal of [1, 2, 3, 10, 12, 15]) {
    const mask = (1 << (signal - 1)).toString(16);
    assert.equal(decodeCallerState(status('T (stopped)', { shared: mask })), 'asked-to-end');
    assert.equal(decodeCallerState(status('T (stopped)', { own: mask })), 'asked-to-end');
  }
  // SIGCHLD, and the last real-time signal.
  for (const mask of ['10000', '8000000000000000'])
    assert.equal(decodeCallerState(status('T (stopped)', { shared: mask })), 'stopped');
});

test('only a parent that the drop-in names was stopped by it', () => {
  const env = { CTRKIT_CALLER_PID: String(process.ppid), CTRKIT_CALLER_STOPPED: '1' };
  assert.ok(findStoppedCaller(env));
  assert.equal(findStoppedCaller({ ...env, CTRKIT_CALLER_PID: '1' + env.CTRKIT_CALLER_PID }), undefined);
  assert.equal(findStoppedCaller({ ...env, CTRKIT_CALLER_STOPPED: '' }), undefined);
});
