import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import type { UnitState } from '../../../../../src/contract/feature/unit-state.ts';
import { UnitWatch } from '../../../../../src/host/daemon/watch/unit-watch.ts';
import { drainEventLoop, FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLog } from '../../../../support/fake-log.ts';

function prepare() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const said = { asked: 0, changes: 0, unit: undefined as UnitState | undefined, isStuck: false };
  const service = {
    readState: async () => {
      said.asked += 1;
      if (said.isStuck) throw new CtrkitError('service', 'systemd is stuck');
      return said.unit;
    },
  };
  const watch = new UnitWatch({ service, clock, log });
  /** The state that is known; then systemd is asked, if it has to be. */
  const find = async () => {
    const state = watch.findState('snmp', () => (said.changes += 1));
    await drainEventLoop();
    return state;
  };
  return { clock, log, said, watch, find };
}

describe('what systemd says of a unit', () => {
  test('is known from its answer on, which is reported once', async () => {
    const { said, find } = prepare();
    said.unit = 'failed';
    assert.equal(await find(), undefined);
    assert.equal(said.changes, 1);
    assert.equal(await find(), 'failed');
    assert.deepEqual([said.asked, said.changes], [1, 1]);
  });

  test('is asked again after a second where it passes by itself, after 30 s where it stays', async () => {
    for (const [unit, ms] of [
      ['restarting', 1_000],
      [undefined, 1_000],
      ['failed', 30_000],
      ['inactive', 30_000],
    ] as const) {
      const { clock, said, find } = prepare();
      said.unit = unit;
      await find();
      clock.advance(ms - 1);
      await find();
      assert.equal(said.asked, 1, unit);
      clock.advance(1);
      await find();
      assert.equal(said.asked, 2, unit);
    }
  });

  test('is one question at a time', async () => {
    const { said, watch } = prepare();
    watch.findState('snmp', () => undefined);
    watch.findState('snmp', () => undefined);
    await drainEventLoop();
    assert.equal(said.asked, 1);
  });

  test('is not known where systemd does not answer: that is logged, and asked again after 30 s', async () => {
    const { clock, log, said, find } = prepare();
    said.unit = 'failed';
    await find();
    said.isStuck = true;
    clock.advance(30_000);
    await find();
    assert.equal(await find(), undefined);
    assert.deepEqual(log.lines, [
      'warn: systemd is stuck; a service that is down counts as stopped meanwhile',
    ]);
    said.isStuck = false;
    clock.advance(30_000);
    await find();
    assert.equal(await find(), 'failed');
    assert.equal(log.lines[1], 'info: units can be asked for again');
  });

  test('is forgotten when it does not matter any more', async () => {
    const { said, watch, find } = prepare();
    said.unit = 'failed';
    await find();
    watch.forget('snmp');
    assert.equal(await find(), undefined);
    assert.equal(said.asked, 2);
  });
});
