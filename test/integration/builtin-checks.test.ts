import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createBuiltinSource } from '../../src/container/adapters/builtin/builtin-source.ts';
import type { BuiltinCheckConfig } from '../../src/container/health/checks-config/checks-config.ts';
import { decodeChecksConfig } from '../../src/container/health/checks-config/decode-checks-config.ts';
import type { CheckOutcome } from '../../src/contract/health/check.ts';
import type { Check } from '../../src/ports/check.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-builtin-'));
});
after(() => rmSync(folder, { recursive: true }));

/** The check of a line of checks.toml. */
function checkOf(line: string, clock = new FakeClock()): Check {
  const { config, errors } = decodeChecksConfig(`[checks]\nit = { ${line} }`);
  assert.deepEqual(errors, []);
  const [check] = createBuiltinSource(config.builtin, clock).list();
  assert.ok(check);
  return check;
}

const look = (line: string): Promise<CheckOutcome> => checkOf(line).run();

function failing(message: string): CheckOutcome {
  return { result: 'failing', message, exitCode: 1, isMendedByRestart: true };
}

const OK: CheckOutcome = { result: 'ok', message: '' };

/** Returns the port, 0 for a unix socket. */
async function listen(server: Server, where: { path: string } | { host: string; port: 0 }): Promise<number> {
  // A test that fails must not wait for it.
  server.listen(where).unref();
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A program that listens, and is frozen: the kernel accepts for it as long as its queue has room. */
async function freezeListener(where: string): Promise<{ port: number; child: ChildProcess }> {
  const script = `const server = require('node:net').createServer().listen({ ...${where}, backlog: 1 },
    () => console.log(server.address().port ?? 0))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  return { port: Number(line.toString()), child };
}

/** The first outcome that is not ok, after at most `most` runs. */
async function runUntilNotOk(check: Check, most: number): Promise<CheckOutcome> {
  for (let runs = 1; runs < most; runs += 1) {
    const outcome = await check.run();
    if (outcome.result !== 'ok') return outcome;
  }
  return check.run();
}

describe('a socket that accepts', () => {
  test('a TCP port is ok while somebody listens, and failing when nobody does', async () => {
    const server = createServer();
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    const check = checkOf(`tcp = "127.0.0.1:${port}"`);
    assert.deepEqual(await check.run(), OK);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await check.run(), failing(`port ${port} of 127.0.0.1: nobody accepts`));
  });

  test('a TCP port of IPv6', async (t) => {
    const server = createServer();
    const port = await listen(server, { host: '::1', port: 0 }).catch(() => 0);
    if (port === 0) return t.skip('no IPv6 here');
    assert.deepEqual(await look(`tcp = "[::1]:${port}"`), OK);
    server.close();
  });

  test('a unix socket is ok while somebody listens, and failing when nobody does, or it is none', async () => {
    const path = join(folder, 'a.sock');
    const server = createServer();
    const check = checkOf(`unix = "${path}"`);
    assert.deepEqual(await check.run(), failing(`${path}: there is no such socket`));
    await listen(server, { path });
    assert.deepEqual(await check.run(), OK);
    renameSync(path, `${path}.left`);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await look(`unix = "${path}.left"`), failing(`${path}.left: nobody accepts`));
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.deepEqual(await look(`unix = "${file}"`), failing(`${file}: nobody accepts`));
  });

  test('the connection is closed at once, without a word, whatever the other side says', async () => {
    const said: Buffer[] = [];
    const path = join(folder, 'b.sock');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => said.push(bytes));
      socket.write('220 hello\r\n'.repeat(1000));
    });
    await listen(server, { path });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    assert.deepEqual(await look(`unix = "${path}"`), OK);
    const [socket] = await accepted;
    await until('the connection is closed', () => socket.closed);
    server.close();
    assert.deepEqual(said, []);
  });

  test('a program that is frozen is found out when its queue is full (D13): unix socket', async (t) => {
    const path = join(folder, 'frozen.sock');
    const { child } = await freezeListener(JSON.stringify({ path }));
    t.after(() => child.kill('SIGKILL'));
    const check = checkOf(`unix = "${path}", timeoutSeconds = 1`);
    assert.deepEqual(await runUntilNotOk(check, 5), failing(`${path}: nobody accepts, its queue is full`));
  });

  test('a program that is frozen is found out when its queue is full (D13): TCP', async (t) => {
    const { port, child } = await freezeListener(JSON.stringify({ host: '127.0.0.1', port: 0 }));
    t.after(() => child.kill('SIGKILL'));
    const check = checkOf(`tcp = "127.0.0.1:${port}", timeoutSeconds = 0.3`);
    const outcome = await runUntilNotOk(check, 5);
    assert.deepEqual(outcome, failing(`port ${port} of 127.0.0.1: nobody accepted within 0.3 s`));
  });

  test('when this process has no file descriptor left, nothing is told of the other side', () => {
    const script = `
      import { openSync } from 'node:fs';
      import { createServer } from 'node:net';
      import { createSocketInspector } from './src/container/adapters/builtin/socket.ts';
      const path = process.argv.at(-1);
      createServer().listen(path, async () => {
        const inspect = createSocketInspector({ what: 'unix', path }, 1000);
        await inspect();
        try { for (;;) openSync('/dev/null'); } catch {}
        console.log(JSON.stringify(await inspect()));
        process.exit();
      });`;
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      [
        '-c',
        'ulimit -n 100; exec "$@"',
        'sh',
        process.execPath,
        '--import',
        'tsx',
        '--input-type=module',
      ].concat(['-e', script, join(folder, 'c.sock')]),
      { encoding: 'utf8', timeout: 120_000, cwd: fileURLToPath(new URL('../..', import.meta.url)) },
    );
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), {
      result: 'unknown',
      message: `${folder}/c.sock: can't be tried: EMFILE`,
    });
  });
});

describe('a file that is fresh enough', () => {
  function watchFile(name: string) {
    const path = join(folder, name);
    const clock = new FakeClock();
    return { path, clock, check: checkOf(`file = "${path}", maxAgeSeconds = 60`, clock) };
  }

  test('counts as fresh at first sight, and is failing when it has not changed for longer', async () => {
    const { path, clock, check } = watchFile('state-1');
    writeFileSync(path, 'x');
    utimesSync(path, 1, 1);
    assert.deepEqual(await check.run(), OK);
    clock.advance(60_000);
    assert.deepEqual(await check.run(), OK);
    clock.advance(1_000);
    assert.deepEqual(await check.run(), failing(`${path}: has not changed for 61 s, more than 60 s`));
  });

  test('a file that was written, grew or was replaced is fresh again', async () => {
    const { path, clock, check } = watchFile('state-2');
    writeFileSync(path, 'x');
    await check.run();
    const changes = [
      () => utimesSync(path, 2, 2),
      () => {
        writeFileSync(path, 'xx');
        utimesSync(path, 2, 2);
      },
      () => {
        writeFileSync(`${path}.new`, 'xx');
        utimesSync(`${path}.new`, 2, 2);
        renameSync(`${path}.new`, path);
      },
    ];
    for (const change of changes) {
      clock.advance(61_000);
      assert.equal((await check.run()).result, 'failing');
      change();
      assert.deepEqual(await check.run(), OK);
    }
  });

  test('a step of the wall clock by a year, back or forth, changes no verdict (D15)', async () => {
    const { path, clock, check } = watchFile('state-3');
    writeFileSync(path, 'x');
    await check.run();
    for (const step of [365 * DAY_MS, -2 * 365 * DAY_MS]) {
      clock.stepWallClock(step);
      assert.deepEqual(await check.run(), OK);
      // What is written after the step bears the other time.
      utimesSync(path, clock.wallMs() / 1000, clock.wallMs() / 1000);
      clock.advance(50_000);
      assert.deepEqual(await check.run(), OK);
      clock.advance(61_000);
      assert.equal((await check.run()).result, 'failing');
      clock.stepWallClock(step);
      assert.equal((await check.run()).result, 'failing');
      utimesSync(path, clock.wallMs() / 1000, clock.wallMs() / 1000);
      assert.deepEqual(await check.run(), OK);
    }
  });

  test('a file that does not exist is failing; the same one put back is as old as it was', async () => {
    const { path, clock, check } = watchFile('state-4');
    assert.deepEqual(await check.run(), failing(`${path}: there is no such file`));
    writeFileSync(path, 'x');
    assert.deepEqual(await check.run(), OK);
    const { ino } = statSync(path);
    clock.advance(61_000);
    renameSync(path, `${path}.away`);
    assert.equal((await check.run()).result, 'failing');
    renameSync(`${path}.away`, path);
    assert.equal(statSync(path).ino, ino);
    assert.equal((await check.run()).result, 'failing');
  });
});

describe('the memory of this container', () => {
  test('can be told here, or it is said why not', async () => {
    const outcome = await look('memoryPercent = 100');
    assert.match(
      outcome.message,
      /^(?:uses \d+ % of \d+ MiB(?:, the limit is 100 %)?|uses \d+ MiB, no limit|\/sys\/fs\/cgroup\/.* can't be read: ENOENT)$/,
    );
  });
});

describe('a built-in check', () => {
  test('one that a restart does not mend says so', async () => {
    const outcome = await look(`unix = "${folder}/none", restartMends = false`);
    assert.equal(outcome.result === 'failing' && outcome.isMendedByRestart, false);
  });

  test('has the name, kind and timing of its line, and is the same object each time', () => {
    const config: BuiltinCheckConfig = {
      name: 'memory',
      kind: 'wanted',
      timing: { initialDelayMs: 1, periodMs: 2, timeoutMs: 3, failureThreshold: 4, successThreshold: 5 },
      isMendedByRestart: true,
      what: 'memory',
      limitPercent: 90,
    };
    const source = createBuiltinSource([config], new FakeClock());
    const [check] = source.list();
    assert.deepEqual(
      { name: check?.name, kind: check?.kind, timing: check?.timing },
      { name: 'memory', kind: 'wanted', timing: config.timing },
    );
    assert.equal(source.list()[0], check);
  });
});
