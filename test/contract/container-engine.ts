/**
 * What every container engine answers: run on the fake by container-engine.test.ts beside it, on a real engine by
 * test/docker/engine/.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseReference } from '../../src/contract/images/image.ts';
import { isPin, namePin } from '../../src/contract/images/pin.ts';
import type {
  ContainerEngine,
  EngineContainer,
  EngineEvent,
  EngineImage,
} from '../../src/ports/container-engine.ts';
import { until } from '../support/until.ts';
import { isErrorOf } from '../support/errors.ts';

export interface MadeContainer {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
}

export interface PulledImage {
  readonly id: string;
  readonly tag: string;
  readonly digest: string;
}

/** An engine, and ways to it that are not the port's. What it makes is its to remove again. */
export interface EngineBackend {
  start(): Promise<void>;
  stop(): Promise<void>;
  open(): ContainerEngine;
  /** A repository that nobody else uses. */
  repository(role: string): string;
  /** A new image with these names; returns its id. */
  makeImage(references: readonly string[]): Promise<string>;
  /** A new image with this name and the label `colour=blue`. */
  makeLabelledImage(reference: string): Promise<void>;
  /** One from a registry, with a tag and a digest. */
  pullImage(role: string): Promise<PulledImage>;
  /** With `COLOUR=blue` in its environment; runs until told to end. `created` is never started. */
  makeContainer(image: string, state: 'running' | 'created'): Promise<MadeContainer>;
  /** It ends by itself. */
  end(container: MadeContainer, exitCode: number): Promise<void>;
  /** As by `docker start`: an error of the engine is an outcome. */
  tryToStart(id: string): Promise<void>;
  /** The kernel kills it for memory. */
  exhaustMemory(container: MadeContainer): Promise<void>;
}

const isEngineError = isErrorOf('engine');

const MISSING_ID = `sha256:${'0'.repeat(64)}`;

export function describeEngineContract(name: string, backend: EngineBackend): void {
  describe(name, () => {
    let engine: ContainerEngine;
    before(async () => {
      await backend.start();
      engine = backend.open();
    });
    after(async () => {
      engine?.close();
      await backend.stop();
    });
    const context: Context = {
      backend,
      engine: () => engine,
      image: async (id) => (await engine.listImages()).find((image) => image.id === id),
      newImage: async (role, ...tags) => {
        const references = tags.map((tag) => `${backend.repository(role)}:${tag}`);
        return { id: await backend.makeImage(references), references };
      },
      newContainer: async (state = 'running') => {
        const reference = `${backend.repository('run')}:1`;
        await backend.makeImage([reference]);
        return backend.makeContainer(reference, state);
      },
    };
    describe('containers', () => testContainers(context));
    describe('ends of containers', () => testEnds(context));
    describe('images', () => testImages(context));
    describe('removal of images', () => testRemoval(context));
    describe('pins', () => testPins(context));
    describe('events', () => testEvents(context));
  });
}

interface Context {
  readonly backend: EngineBackend;
  engine(): ContainerEngine;
  image(id: string): Promise<EngineImage | undefined>;
  newImage(role: string, ...tags: string[]): Promise<{ id: string; references: string[] }>;
  newContainer(state?: 'running' | 'created'): Promise<MadeContainer>;
}

function testContainers({ backend, engine, newContainer }: Context): void {
  test('all are listed, running or not, by name, image and state', async () => {
    const reference = `${backend.repository('list')}:1`;
    const imageId = await backend.makeImage([reference]);
    const running = await backend.makeContainer(reference, 'running');
    const created = await backend.makeContainer(reference, 'created');
    const listed = await engine().listContainers();
    for (const [{ id, name }, state] of [
      [running, 'running'],
      [created, 'created'],
    ] as const) {
      const found = listed.find((container) => container.id === id);
      assert.deepEqual(found && pick(found), { id, names: [name], imageId, image: reference, state });
    }
  });

  test('one is found by its name and by 12 or 64 digits of its id, and by nothing less', async () => {
    const { id, name } = await newContainer();
    for (const text of [id, id.slice(0, 12), name]) {
      assert.equal((await engine().findContainer(text))?.id, id, text);
    }
    for (const text of [id.slice(0, 8), id.slice(0, 13), name.slice(0, -1), 'no-such-container']) {
      assert.equal(await engine().findContainer(text), undefined, text);
    }
  });

  test('its environment is told, and no exit code while it has none', async () => {
    for (const state of ['running', 'created'] as const) {
      const found = await engine().findContainer((await newContainer(state)).id);
      assert.equal(found?.state, state);
      assert.ok(found?.environment.includes('COLOUR=blue'));
      assert.equal(found?.exitCode, undefined);
      assert.equal(found?.hadOomKill, false);
    }
  });

  test('one that is started is running, also when it ran already; one that is not there is an error', async () => {
    const { id, name } = await newContainer('created');
    await engine().startContainer(name);
    await engine().startContainer(id);
    assert.equal((await engine().findContainer(id))?.state, 'running');
    await assert.rejects(engine().startContainer('no-such-container'), isEngineError);
  });

  test('one that is stopped or killed has ended, also when it had before or is not there', async () => {
    const [stopped, killed] = [await newContainer(), await newContainer()];
    for (const text of [stopped.name, stopped.id, 'no-such-container']) {
      await engine().stopContainer(text, 10);
    }
    for (const text of [killed.name, killed.id, 'no-such-container']) await engine().killContainer(text);
    assert.equal((await engine().findContainer(stopped.id))?.exitCode, 0);
    assert.equal((await engine().findContainer(killed.id))?.exitCode, 137);
  });

  test('one that runs is not removed, one that does not is, and then it is missing', async () => {
    const { id } = await newContainer();
    assert.equal(await engine().removeContainer(id), 'in-use');
    await backend.end({ id, name: '' }, 0);
    assert.equal(await engine().removeContainer(id), 'removed');
    assert.equal(await engine().removeContainer(id), 'missing');
  });
}

const pick = ({
  id,
  names,
  imageId,
  image,
  state,
}: Awaited<ReturnType<ContainerEngine['listContainers']>>[number]) => ({ id, names, imageId, image, state });

function testEnds({ backend, engine, newContainer }: Context): void {
  const never = new AbortController().signal;

  test('waiting ends with the exit code, and at once for one that has ended', async () => {
    const container = await newContainer();
    const waiting = engine().waitContainer(container.name, never);
    await backend.end(container, 7);
    assert.equal(await waiting, 7);
    assert.equal(await engine().waitContainer(container.id, never), 7);
    assert.equal((await engine().findContainer(container.id))?.exitCode, 7);
  });

  test('waiting ends without one where nothing is to wait for, and when it is ended', async () => {
    assert.equal(await engine().waitContainer('no-such-container', never), undefined);
    const { id } = await newContainer();
    const ending = new AbortController();
    const waiting = engine().waitContainer(id, ending.signal);
    setImmediate(() => ending.abort());
    assert.equal(await waiting, undefined);
    assert.equal(await engine().waitContainer(id, ending.signal), undefined);
  });

  // Whether the engine marks it as such depends on the kernel: nothing may depend on the mark.
  test('an end for want of memory is an end by signal 9 (D10)', async () => {
    const container = await newContainer();
    const waiting = engine().waitContainer(container.id, never);
    await backend.exhaustMemory(container);
    assert.equal(await waiting, 137);
    assert.equal((await engine().findContainer(container.id))?.exitCode, 137);
  });
}

function testImages({ backend, engine, image, newImage }: Context): void {
  test('an image is listed with all its names, tags apart from digests', async () => {
    const { id, tag, digest } = await backend.pullImage('pulled');
    const other = `${backend.repository('other')}:1`;
    const { repository = '', tag: otherTag = '' } = parseReference(other) ?? {};
    await engine().tagImage(id, repository, otherTag);
    const found = await image(id);
    assert.deepEqual(found?.tags.toSorted(), [other, tag].toSorted());
    assert.deepEqual(found?.digests, [digest]);
    assert.ok(found.createdTs > 1_600_000_000);
  });

  test('the labels of an image are found by its name or digest, none is told from no image', async () => {
    const labelled = `${backend.repository('labelled')}:1`;
    await backend.makeLabelledImage(labelled);
    assert.equal((await engine().readImageLabels(labelled))?.['colour'], 'blue');
    const { digest } = await backend.pullImage('labels');
    const found = await engine().readImageLabels(digest);
    assert.equal(typeof found, 'object');
    assert.equal(found?.['colour'], undefined);
    assert.equal(await engine().readImageLabels(`${backend.repository('labelled')}:2`), undefined);
  });

  test('an image that was removed is pulled again, by digest and by tag; what the registry has not is an error (H12)', async () => {
    const { id, tag, digest } = await backend.pullImage('again');
    for (const reference of [digest, tag]) {
      await engine().removeReference(tag);
      await engine().removeReference(digest);
      assert.equal(await image(id), undefined);
      await engine().pullImage(reference);
      const found = await image(id);
      assert.ok([...(found?.tags ?? []), ...(found?.digests ?? [])].includes(reference), reference);
    }
    await assert.rejects(engine().pullImage(tag.replace(/:[^:]*$/, ':none')), isEngineError);
  });

  test('a name that is given to another image is taken from the first, which stays without one', async () => {
    const first = await newImage('moved', '1');
    const second = await newImage('moved', '2');
    await engine().tagImage(second.id, backend.repository('moved'), '1');
    assert.deepEqual(await image(first.id).then((found) => found && [...found.tags, ...found.digests]), []);
    assert.deepEqual((await image(second.id))?.tags.length, 2);
  });

  test('an image that is not there gets no name', async () => {
    await assert.rejects(engine().tagImage(MISSING_ID, backend.repository('none'), '1'), isEngineError);
  });
}

function testRemoval({ backend, engine, image, newImage }: Context): void {
  test('an image goes with its last name, and not before', async () => {
    const { id, references } = await newImage('names', '1', '2');
    const [one = '', two = ''] = references;
    assert.equal(await engine().removeReference(one), 'removed');
    assert.deepEqual((await image(id))?.tags, [two]);
    assert.equal(await engine().removeReference(one), 'missing');
    assert.equal(await engine().removeReference(two), 'removed');
    assert.equal(await image(id), undefined);
  });

  test('a digest is a name: taken away alone it leaves the tag, and goes with the last tag', async () => {
    const first = await backend.pullImage('digest');
    assert.equal(await engine().removeReference(first.digest), 'removed');
    assert.deepEqual((await image(first.id))?.tags, [first.tag]);
    assert.equal(await engine().removeReference(first.tag), 'removed');
    const second = await backend.pullImage('digest');
    assert.equal(await engine().removeReference(second.tag), 'removed');
    assert.equal(await image(second.id), undefined);
    assert.equal(await engine().removeReference(second.digest), 'missing');
  });

  test('an image that a container uses keeps its last name, running or never started', async () => {
    for (const state of ['running', 'created'] as const) {
      const { id, references } = await newImage(`used-${state}`, '1', '2');
      const [one = '', two = ''] = references;
      await backend.makeContainer(two, state);
      assert.equal(await engine().removeReference(one), 'removed');
      assert.equal(await engine().removeReference(two), 'in-use');
      assert.deepEqual((await image(id))?.tags, [two]);
    }
  });

  test('by its id an image is removed only when it has no name and no container', async () => {
    const named = await newImage('by-id', '1');
    assert.equal(await engine().removeUnnamedImage(named.id), 'in-use');
    assert.deepEqual((await image(named.id))?.tags, named.references);
    const container = await backend.makeContainer(named.references[0] ?? '', 'created');
    await newImage('by-id', '1');
    assert.deepEqual((await image(named.id))?.tags, []);
    assert.equal(await engine().removeUnnamedImage(named.id), 'in-use');
    assert.equal(await engine().removeContainer(container.id), 'removed');
    assert.equal(await engine().removeUnnamedImage(named.id), 'removed');
    assert.equal(await engine().removeUnnamedImage(named.id), 'missing');
  });
}

function testPins({ backend, engine, image, newImage }: Context): void {
  const feature = `f${process.pid}`;

  test("a pinned image keeps its last name and can't be removed by its id, until the pin is removed (H12)", async () => {
    const { id, references } = await newImage('pinned', '1', '2');
    const [one = '', two = ''] = references;
    assert.equal(await engine().pinImage({ feature, imageId: id }), 'pinned');
    assert.equal(await engine().removeReference(one), 'removed');
    assert.equal(await engine().removeReference(two), 'in-use');
    const moved = await newImage('pinned', '2');
    assert.deepEqual((await image(id))?.tags, []);
    assert.equal(await engine().removeUnnamedImage(id), 'in-use');
    const pin = await findPin(id);
    assert.equal(await engine().removeContainer(pin?.id ?? ''), 'removed');
    assert.equal(await engine().removeUnnamedImage(id), 'removed');
    assert.notEqual(moved.id, id);
  });

  test('a pin is a container that has its feature, its image and no start', async () => {
    const { id } = await newImage('pin-listed', '1');
    const labelled = await backend.makeContainer(`${backend.repository('pin-listed')}:1`, 'created');
    await engine().pinImage({ feature, imageId: id });
    const pin = await findPin(id);
    assert.deepEqual(pin && [pin.state, pin.keptFor, isPin(pin)], ['created', feature, true]);
    const other = (await engine().listContainers()).find((container) => container.id === labelled.id);
    assert.deepEqual(other && [other.keptFor, isPin(other)], [undefined, false]);
    await engine().removeContainer(pin?.id ?? '');
  });

  test('a pin that can be started runs nothing', async () => {
    const { id } = await newImage('pin-started', '1');
    await engine().pinImage({ feature, imageId: id });
    const pin = await findPin(id);
    await backend.tryToStart(pin?.id ?? '');
    assert.notEqual((await findPin(id))?.state, 'running');
    await engine().removeContainer(pin?.id ?? '');
  });

  test('an image that is not there is missing, a name that a container has is in use', async () => {
    assert.equal(await engine().pinImage({ feature, imageId: MISSING_ID }), 'missing');
    const { id } = await newImage('pin-twice', '1');
    assert.equal(await engine().pinImage({ feature, imageId: id }), 'pinned');
    assert.equal(await engine().pinImage({ feature, imageId: id }), 'name-in-use');
    assert.equal(await engine().removeContainer((await findPin(id))?.id ?? ''), 'removed');
  });

  async function findPin(imageId: string): Promise<EngineContainer | undefined> {
    const name = namePin({ feature, imageId });
    return (await engine().listContainers()).find(({ names }) => names.includes(name));
  }
}

function testEvents({ backend, engine, newContainer, newImage }: Context): void {
  /** Events of one container, as words. */
  const recorder = () => {
    const events: EngineEvent[] = [];
    let ends = 0;
    return {
      onEvent: (event: EngineEvent) => void events.push(event),
      onEnd: () => void (ends += 1),
      ends: () => ends,
      changes: () => events.filter(({ kind }) => kind === 'changed').length,
      of: ({ id, name }: MadeContainer) =>
        events.flatMap((event) => {
          if (event.kind === 'changed' || event.containerId !== id) return [];
          assert.deepEqual(event.names, [name]);
          return [event.kind === 'die' ? `die ${event.exitCode}` : event.kind];
        }),
    };
  };

  test('start and end of a container are told, with its name and exit code', async () => {
    const record = recorder();
    const stop = await engine().watch(record.onEvent, record.onEnd);
    const container = await newContainer('created');
    await engine().startContainer(container.id);
    await backend.end(container, 7);
    await until('both are told', () => record.of(container).length === 2);
    assert.deepEqual(record.of(container), ['start', 'die 7']);
    stop();
  });

  test('so is a kill for want of memory (D10)', async () => {
    const record = recorder();
    const stop = await engine().watch(record.onEvent, record.onEnd);
    const container = await newContainer();
    await backend.exhaustMemory(container);
    await until('its end is told', () => record.of(container).includes('die 137'));
    stop();
  });

  test('a created or removed container and a name that comes or goes are told as changes', async () => {
    const container = await newContainer('created');
    const { references } = await newImage('changes', '1', '2');
    const steps: readonly (() => Promise<unknown>)[] = [
      () => newContainer('created'),
      () => engine().removeContainer(container.id),
      () => engine().removeReference(references[0] ?? ''),
      () => newImage('changes', '3'),
    ];
    for (const step of steps) {
      const record = recorder();
      const stop = await engine().watch(record.onEvent, record.onEnd);
      await step();
      await until('it is told', () => record.changes() > 0);
      stop();
    }
  });

  test('who has ended its watch hears of nothing more, not even of its end', async () => {
    const [ended, closed, kept] = [recorder(), recorder(), recorder()];
    const other = backend.open();
    const stop = await engine().watch(ended.onEvent, ended.onEnd);
    await other.watch(closed.onEvent, closed.onEnd);
    const stopKept = await engine().watch(kept.onEvent, kept.onEnd);
    stop();
    other.close();
    const container = await newContainer();
    await until('the other watch hears', () => kept.of(container).length > 0);
    assert.deepEqual([ended.of(container), closed.of(container)], [[], []]);
    assert.deepEqual([ended.ends(), closed.ends(), kept.ends()], [0, 0, 0]);
    stopKept();
  });
}
