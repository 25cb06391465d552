import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootMs } from '../support/boot-clock.ts';
import { noNamespaces } from '../support/kit.ts';
import { runningUnder } from '../support/processes.ts';
import { GO } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { baseConfig } from '../support/supervisord.ts';
import { DROP_IN, StartScript, SHELLS } from '../support/start-script.ts';
import { until } from '../support/until.ts';
import { describe, test, type TestContext } from 'node:test';

const options = { skip: noNamespaces };
const onAScriptsTerminal = { skip: noNamespaces || (!existsSync('/usr/bin/script') && 'needs script(1)') };
/** bash takes no notice of a SIGQUIT, with or without the kit. */
const QUIT = { bash: [], dash: ['SIGQUIT'] } as const;
const ENDED_BY_SIGTERM = { code: null, signal: 'SIGTERM' };

for (const shell of SHELLS) {
  test(
    `start.sh is stopped until the gate says go, and then starts the application: ${shell}`,
    options,
    async (t) => {
      const script = await StartScript.prepare(t, { shell });
      const { redis, here } = script;
      const startSh = script.start();
      await until('the host is asked', async () => (await redis.status())['remote_state'] === 'pending');
      assert.ok(startSh.isRunning && !script.isApplicationStarted);
      assert.equal(script.state(startSh), 'T');
      await HostStandIn.start(t, redis);
      assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
      assert.ok(script.isApplicationStarted);
      assert.equal((await redis.status())['docker_id'], here.id);

      const local = script.start({ RUNTIME_OWNER: 'local' });
      assert.deepEqual(await local.waitForEnd(), GO, local.said);
    },
  );
}

test(
  'start.sh with an empty IMAGE_VERSION, so a bare -v at the end, is version 0.0.0',
  options,
  async (t) => {
    const script = await StartScript.prepare(t);
    await HostStandIn.start(t, script.redis);
    const startSh = script.start({ IMAGE_VERSION: '' });
    assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
    assert.ok(script.isApplicationStarted);
    assert.equal((await script.redis.status())['container_version'], '0.0.0');
  },
);

test('D2: under the drop-in a kube gate without a database holds start.sh', options, async (t) => {
  const script = await StartScript.prepare(t);
  const { redis } = script;
  await redis.kill();
  const startSh = script.start();
  await startSh.waitForLine('waiting, not started');
  assert.ok(startSh.isRunning && !script.isApplicationStarted);
  await redis.start();
  await redis.wantKube();
  await HostStandIn.start(t, redis);
  assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
  assert.ok(script.isApplicationStarted);
});

for (const shell of SHELLS) {
  describe(`whatever ends the gate, ${shell} does not go on`, options, () => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGPIPE', 'SIGABRT'] as const) {
      test(`${signal} while it waits for the host (G1)`, async (t) => {
        const script = await StartScript.prepare(t, { shell });
        const startSh = script.start();
        await startSh.waitForLine("waiting for the host's answer");
        const [gate] = script.listGate(startSh);
        assert.ok(gate);
        process.kill(gate.pid, signal);
        // Node.js takes no notice of a SIGPIPE.
        if (signal !== 'SIGPIPE') await script.waitUntilGateIsGone(startSh);
        script.assertStopped(startSh);
        assert.ok(!script.here.hasClaim);
      });
    }

    test('at any moment of its start (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
        for (let moment = 0; moment < 5; moment += 1) {
          const startSh = script.start();
          await until('start.sh is stopped', () => script.state(startSh) === 'T');
          // A little later each time, wherever that falls: the start of a shell, of Node.js, of the gate.
          await new Promise((resolve) => setTimeout(resolve, moment * 25));
          for (const { pid } of script.listGate(startSh)) process.kill(pid, signal);
          await script.waitUntilGateIsGone(startSh);
          script.assertStopped(startSh);
          startSh.signal('SIGKILL');
          await startSh.waitForEnd();
        }
      }
    });

    test('SIGINT to the whole process group (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      const startSh = script.start({}, { wrapper: ['setsid'] });
      await startSh.waitForLine("waiting for the host's answer");
      process.kill(-startSh.pid, 'SIGINT');
      await startSh.waitForEnd();
      assert.ok(!script.isApplicationStarted);
      await script.waitUntilNothingRuns();
    });

    test('no second process may be started (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      script.openToEverybody();
      const other = ['setpriv', '--reuid', '54322', '--clear-groups', 'prlimit', '--nproc=2:2'];
      const startSh = script.start({}, { wrapper: other });
      await until('start.sh is stopped', () => script.state(startSh) === 'T');
      await script.waitUntilGateIsGone(startSh);
      script.assertStopped(startSh);
    });

    test('too little memory for Node.js (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      const startSh = script.start({}, { wrapper: ['prlimit', '--as=60000000'] });
      await until('start.sh is stopped', () => script.state(startSh) === 'T');
      await script.waitUntilGateIsGone(startSh);
      script.assertStopped(startSh);
    });

    test('nobody reads its stderr any more: it goes on, and so does start.sh when it may (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      const startSh = script.start();
      startSh.child.stderr?.destroy();
      await until('the host is asked', async () => {
        return (await script.redis.status())['remote_state'] === 'pending';
      });
      script.assertStopped(startSh);
      // What the gate says of an outage goes nowhere either.
      await script.redis.state.hset('FEATURE|snmp', 'system_state', 'down');
      await until('it is held', async () => (await script.redis.state.keys('CONTAINER_HOLD*')).length === 1);
      script.assertStopped(startSh);
      await HostStandIn.start(t, script.redis);
      await script.redis.state.hset('FEATURE|snmp', 'system_state', 'up');
      assert.deepEqual(await startSh.waitForEnd(), GO);
      assert.ok(script.isApplicationStarted);
    });

    test('its stderr is closed (G1)', async (t) => {
      const script = await StartScript.prepare(t, { shell });
      const startSh = script.start(
        { RUNTIME_OWNER: 'nobody' },
        { wrapper: ['sh', '-c', 'exec "$@" 2>&-', 'sh'] },
      );
      await until('start.sh is stopped', () => script.state(startSh) === 'T');
      await until('Node.js runs', () =>
        script.listGate(startSh).some(({ command }) => command.includes('load.cjs')),
      );
      script.assertStopped(startSh);
    });
  });
}

const hasPython = spawnSync('python3', ['--version']).status === 0;
const onPython = hasPython ? options : { skip: 'there is no python3' };

interface Failure {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly said: RegExp;
}

const FAILURES: readonly Failure[] = [
  {
    name: 'wrong usage',
    env: { RUNTIME_OWNER: 'nobody' },
    said: /container_startup: error: the owner "nobody" is none.*\n.*held: the gate ended with 64, /,
  },
  {
    name: 'no Node.js where CTRKIT_NODE says',
    env: { CTRKIT_NODE: '/nonexistent' },
    said: /container_startup: error: .*\/nonexistent.*\n.*held: the application is not started/,
  },
];

for (const shell of SHELLS) {
  for (const { name, env, said } of FAILURES) {
    test(
      `D2: ${name} is a hold that says so and ends with start.sh at its SIGTERM (G1): ${shell}`,
      options,
      async (t) => {
        const script = await StartScript.prepare(t, { shell });
        const startSh = script.start(env);
        await startSh.waitForLine('held: ');
        assert.match(startSh.stderr, said);
        assert.equal(startSh.stderrLines.filter((line) => line.includes('held:')).length, 1, startSh.stderr);
        script.assertStopped(startSh);
        const fromMs = bootMs();
        startSh.signal('SIGTERM');
        assert.deepEqual(await startSh.waitForEnd(), ENDED_BY_SIGTERM, startSh.said);
        t.diagnostic(`${name}: SIGTERM to end ${startSh.endedMs - fromMs} ms`);
        assert.ok(!script.isApplicationStarted);
        await script.waitUntilNothingRuns();
      },
    );
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', ...QUIT[shell]] as const) {
    test(`${signal} to start.sh ends it and its gate, held or waiting: ${shell}`, options, async (t) => {
      for (const systemState of ['down', 'up']) {
        const script = await StartScript.prepare(t, { shell });
        await script.redis.state.hset('FEATURE|snmp', 'system_state', systemState);
        const startSh = script.start();
        await startSh.waitForLine(systemState === 'up' ? 'waiting for the host' : 'held (system-not-up)');
        const fromMs = bootMs();
        startSh.signal(signal);
        const { signal: endedBy } = await startSh.waitForEnd();
        assert.ok(endedBy === signal || endedBy === 'SIGTERM', startSh.said);
        t.diagnostic(`${systemState}: ${signal} to end ${startSh.endedMs - fromMs} ms`);
        assert.ok(!script.isApplicationStarted);
        await script.waitUntilNothingRuns();
        assert.equal((await script.redis.status())['current_owner'], undefined);
      }
    });
  }

  for (const signal of ['SIGTERM', 'SIGUSR1', 'SIGUSR2', ...QUIT[shell]] as const)
    test(
      `a stop of the whole process group by ${signal} ends start.sh and its gate: ${shell}`,
      options,
      async (t) => {
        const script = await StartScript.prepare(t, { shell });
        const startSh = script.start({}, { wrapper: ['setsid'] });
        await startSh.waitForLine("waiting for the host's answer");
        process.kill(-startSh.pid, signal);
        const { signal: endedBy } = await startSh.waitForEnd();
        assert.ok(endedBy === signal || endedBy === 'SIGTERM', startSh.said);
        assert.ok(!script.isApplicationStarted);
        await script.waitUntilNothingRuns();
      },
    );

  test(`start.sh that catches the SIGTERM and goes on is stopped again: ${shell}`, options, async (t) => {
    const script = await StartScript.prepare(t, { shell, first: "trap 'true' TERM" });
    const startSh = script.start();
    await startSh.waitForLine("waiting for the host's answer");
    startSh.signal('SIGTERM');
    await until('it takes the signal', () => script.state(startSh) !== 'T');
    await until('it is stopped again', () => script.state(startSh) === 'T');
    script.assertStopped(startSh);
    assert.equal(script.listGate(startSh).length, 1);
  });

  test(
    `start.sh that catches the SIGTERM of its whole group does not go on after the gate: ${shell}`,
    options,
    async (t) => {
      const script = await StartScript.prepare(t, { shell, first: "trap 'true' TERM" });
      const startSh = script.start({}, { wrapper: ['setsid'] });
      await startSh.waitForLine("waiting for the host's answer");
      process.kill(-startSh.pid, 'SIGTERM');
      await script.waitUntilGateIsGone(startSh);
      await until('it is stopped again', () => script.state(startSh) === 'T');
      script.assertStopped(startSh);
    },
  );
}

for (const systemState of ['down', 'up']) {
  const name = systemState === 'up' ? 'waiting' : 'held';
  test(`when start.sh is killed nothing of the kit survives: ${name}`, options, async (t) => {
    const script = await StartScript.prepare(t);
    const { redis } = script;
    await redis.state.hset('FEATURE|snmp', 'system_state', systemState);
    const startSh = script.start();
    await startSh.waitForLine(systemState === 'up' ? 'waiting for the host' : 'held (system-not-up)');
    const fromMs = bootMs();
    startSh.signal('SIGKILL');
    await script.waitUntilNothingRuns();
    t.diagnostic(`${name}: start.sh killed to nothing left ${bootMs() - fromMs} ms`);
    assert.ok(!script.isApplicationStarted);
    // Nor does a ready that comes now find anybody.
    await redis.state.hset('FEATURE|snmp', { remote_state: 'ready', system_state: 'up' });
    assert.equal((await redis.status())['current_owner'], undefined);
  });
}

test('supervisord is not stopped: as a program of its own the drop-in is the gate', options, async (t) => {
  const script = await StartScript.prepare(t, { name: 'supervisord' });
  const startSh = script.start({ RUNTIME_OWNER: 'nobody' });
  await startSh.waitForEnd();
  assert.match(startSh.stderr, /the owner "nobody" is none/);
});

test('nor is one that is named as its Python is, and the drop-in below it gates (G1)', options, async (t) => {
  const script = await StartScript.prepare(t);
  const { here, kit, redis } = script;
  const gate = '/usr/share/sonic/scripts/container_startup.py -f snmp -o kube -v 1.4.0';
  const config = join(here.runFolder, 'supervisord.conf');
  writeFileSync(config, `${baseConfig(here.runFolder)}[program:app]\ncommand=${gate}\n`);
  const words = ['/usr/bin/python3', '/usr/bin/supervisord', '--nodaemon', '--configuration', config];
  const supervisord = kit.runInNamespace(words, here.env);
  await until('the host is asked', async () => (await redis.status())['remote_state'] === 'pending');
  const status = readFileSync(`/proc/${supervisord.pid}/status`, 'latin1');
  assert.match(status, /^Name:\tpython3/);
  assert.doesNotMatch(status, /^State:\tT/m);
});

for (const shell of SHELLS) {
  const onTerminal = async (t: TestContext) => {
    const script = await StartScript.prepare(t, { shell });
    await script.redis.state.hset('FEATURE|snmp', 'system_state', 'down');
    // util-linux' script(1) gives it a terminal, and ends with its status.
    const startSh = script.start({}, { wrapper: ['script', '-qefc'] });
    await until(
      () => `it is held. ${startSh.said}`,
      () => startSh.stdout.includes('held (system-not-up)'),
    );
    return { script, startSh };
  };
  for (const [key, typed] of [
    ['Ctrl-C', '\u0003'],
    ['Ctrl-\\', '\u001C'],
  ] as const)
    test(`${key} on a terminal starts nothing that is held: ${shell}`, onAScriptsTerminal, async (t) => {
      const { script, startSh } = await onTerminal(t);
      startSh.child.stdin?.write(typed);
      await startSh.waitForEnd();
      await script.waitUntilNothingRuns();
      assert.ok(!script.isApplicationStarted, startSh.said);
    });
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    test(`${signal} to the drop-in alone, on a terminal: ${shell}`, onAScriptsTerminal, async (t) => {
      const { script, startSh } = await onTerminal(t);
      const dropIn = runningUnder(script.kit.folder).find(({ command }) => command.includes(`sh ${DROP_IN}`));
      assert.ok(dropIn);
      process.kill(dropIn.pid, signal);
      await startSh.waitForEnd();
      await script.waitUntilNothingRuns();
      assert.ok(!script.isApplicationStarted, startSh.said);
    });
}

test(
  'where start.sh is process 1, and no second process may be started, it is kept waiting (G1)',
  options,
  async (t) => {
    const script = await StartScript.prepare(t);
    script.openToEverybody();
    const first = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const other = ['setpriv', '--reuid', '54322', '--clear-groups', 'prlimit', '--nproc=2:2'];
    const startSh = script.start({}, { wrapper: [...first, ...other] });
    await startSh.waitForLine('fork');
    const dropIn = await until('the drop-in stands still', () =>
      runningUnder(script.kit.folder).find(
        ({ pid, command }) =>
          command.includes(`sh ${DROP_IN}`) &&
          /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'latin1')),
      ),
    );
    // Whoever lets it go on lets nobody start.
    process.kill(dropIn.pid, 'SIGCONT');
    await until('it stands still again', () =>
      /^State:\tT/m.test(readFileSync(`/proc/${dropIn.pid}/status`, 'latin1')),
    );
    assert.ok(startSh.isRunning && !script.isApplicationStarted, startSh.said);
  },
);

for (const isHeard of [true, false])
  test(
    `where start.sh is process 1 it is kept waiting, whatever ends the gate${isHeard ? '' : ', also where nobody reads its stderr'}`,
    options,
    async (t) => {
      const script = await StartScript.prepare(t);
      const startSh = script.start(
        {},
        { wrapper: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] },
      );
      await startSh.waitForLine("waiting for the host's answer");
      if (!isHeard) startSh.child.stderr?.destroy();
      const gate = runningUnder(script.kit.folder).find(({ command }) =>
        command.includes('load.cjs container_startup'),
      );
      assert.ok(gate);
      process.kill(gate.pid, 'SIGKILL');
      if (isHeard) await startSh.waitForLine('held: the gate ended with 137, the application is not started');
      await until('it waits to ask again', () =>
        runningUnder(script.kit.folder).some(({ command }) => command.includes('sleep 1')),
      );
      assert.ok(startSh.isRunning && !script.isApplicationStarted);
    },
  );

test('where start.sh is process 1, and /proc is not mounted, it is kept waiting', options, async (t) => {
  const script = await StartScript.prepare(t);
  const hide = ['sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
  const wrapper = [
    'unshare',
    '--pid',
    '--fork',
    '--mount',
    '--propagation',
    'private',
    '--kill-child',
    ...hide,
  ];
  const startSh = script.start({}, { wrapper });
  await startSh.waitForLine("error: /proc/sys/kernel/random/boot_id can't be read: is /proc mounted here?");
  await startSh.waitForLine('held: the gate ended with 70, the application is not started');
  const isWaiting = () =>
    runningUnder(script.kit.folder).some(({ command }) => command.startsWith('/bin/sleep'));
  await until('it waits, or does not', () => !startSh.isRunning || isWaiting());
  assert.ok(startSh.isRunning && !script.isApplicationStarted, startSh.said);
});

test(
  'given to Python it is the same gate: start.sh is stopped, and goes on when it may',
  onPython,
  async (t) => {
    const script = await StartScript.prepare(t, { interpreter: 'python3' });
    const startSh = script.start();
    await until('the host is asked', async () => (await script.redis.status())['remote_state'] === 'pending');
    script.assertStopped(startSh);
    await HostStandIn.start(t, script.redis);
    assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
    assert.ok(script.isApplicationStarted);
  },
);
