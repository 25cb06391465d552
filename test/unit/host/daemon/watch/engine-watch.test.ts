import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { EngineEvent } from '../../../../../src/ports/container-engine.ts';
import { EngineWatch, type EngineWatchPorts } from '../../../../../src/host/daemon/watch/engine-watch.ts';
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
  const client = engine.open();
  let listings = 0;
  let mostStreams = 0;
  const streams = new Set<symbol>();
  const counted: EngineWatchPorts['engine'] = {
    listContainers: () => client.listContainers(),
    listImages: () => {
      listings += 1;
      return client.listImages();
    },
    // From the call on: a stream that is being opened is one as well.
    watch: async (onEvent, onEnd) => {
      const stream = Symbol('stream');
      const forget = (): boolean => streams.delete(stream);
      mostStreams = Math.max(mostStreams, streams.add(stream).size);
      try {
        const end = await client.watch(onEvent, () => {
          forget();
          onEnd();
        });
        return () => {
          forget();
          end();
        };
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
  const states: (string | undefined)[] = [];
  const watch = new EngineWatch({
    engine: counted,
    clock,
    log,
    random: () => 0,
    onChange: () => {
      changes += 1;
      states.push(stateOf());
    },
    onEvent: (event) => events.push(event),
  });
  t.after(() => watch.close());
  const stateOf = (): string | undefined => watch.state.containers.find((one) => one.id === id)?.state;
  return {
    engine,
    id,
    clock,
    log,
    events,
    watch,
    stateOf,
    streams,
    changes: () => changes,
    listings: () => listings,
    states,
    mostStreams: () => mostStreams,
  };
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
    await clock.pass(500);
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
    const { engine, clock, watch, changes, listings } = prepare(t);
    await watch.start();
    const [before, listed] = [changes(), listings()];
    await clock.pass(60_000);
    assert.deepEqual([listings() - listed, changes() - before], [2, 0], 'and nothing has changed');
    engine.hang();
    await clock.pass(30_000);
    engine.goDown();
    await clock.pass(0);
    assert.equal(watch.state.isAway, true);
  });

  test('an end during a listing is not undone by what that listing still says (H9)', async (t) => {
    const { engine, id, clock, watch, states } = prepare(t);
    await watch.start();
    await clock.pass(1_000);
    engine.putImage('2', ['docker-snmp:2']);
    states.length = 0;
    // The listing has its answer, and nobody has read it.
    engine.end(id, 137);
    await clock.pass(1_000);
    assert.deepEqual(new Set(states), new Set(['exited']));
    assert.equal(watch.state.images.length, 2);
  });

  test('a burst of events is a few listings (H2)', async (t) => {
    const { engine, clock, watch, listings } = prepare(t);
    await watch.start();
    const before = listings();
    for (let i = 2; i < 62; i += 1) {
      engine.putImage(`${i}`, [`docker-snmp:${i}`]);
      await clock.pass(10);
    }
    await clock.pass(500);
    assert.equal(watch.state.images.length, 61);
    // Four at once, then one in 250 ms.
    assert.ok(listings() - before <= 8, `${listings() - before} listings`);
  });

  test('listings that fail while a stream is opened, and streams that end, leave one stream, and no event counts twice (H9)', async (t) => {
    const { engine, id, clock, watch, events, streams, mostStreams } = prepare(t);
    await watch.start();
    for (let round = 0; round < 10; round += 1) {
      engine.hang();
      engine.putImage(`${round}`, []);
      engine.endWatches();
      engine.putImage(`again ${round}`, []);
      await clock.pass(50);
      engine.goDown();
      await clock.pass(300);
      engine.comeBack();
      void watch.start();
      await clock.pass(5_000);
    }
    assert.deepEqual([watch.state.isAway, streams.size, mostStreams()], [false, 1, 1]);
    events.length = 0;
    engine.end(id, 1);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['die'],
    );
  });

  test('a listing that never ends counts as the engine away, and what it brings later as nothing (H9)', async (t) => {
    const { engine, clock, watch, log } = prepare(t);
    await watch.start();
    engine.hang();
    await clock.pass(30_000);
    assert.equal(watch.state.isAway, false);
    await clock.pass(15_000);
    assert.equal(watch.state.isAway, true);
    assert.match(log.lines.join('\n'), /has not listed within 15 s/);
    engine.comeBack();
    await clock.pass(5_000);
    assert.equal(watch.state.isAway, false);
    assert.equal(engine.isWatched, true);
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
