import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FallbackVerdict } from '../../../../../src/contract/feature/daemon-view.ts';
import type { DecidedView } from '../../../../../src/decide/feature/decide-feature.ts';
import { FeatureReport } from '../../../../../src/host/daemon/feature/feature-report.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLog } from '../../../../support/fake-log.ts';

const VIEW: DecidedView = {
  imageId: 'sha256:x',
  version: '2.0',
  certification: { kind: 'off', text: 'off' },
  fallback: { kind: 'well', text: 'it is healthy' },
};
const failing = (failingMs: number): FallbackVerdict => ({
  kind: 'failing',
  cause: 'unhealthy',
  text: 'it is unhealthy',
  failingMs,
  limitMs: 9,
  asOfMs: failingMs,
  isRising: true,
});
const REFUSED: FallbackVerdict = { kind: 'refused', cause: 'unhealthy', text: 'it is locked' };

function prepare() {
  const log = new FakeLog();
  const clock = new FakeClock();
  const report = new FeatureReport('snmp', { clock, log });
  const update = (changes: Partial<DecidedView>, isFallbackKnown = false): void =>
    report.updateView({ ...VIEW, ...changes }, isFallbackKnown);
  return { log, clock, report, update };
}

describe('the report on a feature', () => {
  test('logs a failure, a refusal and a count that begins, each once', () => {
    const { log, update } = prepare();
    update({});
    assert.deepEqual(log.lines, []);
    update({ fallback: failing(1) });
    update({ fallback: failing(2) });
    update({ fallback: REFUSED });
    const counting = { kind: 'counting', text: 'it is healthy', fromMs: 0, neededMs: 1 } as const;
    update({ certification: counting });
    update({ certification: counting });
    assert.deepEqual(log.lines, [
      'warn: snmp: it is unhealthy',
      'warn: snmp: would fall back to local, but it is locked',
      'info: snmp: it is healthy',
    ]);
  });

  test('does not log the failure of an image that a shadow would have fallen back from', () => {
    const { log, update } = prepare();
    update({ fallback: failing(1) }, true);
    assert.deepEqual(log.lines, []);
  });

  test('keeps the last act in the view', () => {
    const { log, clock, report, update } = prepare();
    assert.equal(report.view, undefined);
    report.recordAct('service restarted');
    assert.equal(report.view, undefined);
    update({});
    report.recordAct('image tagged');
    update({ version: '3.0' });
    const lastActTs = Math.floor(clock.wallMs() / 1_000);
    assert.deepEqual(report.view, { ...VIEW, version: '3.0', lastAct: 'image tagged', lastActTs });
    assert.deepEqual(log.lines, ['info: snmp: service restarted', 'info: snmp: image tagged']);
  });
});
