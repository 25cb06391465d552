import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../src/adapters/clock.ts';
import type { HttpServer } from '../../src/adapters/http/http-server.ts';
import { startHealthHttp } from '../../src/container/adapters/http/health-http.ts';
import type { HealthReport } from '../../src/contract/health/health-report.ts';
import { FakeLog } from '../support/fake-log.ts';
import { parseExposition } from '../support/exposition.ts';
import { reportOf } from '../unit/container/adapters/http/report.ts';
import { until } from '../support/until.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Target = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** One exchange on a connection of its own, as kubelet does it. */
const ask = (target: Target, path: string, method = 'GET', headers: Record<string, string> = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const exchange = request({ ...target, path, method, headers, agent: false, timeout: 60_000 });
    exchange.on('timeout', () => exchange.destroy(new Error(`no answer to ${method} ${path}`)));
    exchange.on('error', reject);
    exchange.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    exchange.end();
  });

/** A client that says just `text`: what it hears, and whether the server has ended it. */
class RawClient {
  heard = '';
  isEnded = false;
  readonly socket: Socket;

  constructor(socketPath: string, text: string) {
    this.socket = connect(socketPath);
    this.socket.setEncoding('utf8').on('data', (more: string) => (this.heard += more));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isEnded = true));
    this.socket.write(text);
  }
}

const listen = (server: Server, where: object): Promise<void> =>
  new Promise((resolve) => server.listen(where, resolve));
const closeOf = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

async function findFreePort(host: string): Promise<number> {
  const server = createServer();
  await listen(server, { host, port: 0 });
  const { port } = server.address() as AddressInfo;
  await closeOf(server);
  return port;
}

/** A socket file as an agent leaves it that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await listen(server, { path: `${path}.old` });
  renameSync(`${path}.old`, path);
  await closeOf(server);
}

describe('HTTP', { timeout: 600_000 }, () => {
  let folder: string;
  let socketPath: string;
  let log: FakeLog;
  let report: HealthReport;
  let readReport: () => HealthReport;
  const opened: (() => unknown)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctrkit-http-'));
    socketPath = join(folder, 'http.sock');
    log = new FakeLog();
    report = reportOf();
    readReport = () => report;
  });

  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(address = `unix://${socketPath}`): Promise<HttpServer> {
    const http = await startHealthHttp({ address, readReport: () => readReport(), log, clock: systemClock });
    opened.push(() => http.close());
    return http;
  }
  const dial = (text = ''): RawClient => {
    const client = new RawClient(socketPath, text);
    opened.push(() => client.socket.destroy());
    return client;
  };
  const warnings = (): string[] => log.lines.filter((line) => !line.startsWith('info: '));

  test('answers on a unix socket that only root may use, and takes it away when it closes', async () => {
    const http = await start();
    assert.equal((await ask({ socketPath }, '/readyz')).body, 'ok\n');
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    await http.close();
    assert.equal(existsSync(socketPath), false);
    assert.deepEqual(log.lines, [`info: health and metrics: unix socket ${socketPath}`]);
  });

  test('answers on a port of the loopback, and on no other address of the machine', async () => {
    const port = await findFreePort('127.0.0.1');
    await start(`localhost:${port}`);
    assert.equal((await ask({ host: '127.0.0.1', port }, '/livez')).status, 200);
    await assert.rejects(ask({ host: '127.0.0.2', port }, '/livez'), /ECONNREFUSED/);
  });

  test('tells what is so now, to each who asks', async () => {
    await start();
    assert.equal((await ask({ socketPath }, '/readyz')).status, 200);
    report = reportOf({ reason: 'held', answers: { startup: 0, readiness: 12, liveness: 0 }, checks: [] });
    const { status, body } = await ask({ socketPath }, '/readyz');
    assert.deepEqual([status, body], [503, 'not ready (12): held\n']);
    assert.equal((await ask({ socketPath }, '/livez')).status, 200);
    assert.doesNotMatch((await ask({ socketPath }, '/metrics')).body, /memory/);
  });

  test('gives metrics that a scraper can read', async () => {
    await start();
    const { status, headers, body } = await ask({ socketPath }, '/metrics');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(parseExposition(body).get('ctrkit_container_info')?.samples[0]?.labels['feature'], 'snmp');
  });

  test('answers a HEAD like its GET, without the body', async () => {
    await start();
    for (const path of ['/readyz?verbose', '/metrics', '/nothing']) {
      const got = await ask({ socketPath }, path);
      const head = await ask({ socketPath }, path, 'HEAD');
      assert.equal(head.body, '');
      assert.equal(head.status, got.status);
      assert.equal(head.headers['content-length'], got.headers['content-length']);
      assert.equal(Number(got.headers['content-length']), Buffer.byteLength(got.body));
    }
  });

  test('refuses other methods and names those it takes; unknown paths are not found', async () => {
    await start();
    const refused = await ask({ socketPath }, '/readyz', 'POST');
    assert.deepEqual([refused.status, refused.headers['allow']], [405, 'GET, HEAD']);
    assert.equal((await ask({ socketPath }, '/healthz')).status, 404);
  });

  test('ends each connection with its answer', async () => {
    await start();
    const client = dial('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
    await until('the end of the connection', () => client.isEnded);
    assert.match(client.heard, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*\r\n\r\nok\n$/s);
  });

  test('is not held up by clients that say nothing, or never finish; they are ended (D16)', async () => {
    await start();
    const silent = dial();
    const halting = dial('GET /livez HTTP/1.1\r\nX: ');
    const drip = setInterval(() => halting.socket.write('x'), 100);
    opened.push(() => clearInterval(drip));
    assert.equal((await ask({ socketPath }, '/livez')).status, 200);
    assert.equal(silent.isEnded || halting.isEnded, false);
    await until('the end of both', () => silent.isEnded && halting.isEnded);
  });

  test('takes no more than a few clients at once, and others again when those are gone', async () => {
    await start();
    const first = Array.from({ length: 16 }, () => dial());
    await until('the connections', () => first.every(({ socket }) => !socket.connecting));
    const surplus = dial();
    await until('the surplus to be turned away', () => surplus.isEnded);
    assert.deepEqual(
      first.filter(({ isEnded }) => isEnded),
      [],
    );
    await until('the others’ end', () => first.every(({ isEnded }) => isEnded));
    assert.equal((await ask({ socketPath }, '/livez')).status, 200);
  });

  test('refuses a long header and a long path, and what is no HTTP', async () => {
    await start();
    const long = 'x'.repeat(8_000);
    assert.equal((await ask({ socketPath }, '/livez', 'GET', { X: long })).status, 431);
    assert.equal((await ask({ socketPath }, `/livez?${long}`)).status, 431);
    const client = dial('\0\0\0\0\r\n\r\n');
    await until('the end of the connection', () => client.isEnded);
    assert.match(client.heard, /^HTTP\/1\.1 400 /);
  });

  test('answers 500 and goes on where the report can’t be read', async () => {
    await start();
    readReport = () => {
      throw new Error('broken');
    };
    const { status, body } = await ask({ socketPath }, '/readyz');
    assert.equal(status, 500);
    assert.doesNotMatch(body, /broken/);
    await ask({ socketPath }, '/metrics');
    assert.match(warnings()[0] ?? '', /a defect of ctrkit: Error: broken/);
    readReport = () => report;
    assert.equal((await ask({ socketPath }, '/readyz')).status, 200);
  });

  test('takes the place of a socket that a dead agent left', async () => {
    await leaveSocket(socketPath);
    assert.ok(existsSync(socketPath));
    await start();
    assert.equal((await ask({ socketPath }, '/livez')).status, 200);
    assert.deepEqual(warnings(), []);
  });

  test('leaves a socket alone on which somebody answers, says so, and takes it when it is free', async () => {
    const other = createServer((socket) => socket.end());
    await listen(other, { path: socketPath });
    const http = await start();
    assert.match(warnings().join(), /^warn: CTRKIT_HTTP, unix socket .*: the path is taken/);
    await closeOf(other);
    await until('the answer', () =>
      ask({ socketPath }, '/livez').then(
        () => true,
        () => false,
      ),
    );
    await http.close();
  });

  test('never removes a file that is no socket', async () => {
    writeFileSync(socketPath, 'precious');
    await start();
    assert.match(warnings().join(), /the path is taken/);
    assert.equal(statSync(socketPath).size, 8);
  });

  test('waits for a folder that is not there yet', async () => {
    await start(`unix://${folder}/later/http.sock`);
    assert.match(warnings().join(), /its folder is not there, or may not be written/);
    mkdirSync(join(folder, 'later'));
    const target = { socketPath: `${folder}/later/http.sock` };
    await until('the answer', () =>
      ask(target, '/livez').then(
        () => true,
        () => false,
      ),
    );
  });

  test('says what to do about a port that is taken, and takes it when it is free (D16)', async () => {
    const other = createServer();
    await listen(other, { host: '127.0.0.1', port: 0 });
    const { port } = other.address() as AddressInfo;
    await start(`127.0.0.1:${port}`);
    assert.match(warnings().join(), /the port is taken. Every container of a switch shares its ports/);
    await closeOf(other);
    const target = { host: '127.0.0.1', port };
    await until('the answer', () =>
      ask(target, '/livez').then(
        () => true,
        () => false,
      ),
    );
    assert.equal(warnings().length, 1);
  });

  test('stays off, with one warning, for an address that others could reach', async () => {
    const port = await findFreePort('0.0.0.0');
    const http = await start(`0.0.0.0:${port}`);
    assert.match(
      warnings().join(),
      /^warn: CTRKIT_HTTP is "0\.0\.0\.0:\d+": every container [^\n]*; there is no HTTP$/,
    );
    await assert.rejects(ask({ host: '127.0.0.1', port }, '/livez'), /ECONNREFUSED/);
    await http.close();
  });

  test('closes whoever is connected, and while it still waits for its address', async () => {
    const http = await start();
    const silent = dial();
    await until('the connection', () => !silent.socket.connecting);
    await http.close();
    await until('the end of the connection', () => silent.isEnded);
    const waiting = await start(`unix://${folder}/never/http.sock`);
    await waiting.close();
    await http.close();
  });
});
