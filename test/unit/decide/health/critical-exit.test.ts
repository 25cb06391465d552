import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideCriticalExit, type CriticalEnd } from '../../../../src/decide/health/critical-exit.ts';

const end: CriticalEnd = {
  process: 'snmpd',
  group: 'snmpd',
  state: 'EXITED',
  exitStatus: 3,
  isExpected: false,
  text: 'snmpd exited with 3',
};

describe('the end of a critical process', () => {
  for (const autoRestart of ['enabled', 'always_enabled', 'Enabled']) {
    for (const state of ['EXITED', 'FATAL'] as const) {
      test(`ends supervisord when it is ${state} and auto_restart is ${autoRestart} (D14)`, () => {
        assert.deepEqual(
          decideCriticalExit({ ...end, state }, { autoRestart, isRebooting: false, mode: 'end' }),
          {
            kind: 'end',
            reason: 'critical process snmpd exited with 3',
          },
        );
      });
    }
  }

  for (const autoRestart of ['disabled', '', 'nonsense', 'not_enabled']) {
    test(`is reported when auto_restart is ${JSON.stringify(autoRestart)}`, () => {
      assert.deepEqual(decideCriticalExit(end, { autoRestart, isRebooting: false, mode: 'end' }), {
        kind: 'report',
        reason: `critical process snmpd exited with 3: the container is not ended, as auto_restart is ${autoRestart}`,
      });
    });
  }

  test('is reported while nobody could tell auto_restart', () => {
    const { kind, reason } = decideCriticalExit(end, {
      autoRestart: undefined,
      isRebooting: false,
      mode: 'end',
    });
    assert.equal(kind, 'report');
    assert.match(reason, /auto_restart is not known yet/);
  });

  test('is reported when another listener does the job', () => {
    const { kind, reason } = decideCriticalExit(end, {
      autoRestart: 'enabled',
      isRebooting: false,
      mode: 'report',
    });
    assert.equal(kind, 'report');
    assert.match(reason, /CTRKIT_CRITICAL_EXIT/);
  });

  test('is reported when it was expected, which the shipped listener says nothing of (D14)', () => {
    const expected = { ...end, exitStatus: 0, isExpected: true, text: 'snmpd exited with 0' };
    assert.deepEqual(
      decideCriticalExit(expected, { autoRestart: 'enabled', isRebooting: false, mode: 'end' }),
      {
        kind: 'report',
        reason: 'critical process snmpd exited with 0: as expected, and nothing starts it again',
      },
    );
  });
});
