import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPlainAnswer } from '../../src/container/adapters/supervisor/plain-answer.ts';
import { createSupervisorClient } from '../../src/container/adapters/supervisor/rpc-client.ts';
import { encodeMethodCall } from '../../src/container/adapters/supervisor/xml-rpc-call.ts';
import { XmlRpcFault } from '../../src/container/adapters/supervisor/xml-rpc-value.ts';
import { decodeMethodResponse } from '../../src/container/adapters/supervisor/xml-rpc.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import type { ProcessInfo, ProcessTable } from '../../src/ports/process-table.ts';
import { FakeSupervisord, listResponse, UnixServer } from '../support/fake-supervisord.ts';
import { Supervisord } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

/** For calls that are to succeed: never reached, however slow the machine. */
const PATIENT_MS = 30_000;
/** For calls that are to run into their limit. */
const SHORT_MS = 200;

/** What the suite needs of a supervisord; each has the programs listed in PROGRAM_STATES. */
interface Backend {
  readonly socketPath: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Alive, but answers nothing until `resume`. */
  stall(): void;
  resume(): void;
  /** Begins to go down and stays at it. */
  shutDown(): void;
}

const PROGRAM_STATES = {
  worker: 'RUNNING',
  start: 'EXITED',
  failed: 'EXITED',
  doomed: 'FATAL',
  idle: 'STOPPED',
  member: 'RUNNING',
  stubborn: 'RUNNING',
} as const;

function fakeBackend(): Backend {
  const now = Math.floor(Date.now() / 1000);
  const program = (name: string, state: number, statename: string): Record<string, string | number> => ({
    name,
    group: name,
    start: statename === 'STOPPED' ? 0 : now - 5,
    stop: statename === 'EXITED' ? now - 4 : 0,
    now,
    state,
    statename,
    spawnerr: '',
    exitstatus: 0,
    logfile: `/var/log/${name}.log`,
    pid: statename === 'RUNNING' ? process.pid : 0,
    description: '',
  });
  return new FakeSupervisord([
    { ...program('doomed', 200, 'FATAL'), spawnerr: "can't find command '/nonexistent/doomed'" },
    { ...program('failed', 100, 'EXITED'), exitstatus: 3 },
    program('idle', 0, 'STOPPED'),
    { ...program('member', 20, 'RUNNING'), group: 'pool' },
    program('start', 100, 'EXITED'),
    program('stubborn', 20, 'RUNNING'),
    program('worker', 20, 'RUNNING'),
  ]);
}

const REAL_PROGRAMS = (directory: string): string => `
[program:worker]
command=sleep 100000
startsecs=0
[program:start]
command=/bin/sh -c "exit 0"
startsecs=0
autorestart=false
[program:failed]
command=/bin/sh -c "exit 3"
startsecs=0
autorestart=false
[program:doomed]
command=/nonexistent/doomed
startretries=0
[program:idle]
command=sleep 100000
autostart=false
[group:pool]
programs=member
[program:member]
command=sleep 100000
startsecs=0
[program:stubborn]
command=/bin/sh -c "trap '' TERM; while [ ! -e ${directory}/let-go ]; do sleep 0.1; done"
startsecs=0
stopwaitsecs=60
`;

function realBackend(): Backend {
  const supervisord = new Supervisord(REAL_PROGRAMS);
  const { socketPath } = supervisord;
  return {
    socketPath,
    start: async () => {
      await supervisord.waitUntilUp();
      const table = createSupervisorClient({ socketPath, timeoutMs: PATIENT_MS });
      await until('every program has reached its state', async () => {
        const programs = await table.getAllProcessInfo();
        return programs.every(({ name, statename }) => statename === expectedState(name));
      });
    },
    stop: async () => {
      writeFileSync(join(supervisord.directory, 'let-go'), '');
      await supervisord.stop();
    },
    stall: () => supervisord.signal('SIGSTOP'),
    resume: () => supervisord.signal('SIGCONT'),
    shutDown: () => supervisord.signal('SIGTERM'),
  };
}

/** The body of the answer, as it comes. */
function postCall(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/RPC2', method: 'POST' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end(body);
  });
}

function expectedState(name: string): string | undefined {
  return Object.entries(PROGRAM_STATES).find(([program]) => program === name)?.[1];
}

function isBroken(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CtrkitError, `${String(error)} is no CtrkitError`);
    assert.equal(error.code, 'supervisor');
    assert.match(error.message, pattern);
    return true;
  };
}

const BACKENDS: readonly [string, () => Backend][] = [
  ['the fake supervisord', fakeBackend],
  ['a real supervisord', realBackend],
];

for (const [title, createBackend] of BACKENDS) {
  describe(`the process table of ${title}`, () => {
    let backend: Backend;
    let table: ReturnType<typeof createSupervisorClient>;
    let isStopped = false;
    const stopBackend = async (): Promise<void> => {
      if (!isStopped) await backend.stop();
      isStopped = true;
    };
    const find = async (name: string): Promise<ProcessInfo> => {
      const found = (await table.findProcesses([name]))[0];
      assert.ok(found !== undefined, `no program ${name}`);
      return found;
    };
    const impatient = (): ProcessTable =>
      createSupervisorClient({ socketPath: backend.socketPath, timeoutMs: SHORT_MS });

    before(async () => {
      backend = createBackend();
      await backend.start();
      table = createSupervisorClient({ socketPath: backend.socketPath, timeoutMs: PATIENT_MS });
    });
    after(stopBackend);

    test('lists every program with its state, FATAL and STOPPED too (D13, D14)', async () => {
      const programs = await table.getAllProcessInfo();
      const states = Object.fromEntries(programs.map(({ name, statename }) => [name, statename]));
      assert.deepEqual(states, { ...PROGRAM_STATES });
    });

    test('tells an exit with 0 from an exit with another code, both EXITED (D13)', async () => {
      const { statename, exitstatus, pid, start, stop } = await find('start');
      assert.deepEqual([statename, exitstatus, pid], ['EXITED', 0, 0]);
      assert.ok(start > 0 && stop >= start);
      const failed = await find('failed');
      assert.deepEqual([failed.statename, failed.state, failed.exitstatus], ['EXITED', 100, 3]);
    });

    test('gives a running program its process id and its times in seconds', async () => {
      const { pid, start, stop, now, state } = await find('worker');
      assert.doesNotThrow(() => process.kill(pid, 0));
      assert.equal(state, 20);
      assert.equal(stop, 0);
      assert.ok(start > 0 && now >= start && Math.abs(now - Date.now() / 1000) < 60);
    });

    test('says why a FATAL program could not be started (D14)', async () => {
      const { spawnerr, state, pid } = await find('doomed');
      assert.match(spawnerr, /\/nonexistent\/doomed/);
      assert.deepEqual([state, pid], [200, 0]);
    });

    test('gives a program that was never started no times and no process', async () => {
      const { start, stop, pid, state } = await find('idle');
      assert.deepEqual([start, stop, pid, state], [0, 0, 0, 0]);
    });

    test('finds a program of a group by group and name only', async () => {
      const { name, group } = await find('pool:member');
      assert.deepEqual([name, group], ['member', 'pool']);
      assert.deepEqual(await table.findProcesses(['member']), [undefined]);
    });

    test('answers the same for one program as in the list', async () => {
      const listed = (await table.getAllProcessInfo()).find(({ name }) => name === 'failed');
      assert.deepEqual({ ...(await find('failed')), now: 0 }, { ...listed, now: 0 });
    });

    for (const name of ['nobody', 'a<b>&amp;"c"', 'nämenlos-🙂-ünïcødé', ' ', 'line\r\nbreak', 'no:body']) {
      test(`knows no program ${JSON.stringify(name)} and calls that no failure`, async () => {
        assert.deepEqual(await table.findProcesses([name]), [undefined]);
      });
    }

    test('answers as it always does, which takes no XML parser', async () => {
      const text = await postCall(backend.socketPath, encodeMethodCall('supervisor.getAllProcessInfo', []));
      assert.deepEqual(readPlainAnswer(text), decodeMethodResponse(text));
    });

    test('gives up on a supervisord that is stopped in its tracks, and works again after it goes on', async () => {
      backend.stall();
      try {
        await assert.rejects(
          impatient().findProcesses(['worker']),
          isBroken(/no whole answer within 200 ms/),
        );
        await assert.rejects(impatient().getAllProcessInfo(), isBroken(/no whole answer within 200 ms/));
      } finally {
        backend.resume();
      }
      assert.equal((await find('worker')).statename, 'RUNNING');
    });

    test('says that it does not stop (G12)', async () => {
      assert.equal(await table.isStopping(), false);
    });

    test('refuses to show programs once supervisord goes down, and says SHUTDOWN', async () => {
      backend.shutDown();
      await until('supervisord is shutting down', async () => {
        try {
          await table.getAllProcessInfo();
          return false;
        } catch {
          return true;
        }
      });
      await assert.rejects(table.getAllProcessInfo(), (error) => {
        assert.ok(isBroken(/getAllProcessInfo: fault 6/)(error));
        assert.ok(error instanceof CtrkitError && error.cause instanceof XmlRpcFault);
        return error.cause.faultCode === 6;
      });
      await assert.rejects(table.findProcesses(['worker']), isBroken(/SHUTDOWN_STATE/));
      assert.equal(await table.isStopping(), true);
    });

    test('names the socket when supervisord is gone', async () => {
      await stopBackend();
      await assert.rejects(
        table.getAllProcessInfo(),
        isBroken(/supervisor\.sock, getAllProcessInfo: .*ENOENT/),
      );
      await assert.rejects(table.isStopping(), isBroken(/getState: .*ENOENT/));
    });
  });
}

/** A whole HTTP answer, its connection left open for the client to close. */
function httpAnswer(body: string | Buffer, status = '200 OK'): Buffer {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** Serves this to everyone who asks anything. */
function always(answer: Buffer | string): (socket: Socket) => void {
  return (socket) => void socket.once('data', () => void socket.write(answer));
}

/** Writes this head, and then its body for as long as the client takes it. */
function endlessly(head: string, piece: string): (socket: Socket) => void {
  return (socket) => {
    const pour = (): void => {
      while (socket.writable && socket.write(piece)) continue;
    };
    socket.on('drain', pour);
    socket.once('data', () => {
      socket.write(head);
      pour();
    });
  };
}

function drip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  const timer = setInterval(() => socket.write(' '), SHORT_MS / 10);
  socket.on('close', () => clearInterval(timer));
}

const MEMBER = {
  name: 'a',
  group: 'a',
  start: 1,
  stop: 0,
  now: 2,
  state: 20,
  statename: 'RUNNING',
  spawnerr: '',
  exitstatus: 0,
  pid: 7,
};

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const BROKEN_SERVERS: readonly [string, (socket: Socket) => void, RegExp][] = [
  ['accepts and never answers', () => undefined, /no whole answer within 200 ms/],
  ['sends its answer byte by byte for ever', drip, /no whole answer within 200 ms/],
  ['answers what is not HTTP', always('BOO! this is not HTTP\r\n\r\n'), /not HTTP/],
  ['answers what is not XML', always(httpAnswer('BOO! this is not XML')), /not an XML-RPC answer/],
  ['answers nothing', always(httpAnswer('')), /not an XML-RPC answer/],
  ['answers an error status', always(httpAnswer('no', '500 Internal Error')), /HTTP status 500/],
  [
    'answers bytes that are no text',
    always(httpAnswer(Buffer.from([0x3c, 0xff]))),
    /encoded data was not valid/,
  ],
  ['answers for ever', endlessly('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(65_536)), /longer than 524288 bytes/],
  ['answers chunks for ever', endlessly(CHUNKED, `1000\r\n${'x'.repeat(4096)}\r\n`), /in chunks/],
  [
    'sends headers for ever',
    endlessly('HTTP/1.1 200 OK\r\n', 'X-More: and more\r\n'),
    /head longer than 8192 bytes/,
  ],
  ['hangs up at once', (socket) => socket.destroy(), /hung up|ECONNRESET|EPIPE/],
  [
    'hangs up within its answer',
    (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<')),
    /hung up 98 bytes too early/,
  ],
  ['answers a number', always(httpAnswer(valueResponse('<int>1</int>'))), /not a list/],
  ['lists what is no struct', always(httpAnswer(listOf('<value>x</value>'))), /not a struct/],
  ['leaves the name out', always(httpAnswer(listResponse([without('name')]))), /no text "name"/],
  ['leaves the pid out', always(httpAnswer(listResponse([without('pid')]))), /no integer "pid"/],
  [
    'invents a state',
    always(httpAnswer(listResponse([{ ...MEMBER, statename: 'ASLEEP' }]))),
    /unknown process state/,
  ],
];

function without(name: keyof typeof MEMBER): Record<string, string | number> {
  return Object.fromEntries(Object.entries(MEMBER).filter(([field]) => field !== name));
}

function valueResponse(value: string): string {
  return `<methodResponse><params><param><value>${value}</value></param></params></methodResponse>`;
}

function listOf(values: string): string {
  return valueResponse(`<array><data>${values}</data></array>`);
}

describe('the process table of a broken server', () => {
  for (const [title, serve, pattern] of BROKEN_SERVERS) {
    test(`fails, and hangs up, when the server ${title}`, async () => {
      const server = await UnixServer.onConnection(serve);
      try {
        const timeoutMs = pattern.source.includes('whole answer') ? SHORT_MS : PATIENT_MS;
        const table = createSupervisorClient({ socketPath: server.socketPath, timeoutMs });
        await assert.rejects(table.getAllProcessInfo(), isBroken(pattern));
        await until('the client has hung up', () => server.openConnections === 0);
      } finally {
        await server.stop();
      }
    });
  }

  test('fails when there is no socket', async () => {
    const table = createSupervisorClient({
      socketPath: '/nonexistent/supervisor.sock',
      timeoutMs: PATIENT_MS,
    });
    await assert.rejects(
      table.getAllProcessInfo(),
      isBroken(/\/nonexistent\/supervisor\.sock, getAllProcessInfo: .*ENOENT/),
    );
  });

  test('needs one connection for all it asks, so that polling costs no memory (D30)', async () => {
    let connections = 0;
    const server = await UnixServer.onConnection((socket) => {
      connections += 1;
      socket.on('data', () => void socket.write(httpAnswer(listResponse([MEMBER]))));
    });
    try {
      const table = createSupervisorClient({ socketPath: server.socketPath, timeoutMs: PATIENT_MS });
      for (let call = 0; call < 3; call += 1) assert.deepEqual(await table.getAllProcessInfo(), [MEMBER]);
      assert.equal(connections, 1);
    } finally {
      await server.stop();
    }
  });

  test('asks again on another connection when the server has closed the one it kept', async () => {
    const server = await UnixServer.onConnection((socket) => {
      socket.once('data', () => {
        socket.write(httpAnswer(listResponse([MEMBER])));
        // The next call is sent, and never answered.
        socket.once('data', () => socket.destroy());
      });
    });
    try {
      const table = createSupervisorClient({ socketPath: server.socketPath, timeoutMs: PATIENT_MS });
      for (let call = 0; call < 3; call += 1) assert.deepEqual(await table.getAllProcessInfo(), [MEMBER]);
    } finally {
      await server.stop();
    }
  });

  test('has one limit for a call, and names it, though it asks again on another connection', async () => {
    let connections = 0;
    const server = await UnixServer.onConnection((socket) => {
      connections += 1;
      if (connections > 1) return;
      socket.once('data', () => {
        socket.write(httpAnswer(listResponse([MEMBER])));
        socket.once('data', () => setTimeout(() => socket.destroy(), 300));
      });
    });
    try {
      const table = createSupervisorClient({ socketPath: server.socketPath, timeoutMs: 2_000 });
      assert.deepEqual(await table.getAllProcessInfo(), [MEMBER]);
      await assert.rejects(table.getAllProcessInfo(), isBroken(/no whole answer within 2000 ms/));
    } finally {
      await server.stop();
    }
  });

  test('hangs up where the server says it will', async () => {
    const answer = listResponse([MEMBER]);
    const head = `HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: ${answer.length}\r\n\r\n`;
    const server = await UnixServer.onConnection(always(head + answer));
    try {
      const table = createSupervisorClient({ socketPath: server.socketPath, timeoutMs: PATIENT_MS });
      assert.deepEqual(await table.getAllProcessInfo(), [MEMBER]);
      await until('the client has hung up', () => server.openConnections === 0);
    } finally {
      await server.stop();
    }
  });

  test('answers two calls at once, each its own', async () => {
    const fake = new FakeSupervisord([MEMBER]);
    await fake.start();
    try {
      const table = createSupervisorClient({ socketPath: fake.socketPath, timeoutMs: PATIENT_MS });
      const [list, found] = await Promise.all([
        table.getAllProcessInfo(),
        table.findProcesses(['nobody', 'a']),
      ]);
      assert.deepEqual([list, found], [[MEMBER], [undefined, MEMBER]]);
    } finally {
      await fake.stop();
    }
  });
});
