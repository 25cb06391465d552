import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEngine } from '../support/fake-engine.ts';
import { describeEngineContract, type EngineBackend } from './container-engine.ts';
import { isErrorOf } from '../support/errors.ts';

function fakeBackend(): EngineBackend {
  const engine = new FakeEngine();
  let made = 0;
  return {
    start: async () => {},
    stop: async () => {},
    open: () => engine.open(),
    repository: (role) => `test-${role}`,
    makeImage: async (references) => engine.putImage(`image ${(made += 1)}`, references),
    makeLabelledImage: async (reference) => {
      engine.putImage(`image ${(made += 1)}`, [reference]);
      engine.labelImage(reference, { colour: 'blue' });
    },
    pullImage: async (role) => {
      const repository = `registry.example:5000/${role}`;
      const digest = `${repository}@sha256:${String((made += 1)).padStart(64, '0')}`;
      const tag = `${repository}:1`;
      for (const reference of [tag, digest]) engine.registry.set(reference, `image ${made}`);
      return { id: engine.putImage(`image ${made}`, [tag, digest]), tag, digest };
    },
    makeContainer: async (image, state) => {
      const name = `container-${(made += 1)}`;
      return { id: engine.run({ name, image, state, environment: ['COLOUR=blue'] }), name };
    },
    end: async ({ id }, exitCode) => engine.end(id, exitCode),
    // A pin's program is in no image.
    tryToStart: async () => {},
    exhaustMemory: async ({ id }) => engine.end(id, 137, { hadOomKill: true }),
  };
}

describeEngineContract('the fake engine', fakeBackend());

const isEngineError = isErrorOf('engine');

test('a fake engine that is down fails every call and ends each watch once, until it is back', async () => {
  const fake = new FakeEngine();
  const engine = fake.open();
  let ends = 0;
  await engine.watch(
    () => {},
    () => void (ends += 1),
  );
  fake.run({ name: 'snmp', image: fake.putImage('v1', ['docker-snmp:1']) });
  const waiting = engine.waitContainer('snmp', new AbortController().signal);
  fake.goDown();
  await assert.rejects(waiting, isEngineError);
  await assert.rejects(engine.listImages(), isEngineError);
  assert.equal(ends, 1);
  fake.comeBack();
  assert.equal((await engine.listImages()).length, 1);
  assert.equal(ends, 1);
});

test('a fake engine that hangs answers when it is back', async () => {
  const fake = new FakeEngine();
  fake.hang();
  let isAnswered = false;
  const listing = fake.open().listContainers();
  void listing.then(() => (isAnswered = true));
  await new Promise(setImmediate);
  assert.equal(isAnswered, false);
  fake.comeBack();
  assert.deepEqual(await listing, []);
});
