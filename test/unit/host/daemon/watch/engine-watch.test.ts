import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { EngineEvent } from '../../../../../src/ports/container-engine.ts';
import { EngineWatch } from '../../../../../src/host/daemon/watch/engine-watch.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeEngine } from '../../../../support/fake-engine.ts';
import { FakeLog } from '../../../../support/fake-log.ts';
import { until } from '../../../../support/kit.ts';

function prepare(t: TestContext) {
  const engine = new FakeEngine();
  const image = engine.putImage('1', ['docker-snmp:latest']);
  const id = engine.run({ name: 'snmp', image });
  const log = new FakeLog();
  const events: EngineEvent[] = [];
  let changes = 0;
  const watch = new EngineWatch({
    engine: engine.open(),
    clock: new FakeClock(),
    log,
    random: () => 0,
    onChange: () => (changes += 1),
    onEvent: (event) => events.push(event),
  });
  t.after(() => watch.close());
  const stateOf = (): string | undefined => watch.state.containers.find((one) => one.id === id)?.state;
  return { engine, id, log, events, watch, stateOf, changes: () => changes };
}

describe('an eye on the engine', { timeout: 30_000 }, () => {
  test('until it was looked at for the first time it counts as away', async (t) => {
    const { watch, stateOf } = prepare(t);
    assert.equal(watch.state.isAway, true);
    await watch.start();
    assert.equal(watch.state.isAway, false);
    assert.equal(stateOf(), 'running');
  });

  test('an end counts before the look is over that it asks for (D10)', async (t) => {
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

  test('a container that is started again at once runs, as the look says', async (t) => {
    const { engine, id, watch, stateOf } = prepare(t);
    await watch.start();
    engine.end(id, 0);
    engine.start(id);
    await until('it has looked again', () => stateOf() === 'running');
  });

  test('what happens during a look is looked at once more', async (t) => {
    const { engine, watch } = prepare(t);
    await watch.start();
    engine.hang();
    engine.putImage('2', ['docker-snmp:2']);
    await turn();
    engine.putImage('3', ['docker-snmp:3']);
    engine.comeBack();
    await until('all three are there', () => watch.state.images.length === 3);
  });

  test('an engine that goes away is away at once, and watched again when it is back', async (t) => {
    const { engine, watch, log, stateOf } = prepare(t);
    await watch.start();
    engine.goDown();
    assert.equal(watch.state.isAway, true);
    assert.equal(stateOf(), 'running', 'what is known stays, and decides nothing');
    await until('it was tried again', () => log.lines.length > 0);
    engine.comeBack();
    await until('it is back', () => !watch.state.isAway);
    assert.equal(engine.isWatched, true);
    assert.match(log.lines.join('\n'), /nothing is certified, reaped or cleaned up meanwhile/);
    assert.match(log.lines.at(-1) ?? '', /answers again/);
  });

  test('events that end while the engine answers on make it look anew', async (t) => {
    const { engine, watch } = prepare(t);
    await watch.start();
    engine.endWatches();
    assert.equal(watch.state.isAway, true, 'what happens now is told by nobody');
    engine.putImage('2', ['docker-snmp:2']);
    await until('it has looked again', () => !watch.state.isAway && watch.state.images.length === 2);
  });

  test('closed, it watches nothing and tries nothing any more', async (t) => {
    const { engine, watch, changes } = prepare(t);
    const started = watch.start();
    watch.close();
    await started;
    assert.equal(engine.isWatched, false);
    const before = changes();
    engine.goDown();
    await turn();
    assert.equal(changes(), before);
  });
});
