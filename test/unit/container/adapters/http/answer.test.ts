import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerRequest } from '../../../../../src/container/adapters/http/answer.ts';
import type { HealthReport } from '../../../../../src/contract/health/health-report.ts';
import { reportOf } from './report.ts';

const ask = (target: string, changes?: Partial<HealthReport>, method = 'GET') =>
  answerRequest(method, target, () => reportOf(changes));

const UNREADY: Partial<HealthReport> = {
  status: 'unhealthy',
  reason: 'snmpd is not running',
  answers: { startup: 0, readiness: 10, liveness: 10 },
  checks: [
    { name: 'start', kind: 'required', result: 'ok', sinceMs: 0, message: '' },
    { name: 'processes', kind: 'required', result: 'failing', sinceMs: 0, message: 'snmpd is not running' },
    { name: 'disk', kind: 'wanted', result: 'failing', sinceMs: 0, message: '97 % full' },
    { name: 'peer', kind: 'required', result: 'unknown', sinceMs: 0, message: 'no answer within 5 s' },
    { name: 'memory', kind: 'wanted', result: 'ok', sinceMs: 0, message: '40 % of 512 MB' },
  ],
};

describe('an HTTP answer', () => {
  test('is 200 ok where the probe’s answer is yes', () => {
    for (const target of ['/startupz', '/readyz', '/livez']) {
      const { status, body, contentType } = ask(target);
      assert.deepEqual([status, body, contentType], [200, 'ok\n', 'text/plain; charset=utf-8'], target);
    }
  });

  test('is 503 with the code and the reason where it is no, each probe by its own answer', () => {
    const answers = { startup: 2, readiness: 12, liveness: 10 };
    for (const [target, body] of [
      ['/startupz', 'not started (2): why\n'],
      ['/readyz', 'not ready (12): why\n'],
      ['/livez', 'not live (10): why\n'],
    ] as const) {
      const found = ask(target, { answers, reason: 'why' });
      assert.deepEqual([found.status, found.body], [503, body]);
    }
    assert.equal(ask('/startupz', UNREADY).status, 200);
  });

  test('lists every check when asked to be verbose, and the verdict last', () => {
    for (const query of ['verbose', 'verbose=1', 'a=b&verbose']) {
      const { status, body } = ask(`/readyz?${query}`, UNREADY);
      assert.equal(status, 503);
      assert.deepEqual(body.split('\n'), [
        '[+]start ok',
        '[-]processes failing: snmpd is not running',
        '[-]disk failing (wanted): 97 % full',
        '[?]peer unknown: no answer within 5 s',
        '[+]memory ok: 40 % of 512 MB',
        'status unhealthy: snmpd is not running',
        'readyz check failed (10): snmpd is not running',
        '',
      ]);
    }
    const { status, body } = ask('/startupz?verbose', UNREADY);
    assert.equal(status, 200);
    assert.match(body, /\nstartupz check passed\n$/);
    assert.equal(ask('/readyz?verbos', UNREADY).body, 'not ready (10): snmpd is not running\n');
  });

  test('is not forged by what a hook prints, nor filled by it', () => {
    const message = `x\r\n[+]processes ok\u2028\u0085y${'z'.repeat(10_000)}`;
    const checks = [{ name: 'hook', kind: 'required', result: 'failing', sinceMs: 0, message }] as const;
    const { body } = ask('/readyz?verbose', { ...UNREADY, checks });
    assert.match(body, /^\[-\]hook failing: x \[\+\]processes ok yz+\nstatus [^\n]+\nreadyz [^\n]+\n$/);
    assert.ok(body.length < 1000, String(body.length));
    assert.equal(ask('/livez', { ...UNREADY, reason: 'a\nb' }).body, 'not live (10): a b\n');
  });

  test('is 404 with what there is, for any other path', () => {
    for (const target of [
      '/',
      '',
      '/readyz/',
      '/metricsz',
      '//readyz',
      '/toString',
      '/constructor?verbose',
      '*',
    ]) {
      const { status, body } = ask(target);
      assert.equal(status, 404, target);
      for (const path of ['/startupz', '/readyz', '/livez', '/metrics']) assert.ok(body.includes(path));
    }
  });

  test('is 405 with Allow for a method that changes something', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', '']) {
      const { status, allow } = ask('/readyz', {}, method);
      assert.deepEqual([status, allow], [405, 'GET, HEAD'], method);
    }
    assert.equal(ask('/readyz', {}, 'HEAD').allow, undefined);
  });

  test('reads the report only for who asks about it', () => {
    let reads = 0;
    const readReport = () => {
      reads += 1;
      return reportOf();
    };
    answerRequest('GET', '/nothing', readReport);
    answerRequest('POST', '/readyz', readReport);
    assert.equal(reads, 0);
    answerRequest('GET', '/metrics', readReport);
    assert.equal(reads, 1);
  });
});
