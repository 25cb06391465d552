import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSettings } from '../../../src/container/settings.ts';

describe('the environment of the container side', () => {
  test('an empty one gives the defaults of the contract', () => {
    assert.deepEqual(readSettings({}), {
      redisUrl: '',
      namespaceId: '',
      runDir: '/run/ctrkit',
      heartbeatIntervalMs: 10_000,
      localDbWaitMs: 60_000,
      releaseAfterMs: 6_000,
      isHeldReady: false,
      criticalExit: 'end',
      ungated: 'end',
      configDir: '/etc/ctrkit',
      supervisorDir: '/etc/supervisor',
      httpAddress: '',
      warnings: [],
    });
  });

  test('each setting is read from its own variable', () => {
    const settings = readSettings({
      CTRKIT_REDIS: 'unix:///r.sock',
      NAMESPACE_ID: '1',
      CTRKIT_RUN_DIR: '/tmp/run',
      CTRKIT_HEARTBEAT_INTERVAL: '500ms',
      CTRKIT_LOCAL_DB_WAIT: '2m',
      CTRKIT_RELEASE_AFTER: '3',
      CTRKIT_HELD_READY: '1',
      CTRKIT_CRITICAL_EXIT: 'report',
      CTRKIT_UNGATED: 'report',
      CTRKIT_CONFIG_DIR: '/tmp/etc',
      CTRKIT_SUPERVISOR_DIR: '/tmp/supervisor',
      CTRKIT_HTTP: '127.0.0.1:8080',
    });
    assert.deepEqual(settings, {
      redisUrl: 'unix:///r.sock',
      namespaceId: '1',
      runDir: '/tmp/run',
      heartbeatIntervalMs: 500,
      localDbWaitMs: 120_000,
      releaseAfterMs: 3_000,
      isHeldReady: true,
      criticalExit: 'report',
      ungated: 'report',
      configDir: '/tmp/etc',
      supervisorDir: '/tmp/supervisor',
      httpAddress: '127.0.0.1:8080',
      warnings: [],
    });
  });

  test('an empty variable is as good as none', () => {
    const empty = {
      CTRKIT_REDIS: '',
      NAMESPACE_ID: '',
      CTRKIT_RUN_DIR: '',
      CTRKIT_HEARTBEAT_INTERVAL: '',
      CTRKIT_LOCAL_DB_WAIT: '',
      CTRKIT_RELEASE_AFTER: '',
      CTRKIT_HELD_READY: '',
      CTRKIT_CRITICAL_EXIT: '',
      CTRKIT_UNGATED: '',
      CTRKIT_CONFIG_DIR: '',
      CTRKIT_SUPERVISOR_DIR: '',
      CTRKIT_HTTP: '',
    };
    assert.deepEqual(readSettings(empty), readSettings({}));
  });

  const limits = [
    ['CTRKIT_HEARTBEAT_INTERVAL', 'heartbeatIntervalMs', '100ms', 100, '600', 600_000],
    ['CTRKIT_LOCAL_DB_WAIT', 'localDbWaitMs', '0', 0, '1d', 86_400_000],
    ['CTRKIT_RELEASE_AFTER', 'releaseAfterMs', '0', 0, '10m', 600_000],
  ] as const;
  for (const [name, member, least, leastMs, most, mostMs] of limits) {
    test(`${name} is read from ${least} to ${most}`, () => {
      for (const [text, ms] of [
        [least, leastMs],
        [most, mostMs],
      ] as const) {
        const settings = readSettings({ [name]: text });
        assert.deepEqual([settings[member], settings.warnings], [ms, []]);
      }
    });

    test(`${name} beyond its limits, or that is none, is told and left at its default`, () => {
      const wrong = [
        `${mostMs + 1}ms`,
        '-1',
        'soon',
        '1 s',
        '10seconds',
        ...(leastMs > 0 ? [`${leastMs - 1}ms`, '0'] : []),
      ];
      for (const text of wrong) {
        const settings = readSettings({ [name]: text });
        assert.equal(settings[member], readSettings({})[member], text);
        assert.equal(settings.warnings.length, 1, text);
        assert.match(
          settings.warnings[0] ?? '',
          new RegExp(`^${name} is .*${text}.*write a number of seconds`),
        );
      }
    });
  }

  const choices = [
    ['CTRKIT_HELD_READY', 'isHeldReady', { '0': false, '1': true }, ['yes', 'true', '2', ' 1']],
    [
      'CTRKIT_CRITICAL_EXIT',
      'criticalExit',
      { end: 'end', report: 'report' },
      ['End', 'none', 'report ', 'off'],
    ],
    ['CTRKIT_UNGATED', 'ungated', { end: 'end', report: 'report' }, ['allow', 'off']],
  ] as const;
  for (const [name, member, legal, wrong] of choices) {
    test(`${name} is one of its words, and any other is told and left at its default`, () => {
      for (const [text, value] of Object.entries(legal)) {
        const settings = readSettings({ [name]: text });
        assert.deepEqual([settings[member], settings.warnings], [value, []]);
      }
      for (const text of wrong) {
        const settings = readSettings({ [name]: text });
        assert.equal(settings[member], readSettings({})[member], text);
        assert.equal(settings.warnings.length, 1);
        assert.match(
          settings.warnings[0] ?? '',
          new RegExp(`^${name} is "${text}": write \\w+ or \\w+; using`),
        );
      }
    });
  }

  test('each wrong setting has a warning of its own', () => {
    const { warnings } = readSettings({ CTRKIT_HEARTBEAT_INTERVAL: 'x', CTRKIT_RELEASE_AFTER: 'y' });
    assert.equal(warnings.length, 2);
  });

  test('a warning shows the beginning of a long text only', () => {
    const { warnings } = readSettings({ CTRKIT_LOCAL_DB_WAIT: 'x'.repeat(5_000) });
    assert.ok((warnings[0]?.length ?? 0) < 250);
  });
});
