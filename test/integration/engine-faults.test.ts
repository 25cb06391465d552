import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { CtrkitError } from '../../src/contract/errors.ts';
import { createDockerEngine } from '../../src/host/adapters/docker/docker-engine.ts';
import type { ContainerEngine } from '../../src/ports/container-engine.ts';
import type { EngineEvent } from '../../src/ports/container-engine.ts';
import { until } from '../support/until.ts';
import { isErrorOf } from '../support/errors.ts';

const LIMITS = { readMs: 300, actMs: 300, removeMs: 300, pullMs: 300, stopExtraMs: 300 };

const IMAGE_ID = `sha256:${'a'.repeat(64)}`;
const CONTAINER_ID = 'b'.repeat(64);

/** What the engine does with a request, all of it; the connection stays open unless it closes it. */
type Behaviour = (socket: Socket, request: string) => void;

class BadEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctrkit-engine-'));
  readonly socketPath = join(this.#folder, 'docker.sock');
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  behaviour: Behaviour = () => {};
  requests: string[] = [];

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
      socket.once('data', (data) => {
        const request = String(data);
        this.requests.push(request.split('\r\n', 1)[0] ?? '');
        this.behaviour(socket, request);
      });
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    this.#server.listen(this.socketPath);
    await once(this.#server, 'listening');
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.dropAll();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const answer = (status: string, body: string, length = body.length): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n`),
    Buffer.from(text),
    Buffer.from('\r\n'),
  ]);

/** Every call of the port but the watch and the one without a time limit. */
const CALLS: Readonly<Record<string, (engine: ContainerEngine) => Promise<unknown>>> = {
  listContainers: (engine) => engine.listContainers(),
  findContainer: (engine) => engine.findContainer('snmp'),
  listImages: (engine) => engine.listImages(),
  startContainer: (engine) => engine.startContainer(CONTAINER_ID),
  stopContainer: (engine) => engine.stopContainer(CONTAINER_ID, 0),
  killContainer: (engine) => engine.killContainer(CONTAINER_ID),
  removeContainer: (engine) => engine.removeContainer(CONTAINER_ID),
  tagImage: (engine) => engine.tagImage(IMAGE_ID, 'docker-snmp', 'latest'),
  removeReference: (engine) => engine.removeReference('docker-snmp:1'),
  removeUnnamedImage: (engine) => engine.removeUnnamedImage(IMAGE_ID),
  pullImage: (engine) => engine.pullImage('registry:5000/docker-snmp:1'),
  pinImage: (engine) => engine.pinImage({ feature: 'snmp', imageId: IMAGE_ID }),
};

const FAULTS: Readonly<Record<string, { behave: Behaviour; says: RegExp }>> = {
  'accepts and never answers': { behave: () => {}, says: /did not answer within 0\.3 s/ },
  'closes without an answer': { behave: (socket) => socket.destroy(), says: /socket hang up.* stopped\?/ },
  'answers what is no HTTP': { behave: (socket) => socket.end('220 mail ready\r\n'), says: /Parse Error/ },
  'fails inside': {
    behave: (socket) => socket.end(answer('500 Internal Server Error', '{"message":"no space\\nleft"}')),
    says: /refused to [a-z]+ .*: no space left$/,
  },
  'fails inside and gets stuck on it': {
    behave: (socket) => socket.write(answer('500 Internal Server Error', '{"message":"no', 1000)),
    says: /did not answer within/,
  },
  'stops in the middle of an answer': {
    behave: (socket) => socket.write(answer('200 OK', '[{"Id":', 1000)),
    says: /did not answer within/,
  },
  'closes in the middle of an answer': {
    behave: (socket) => socket.end(answer('200 OK', '[{"Id":', 1000)),
    says: /can't be used: aborted/,
  },
  'sends a drop now and then': {
    behave: (socket) => {
      socket.write(answer('200 OK', '[', 1_000_000));
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    },
    says: /did not answer within/,
  },
};

const isEngineError =
  (says: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof CtrkitError, String(error));
    assert.equal(error.code, 'engine');
    assert.match(error.message, /^the Docker engine at unix:\/\/\/\S+docker\.sock\S* [ -~]+$/);
    assert.match(error.message, says);
    return true;
  };

describe('the Docker engine', { timeout: 600_000 }, () => {
  let bad: BadEngine;
  let engine: ContainerEngine;
  before(async () => {
    bad = new BadEngine();
    await bad.start();
  });
  after(() => bad.stop());
  beforeEach(() => {
    bad.requests = [];
    engine = createDockerEngine(bad.socketPath, LIMITS);
  });
  afterEach(() => {
    engine.close();
    bad.dropAll();
  });

  for (const [fault, { behave, says }] of Object.entries(FAULTS)) {
    test(`that ${fault} fails every call, and no connection is left`, async () => {
      bad.behaviour = behave;
      for (const [name, call] of Object.entries(CALLS)) {
        await assert.rejects(call(engine), isEngineError(says), name);
      }
      await until('its connections are closed', () => bad.connections === 0);
    });
  }

  test('that answers another thing than was asked is told so', async () => {
    for (const body of ['{}', '[{"Id":5}]', 'null', '"x"', '[', '']) {
      bad.behaviour = (socket) => socket.end(answer('200 OK', body));
      await assert.rejects(
        engine.listContainers(),
        isEngineError(/answer (is no JSON|makes no sense)/),
        body,
      );
      await assert.rejects(engine.findContainer('snmp'), isEngineError(/answer (is no JSON|makes no sense)/));
    }
  });

  test('that goes away ends a wait at once, though that has no time limit', async () => {
    bad.behaviour = (socket) => void socket.write(STREAM);
    const waiting = engine.waitContainer(CONTAINER_ID, new AbortController().signal);
    const ended = assert.rejects(waiting, isEngineError(/can't be used/));
    await until('it waits', () => bad.requests.length === 1);
    bad.dropAll();
    await ended;
  });

  test('that never answers leaves a wait when that is ended', async () => {
    bad.behaviour = () => {};
    const ending = new AbortController();
    const waiting = engine.waitContainer(CONTAINER_ID, ending.signal);
    await until('it waits', () => bad.requests.length === 1);
    ending.abort();
    assert.equal(await waiting, undefined);
    await until('the connection is closed', () => bad.connections === 0);
  });

  test('that is not there is told with what to do', async () => {
    const nobody = createDockerEngine(`${bad.socketPath}.none`, LIMITS);
    await assert.rejects(nobody.listImages(), isEngineError(/connect ENOENT .*; is dockerd running\?$/));
    await assert.rejects(
      nobody.watch(() => {}, assert.fail),
      isEngineError(/dockerd/),
    );
  });

  test('is asked for nothing by a name that is not whole or no name', async () => {
    bad.behaviour = (socket) => socket.end(answer('200 OK', '{}'));
    const isDefect = isErrorOf('defect');
    const digest = 'c'.repeat(64);
    for (const name of [
      'docker-snmp',
      '',
      IMAGE_ID,
      'abc',
      `docker-snmp:1@sha256:${digest}`,
      `docker-snmp@sha256:${digest}@x`,
      'docker-snmp@sha256:abc',
      '../containers/x:1',
      'docker-snmp:1?force=true',
      'docker-snmp:1/json',
      '<none>:<none>',
    ]) {
      await assert.rejects(engine.removeReference(name), isDefect, name);
      await assert.rejects(engine.pullImage(name), isDefect, name);
    }
    for (const id of ['', 'abc', 'a'.repeat(64), `${IMAGE_ID}a`, 'docker-snmp:1']) {
      await assert.rejects(engine.removeUnnamedImage(id), isDefect, id);
      await assert.rejects(engine.tagImage(id, 'docker-snmp', '1'), isDefect, id);
      await assert.rejects(engine.pinImage({ feature: 'snmp', imageId: id }), isDefect, id);
    }
    await assert.rejects(engine.tagImage(IMAGE_ID, 'sha256', '1'), isDefect);
    await assert.rejects(engine.tagImage(IMAGE_ID, 'docker-snmp', ''), isDefect);
    for (const name of ['', '..', 'a/b', 'a?force=true', 'a b', '-a'])
      await assert.rejects(engine.removeContainer(name), isDefect, name);
    assert.deepEqual(bad.requests, []);
  });

  test('is not asked to remove, stop or start what only begins like the name', async () => {
    const found = {
      Id: CONTAINER_ID,
      Name: '/other',
      Image: IMAGE_ID,
      Config: { Image: 'docker-snmp:1', Env: null },
      State: { Status: 'running', ExitCode: 0, OOMKilled: false },
    };
    bad.behaviour = (socket) => socket.end(answer('200 OK', JSON.stringify(found)));
    assert.equal(await engine.findContainer('bbb'), undefined);
    assert.equal(await engine.removeContainer('bbb'), 'missing');
    await engine.stopContainer('bbb', 10);
    await engine.killContainer('bbb');
    await assert.rejects(engine.startContainer('bbb'), isEngineError(/there is none$/));
    assert.ok(bad.requests.every((line) => line.startsWith('GET /containers/bbb/json')));
  });

  test('has not pulled what it fails on after it has begun', async () => {
    const begun = '{"status":"Pulling from docker-snmp"}\r\n{"status":"Downloading"}\r\n';
    const says = (lines: string): void => {
      bad.behaviour = (socket) => socket.end(answer('200 OK', lines));
    };
    const reference = `registry:5000/docker-snmp@${IMAGE_ID}`;
    says(begun);
    await engine.pullImage(reference);
    assert.match(
      bad.requests[0] ?? '',
      /^POST \/images\/create\?fromImage=registry%3A5000%2Fdocker-snmp&tag=sha256%3Aa{64} /,
    );
    says(`${begun}{"errorDetail":{"message":"no space left"},"error":"no space left"}\r\n`);
    await assert.rejects(
      engine.pullImage(reference),
      isEngineError(/can't pull registry:5000.*: no space left$/),
    );
    says('{"status":"Pulling"}\r\nno JSON\r\n');
    await assert.rejects(engine.pullImage(reference), isEngineError(/no JSON/));
  });

  test('is asked for a pin that can do nothing, and makes no volume of its image', async () => {
    let body = '';
    bad.behaviour = (socket, request) => {
      if (request.startsWith('POST')) body = request.slice(request.indexOf('\r\n\r\n') + 4);
      const inspected = JSON.stringify({ Config: { Volumes: { '/var/lib/frr': {} } } });
      socket.end(
        request.startsWith('GET') ? answer('200 OK', inspected) : answer('201 Created', '{"Id":"b"}'),
      );
    };
    assert.equal(await engine.pinImage({ feature: 'bgp', imageId: IMAGE_ID }), 'pinned');
    assert.match(bad.requests[1] ?? '', /^POST \/containers\/create\?name=ctrkit-keep-bgp-a{12} /);
    assert.deepEqual(JSON.parse(body), {
      Image: IMAGE_ID,
      Labels: { 'io.ctrkit.keep': 'bgp' },
      Entrypoint: ['/ctrkit-keeps-this-image'],
      Cmd: [],
      NetworkDisabled: true,
      HostConfig: {
        NetworkMode: 'none',
        RestartPolicy: { Name: 'no' },
        LogConfig: { Type: 'none' },
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        Mounts: [{ Type: 'tmpfs', Target: '/var/lib/frr' }],
      },
    });
  });

  test('is never asked to remove by force', async () => {
    const inspected = JSON.stringify({ RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] });
    bad.behaviour = (socket, request) =>
      socket.end(request.startsWith('GET') ? answer('200 OK', inspected) : answer('409 Conflict', '{}'));
    assert.equal(await engine.removeReference('docker-snmp:1'), 'in-use');
    assert.equal(await engine.removeUnnamedImage(IMAGE_ID), 'in-use');
    assert.equal(await engine.removeContainer(CONTAINER_ID), 'in-use');
    const removals = bad.requests.filter((line) => line.startsWith('DELETE'));
    assert.equal(removals.length, 3);
    for (const line of removals) assert.match(line, /[?&]force=false[& ]/);
  });
});

describe('a watch', { timeout: 600_000 }, () => {
  let bad: BadEngine;
  let engine: ContainerEngine;
  before(async () => {
    bad = new BadEngine();
    await bad.start();
    engine = createDockerEngine(bad.socketPath, LIMITS);
  });
  after(async () => {
    engine.close();
    await bad.stop();
  });

  const die = (exitCode: string) =>
    JSON.stringify({
      Type: 'container',
      Action: 'die',
      Actor: { ID: CONTAINER_ID, Attributes: { name: 'snmp-é', exitCode } },
    });

  /** Watches an engine that sends `parts`, a chunk each, and then does what `after` says. */
  async function watch(parts: readonly (string | Buffer)[], then: (socket: Socket) => void = () => {}) {
    bad.behaviour = (socket) => {
      socket.write(STREAM);
      for (const part of parts) socket.write(chunk(part));
      then(socket);
    };
    const events: EngineEvent[] = [];
    const seen = { events, ends: 0 };
    const stop = await engine.watch(
      (event) => events.push(event),
      () => (seen.ends += 1),
    );
    return { seen, stop };
  }

  const event = { kind: 'die', containerId: CONTAINER_ID, names: ['snmp-é'] };

  test('reads events however they are cut into pieces', async () => {
    const bytes = Buffer.from(`${die('1')}\n${die('2')}\n\n${die('3')}\n`);
    const pieces = Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
    for (const parts of [[bytes], pieces]) {
      const { seen, stop } = await watch(parts);
      await until('all are read', () => seen.events.length === 3);
      assert.deepEqual(
        seen.events,
        [1, 2, 3].map((exitCode) => ({ ...event, exitCode, hadOomKill: false })),
      );
      stop();
      assert.equal(seen.ends, 0);
    }
    await until('the connections are closed', () => bad.connections === 0);
  });

  test('that is ended on an event hears of none that came with it', async () => {
    bad.behaviour = (socket) => {
      socket.write(STREAM);
      setImmediate(() => socket.write(chunk(`${die('1')}\n${die('2')}\nwhat?\n`)));
    };
    let heard = 0;
    const stop = await engine.watch(() => {
      heard += 1;
      stop();
    }, assert.fail);
    await until('the connection is closed', () => bad.connections === 0);
    assert.equal(heard, 1);
  });

  const ways: Readonly<Record<string, (socket: Socket) => void>> = {
    'when the engine ends it': (socket) => socket.end('0\r\n\r\n'),
    'when the engine is gone': (socket) => socket.destroy(),
    'at a line that is no JSON': (socket) => socket.write(chunk(`what?\n${die('2')}\n`)),
    'at a line that is no event': (socket) => socket.write(chunk(`{"status":"die"}\n${die('2')}\n`)),
    'at a line without end': (socket) => {
      for (let part = 0; part < 20; part += 1) socket.write(chunk('x'.repeat(100_000)));
    },
    'when the engine talks no HTTP any more': (socket) => socket.write('nonsense\r\n'),
  };
  for (const [what, way] of Object.entries(ways)) {
    test(`is over once ${what}, and what came before is told`, async () => {
      const { seen, stop } = await watch([`${die('1')}\n`], (socket) => setImmediate(() => way(socket)));
      await until('it is over', () => seen.ends > 0);
      await until('the connection is closed', () => bad.connections === 0);
      stop();
      engine.close();
      await new Promise(setImmediate);
      assert.deepEqual(seen, { events: [{ ...event, exitCode: 1, hadOomKill: false }], ends: 1 });
    });
  }

  test('fails where there is none to be had, within its time, and never ends then', async () => {
    for (const { behave } of Object.values(FAULTS).slice(0, 5)) {
      bad.behaviour = behave;
      await assert.rejects(
        engine.watch(() => {}, assert.fail),
        isEngineError(/docker/),
      );
    }
  });

  test('outlives the time limit of its beginning', async () => {
    let late: Socket | undefined;
    const { seen, stop } = await watch([], (socket) => (late = socket));
    const openedMs = performance.now();
    await until('the limit is over', () => performance.now() - openedMs > 2 * LIMITS.readMs);
    late?.write(chunk(`${die('5')}\n`));
    await until('it is told', () => seen.events.length === 1);
    assert.equal(seen.ends, 0);
    stop();
  });
});
