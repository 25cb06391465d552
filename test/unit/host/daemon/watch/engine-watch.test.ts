import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { EngineEvent } from '../../../../../src/ports/container-engine.ts';
import { EngineWatch } from '../../../../../src/host/daemon/watch/engine-watch.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeEngine } from '../../../../support/fake-engine.ts';
import { FakeLog } from '../../../../support/fake-log.ts';

function prepare(t: TestContext) {
  const engine = new FakeEngine();
  const image = engine.putImage('1', ['docker-snmp:latest']);
  const id = engine.run({ name: 'snmp', image });
  const clock = new FakeClock();
  const log = new FakeLog();
  const events: EngineEvent[] = [];
  let changes = 0;
  const watch = new EngineWatch({
    engine: engine.open(),
    clock,
    log,
    random: () => 0,
    onChange: () => (changes += 1),
    onEvent: (event) => events.push(event),
  });
  t.after(() => watch.close());
  const stateOf = (): string | undefined => watch.state.containers.find((one) => one.id === id)?.state;
  return { engine, id, clock, log, events, watch, stateOf, changes: () => changes };
}

describe('the state of the engine', { timeout: 600_000 }, () => {
  test('counts as away until the engine was listed for the first time', async (t) => {
    const { watch, stateOf } = prepare(t);
    assert.equal(watch.state.isAway, true);
    await watch.start();
    assert.equal(watch.state.isAway, false);
    assert.equal(stateOf(), 'running');
  });

  test('an end counts before the listing that it asks for is there (D10)', async (t) => {
    const { engine, id, watch, stateOf, events, changes } = prepare(t);
    await watch.start();
    engine.hang();
    const before = changes();
    engine.end(id, 137);
    assert.equal(stateOf(), 'exited');
    assert.equal(changes(), before + 1);
    assert.deepEqual(events.at(-1), {
      kind: 'die',
      containerId: id,
      names: ['snmp'],
      exitCode: 137,
      hadOomKill: false,
    });
    engine.comeBack();
  });

  test('a container that is started again at once runs, as the listing says', async (t) => {
    const { engine, id, clock, watch, stateOf } = prepare(t);
    await watch.start();
    engine.end(id, 0);
    engine.start(id);
    await clock.pass(0);
    assert.equal(stateOf(), 'running');
    assert.equal(watch.state.isAway, false);
  });

  test('what happens during a listing is listed once more', async (t) => {
    const { engine, clock, watch } = prepare(t);
    await watch.start();
    engine.hang();
    engine.putImage('2', ['docker-snmp:2']);
    await clock.pass(0);
    engine.putImage('3', ['docker-snmp:3']);
    engine.comeBack();
    await clock.pass(0);
    assert.equal(watch.state.images.length, 3);
  });

  test('an engine that goes away is away at once, and watched again when it is back', async (t) => {
    const { engine, clock, watch, log, stateOf } = prepare(t);
    await watch.start();
    engine.goDown();
    assert.equal(watch.state.isAway, true);
    assert.equal(stateOf(), 'running', 'the last lists stay, and decide nothing');
    await clock.pass(20_000);
    assert.deepEqual([watch.state.isAway, log.lines.length], [true, 2]);
    engine.comeBack();
    await clock.pass(1_000);
    assert.equal(watch.state.isAway, false);
    assert.equal(engine.isWatched, true);
    assert.match(log.lines.join('\n'), /nothing is certified, reaped or cleaned up meanwhile/);
    assert.match(log.lines.at(-1) ?? '', /answers again/);
  });

  test('events that end while the engine answers on make it list anew', async (t) => {
    const { engine, clock, watch } = prepare(t);
    await watch.start();
    engine.endWatches();
    assert.equal(watch.state.isAway, true, 'no event reports what happens now');
    engine.putImage('2', ['docker-snmp:2']);
    await clock.pass(50);
    assert.deepEqual([watch.state.isAway, watch.state.images.length], [false, 2]);
  });

  test('an engine that hangs ends no watch: it is listed every 30 s all the same', async (t) => {
    const { engine, clock, watch, changes } = prepare(t);
    await watch.start();
    const before = changes();
    await clock.pass(60_000);
    assert.equal(changes(), before + 2);
    engine.hang();
    await clock.pass(30_000);
    engine.goDown();
    await clock.pass(0);
    assert.equal(watch.state.isAway, true);
  });

  test('closed, it watches nothing and tries nothing any more', async (t) => {
    const { engine, clock, watch, changes } = prepare(t);
    const started = watch.start();
    watch.close();
    await started;
    assert.equal(engine.isWatched, false);
    const before = changes();
    engine.goDown();
    await clock.pass(60_000);
    assert.equal(changes(), before);
    assert.equal(clock.timerCount, 0);
  });
});
