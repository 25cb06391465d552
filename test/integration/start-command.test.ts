/** `container_startup ... -- COMMAND`: the gate that becomes the application. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { bootMs } from '../support/boot-clock.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { type Container, Kit, noNamespaces } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { childrenOf, isAlive, runningUnder } from '../support/processes.ts';
import type { Program } from '../support/program.ts';
import { SHELLS } from '../support/start-script.ts';
import { until } from '../support/until.ts';

const GATE = 'load.cjs container_startup';
const AS_PROCESS_1 = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const AS_OTHER_USER = ['setpriv', '--reuid', '54321', '--clear-groups'];

interface StartOptions {
  /** Undefined: neither owner nor version are among the words. */
  readonly owner?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapper?: readonly string[];
  readonly command?: readonly string[];
}

class Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;
  readonly #shell: string;

  private constructor(t: TestContext, redis: PrivateRedis, shell: string) {
    this.redis = redis;
    this.kit = new Kit(t);
    this.here = this.kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
    this.#shell = shell;
  }

  static async prepare(t: TestContext, shell: string): Promise<Scene> {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    return new Scene(t, redis, shell);
  }

  get startedFile(): string {
    return join(this.kit.folder, 'application-started');
  }

  get isApplicationStarted(): boolean {
    return existsSync(this.startedFile);
  }

  /** The launcher runs on the shell of this scene, as an image's /bin/sh. */
  start(options: StartOptions = {}): Program {
    const { owner, env = {}, wrapper = [], command } = { owner: 'kube', ...options };
    const launcher = join(this.kit.overlay, 'usr/bin/container_startup');
    const words = ['-f', 'snmp', ...(owner === undefined ? [] : ['-o', owner, '-v', '1.4.0']), '--'];
    return this.kit.run(
      [...wrapper, this.#shell, launcher, ...words, ...(command ?? ['touch', this.startedFile])],
      // As a program of supervisord, whose agent keeps the claim.
      { ...this.here.env, SUPERVISOR_ENABLED: '1', ...env },
    );
  }

  async waitForGate(): Promise<number> {
    return until(
      'the gate runs',
      () =>
        runningUnder(this.kit.folder).find(({ command }) => command.includes(GATE) && /node/.test(command))
          ?.pid,
    );
  }

  async waitUntilNothingRuns(): Promise<unknown> {
    return until('nothing of the kit runs any more', () => runningUnder(this.kit.folder).length === 0);
  }
}

for (const shell of SHELLS) {
  describe(`container_startup -- COMMAND on ${shell}`, () => {
    test('becomes COMMAND on go: same process id, its words, stdin, environment and status', async (t) => {
      const scene = await Scene.prepare(t, shell);
      const say = 'echo $$; cat; printf "<%s>" "$@"; env >"$0"; exit 5';
      const file = join(scene.kit.folder, 'env');
      const env = { name: 'a', kit: 'b', node: 'c' };
      const program = scene.start({ env, command: ['sh', '-c', say, file, 'a b', '', '--', '*'] });
      const { pid } = program;
      program.child.stdin?.end('in');
      await until(
        'the host is asked',
        async () => (await scene.redis.status())['remote_state'] === 'pending',
      );
      await HostStandIn.start(t, scene.redis);
      assert.deepEqual(await program.waitForEnd(), { code: 5, signal: null }, program.said);
      assert.equal(program.stdout, `${pid}\nin<a b><><--><*>`);
      const seen = readFileSync(file, 'utf8').split('\n');
      for (const [key, value] of Object.entries(env)) assert.ok(seen.includes(`${key}=${value}`), key);
      assert.deepEqual(
        seen.filter((line) => /^(CTRKIT_(CALLER|LAUNCHER)|ctrkit_)/.test(line)),
        [],
      );
    });

    test("Node.js' own settings are for COMMAND: no foreign module in the gate, no option that keeps it from starting", async (t) => {
      const scene = await Scene.prepare(t, shell);
      const env = {
        NODE_OPTIONS: "--require './a module' --no-such-option",
        NODE_CHANNEL_FD: '3',
        NODE_DEBUG: 'net',
        OPENSSL_CONF: join(scene.kit.folder, 'broken.cnf'),
      };
      writeFileSync(env.OPENSSL_CONF, '[broken');
      const program = scene.start({ owner: 'local', env, command: ['env'] });
      assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
      const seen = program.stdout.split('\n');
      for (const [key, value] of Object.entries(env)) assert.ok(seen.includes(`${key}=${value}`), key);
      assert.doesNotMatch(program.said, /NET |CTRKIT_KEPT/);
    });

    test('says which variables its shell keeps from COMMAND', async (t) => {
      const scene = await Scene.prepare(t, shell);
      const program = scene.start({
        owner: 'local',
        command: ['env'],
        env: { 'discovery.type': 'single-node', NAMED: '1' },
      });
      assert.equal((await program.waitForEnd()).code, 0, program.said);
      assert.match(program.stdout, /^NAMED=1$/m);
      const isPassedOn = /^discovery\.type=single-node$/m.test(program.stdout);
      assert.equal(/not passed on to the command.*: discovery\.type\. /.test(program.stderr), !isPassedOn);
    });

    test('starts it for owner local, and as process 1', { skip: noNamespaces }, async (t) => {
      const scene = await Scene.prepare(t, shell);
      const program = scene.start({
        owner: 'local',
        wrapper: AS_PROCESS_1,
        command: ['sh', '-c', 'echo $$'],
      });
      assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
      assert.equal(program.stdout, '1\n');
    });

    test("takes owner and version from the container's environment, and no wrong ones", async (t) => {
      const scene = await Scene.prepare(t, shell);
      const env = { RUNTIME_OWNER: 'local', IMAGE_VERSION: '1.5.0' };
      const program = scene.start({ owner: undefined, env });
      assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
      const { current_owner, container_version } = await scene.redis.status();
      assert.deepEqual([current_owner, container_version], ['local', '1.5.0']);
      const wrong = scene.start({ owner: undefined, env: { ...env, RUNTIME_OWNER: 'Local' } });
      assert.deepEqual(await wrong.waitForEnd(), { code: 64, signal: null }, wrong.said);
    });

    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
      ['SIGQUIT', 131],
      ['SIGUSR1', 138],
      ['SIGUSR2', 140],
    ] as const) {
      test(
        `${signal} ends it at once while it is held, as process 1 too (G6)`,
        { skip: noNamespaces },
        async (t) => {
          const scene = await Scene.prepare(t, shell);
          await scene.redis.state.hset('FEATURE|snmp', 'system_state', 'down');
          for (const wrapper of [[], AS_PROCESS_1]) {
            const program = scene.start({ wrapper });
            await program.waitForLine('held (system-not-up)');
            const pid = wrapper.length === 0 ? program.pid : (childrenOf(program.pid)[0]?.pid ?? 0);
            const fromMs = bootMs();
            process.kill(pid, signal);
            assert.deepEqual(await program.waitForEnd(), { code, signal: null }, program.said);
            t.diagnostic(`${signal} to end ${program.endedMs - fromMs} ms`);
            assert.ok(!scene.isApplicationStarted);
            await scene.waitUntilNothingRuns();
          }
        },
      );
    }

    test(
      'as process 1 it reaps what is left to it while it holds (G6)',
      { skip: noNamespaces },
      async (t) => {
        const scene = await Scene.prepare(t, shell);
        const program = scene.start({ wrapper: AS_PROCESS_1 });
        await program.waitForLine("waiting for the host's answer");
        const [first] = childrenOf(program.pid);
        assert.ok(first);
        const done = join(scene.kit.folder, 'orphan');
        const leave = `(echo >${done}; sleep 0.2) & exit`;
        const orphan = scene.kit.run(['nsenter', '-t', String(first.pid), '-p', 'sh', '-c', leave]);
        await orphan.waitForEnd();
        await until('it was started', () => existsSync(done));
        const listChildren = () =>
          readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'latin1').trim().split(' ');
        await until('only the gate is left', () => listChildren().length === 1);
        assert.ok(program.isRunning);
      },
    );

    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGABRT'] as const) {
      test(`a gate that ends by ${signal} is a hold that says so: COMMAND is not started (G1)`, async (t) => {
        const scene = await Scene.prepare(t, shell);
        const program = scene.start();
        await program.waitForLine("waiting for the host's answer");
        process.kill(await scene.waitForGate(), signal);
        await program.waitForLine('the application is not started; asking again in 60 s');
        assert.ok(program.isRunning && !scene.isApplicationStarted && !scene.here.hasClaim);
        program.signal('SIGTERM');
        assert.deepEqual(await program.waitForEnd(), { code: 143, signal: null });
        await scene.waitUntilNothingRuns();
      });
    }

    test('signals to all of it at any moment of its start start nothing (G1)', async (t) => {
      const scene = await Scene.prepare(t, shell);
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGPIPE'] as const) {
        for (let moment = 0; moment < 4; moment += 1) {
          const program = scene.start({ wrapper: ['setsid'] });
          const isLauncher = () => readFileSync(`/proc/${program.pid}/cmdline`, 'latin1').startsWith(shell);
          await until('its group is there', isLauncher);
          // A little later each time, wherever that falls: the start of a shell, of Node.js, of the gate.
          await new Promise((resolve) => setTimeout(resolve, moment * 30));
          process.kill(-program.pid, signal);
          if (signal === 'SIGPIPE') program.signal('SIGKILL');
          await program.waitForEnd();
          await scene.waitUntilNothingRuns();
          assert.ok(!scene.isApplicationStarted);
        }
      }
    });

    test('a launcher that is killed takes the gate with it', async (t) => {
      const scene = await Scene.prepare(t, shell);
      const program = scene.start();
      await program.waitForLine("waiting for the host's answer");
      const gate = await scene.waitForGate();
      program.signal('SIGKILL');
      await until('the gate is gone', () => !isAlive(gate));
      assert.ok(!scene.isApplicationStarted);
    });

    for (const [name, limit] of [
      ['no second process may be started', [...AS_OTHER_USER, 'prlimit', '--nproc=1:1']],
      ['Node.js gets no threads', [...AS_OTHER_USER, 'prlimit', '--nproc=2:2']],
      ['too little memory for Node.js', ['prlimit', '--as=60000000']],
    ] as const) {
      test(`${name}: COMMAND is not started (G1)`, { skip: noNamespaces }, async (t) => {
        const scene = await Scene.prepare(t, shell);
        const program = scene.kit.run(['chmod', '777', scene.kit.folder, scene.here.runFolder]);
        await program.waitForEnd();
        const limited = scene.start({ wrapper: limit });
        await until(
          'it ends or says that it holds',
          () => !limited.isRunning || limited.stderr.includes('held:'),
        );
        assert.ok(!scene.isApplicationStarted, limited.said);
        if (!limited.isRunning) assert.notEqual((await limited.waitForEnd()).code, 0);
      });
    }

    test('nobody reads its stderr: it holds, and goes on when it may (G1)', async (t) => {
      const scene = await Scene.prepare(t, shell);
      const program = scene.start();
      program.child.stderr?.destroy();
      await until(
        'the host is asked',
        async () => (await scene.redis.status())['remote_state'] === 'pending',
      );
      process.kill(await scene.waitForGate(), 'SIGKILL');
      await until('it holds', () => childrenOf(program.pid).some(({ command }) => command.includes('sleep')));
      assert.ok(program.isRunning && !scene.isApplicationStarted);
    });

    test('a COMMAND that can’t be executed is refused before anything is asked', async (t) => {
      const scene = await Scene.prepare(t, shell);
      const plain = join(scene.kit.folder, 'plain');
      writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
      const script = join(scene.kit.folder, 'script');
      writeFileSync(script, '#! /nonexistent/python -u\n', { mode: 0o755 });
      const windows = join(scene.kit.folder, 'windows');
      writeFileSync(windows, '#!/bin/sh\r\n', { mode: 0o755 });
      const PATH = `/nonexistent:${scene.kit.folder}:${process.env['PATH'] ?? ''}`;
      for (const [command, code, said] of [
        [[plain], 126, /plain: can't be executed/],
        [['plain'], 126, /: plain: can't be executed/],
        [[scene.kit.folder], 126, /can't be executed: it is no file/],
        [[script, 'x'], 126, /its first line names \/nonexistent\/python, which is no program here/],
        [['script'], 126, /script: can't be executed: its first line names/],
        [[windows], 126, /names \/bin\/sh\?, which/],
        [['exec', '/bin/true'], 127, /exec: not found/],
        [[''], 127, /not found/],
        [['--', 'true'], 127, /--: not found/],
      ] as const) {
        for (const owner of ['kube', 'local']) {
          const program = scene.start({ owner, command, env: { PATH } });
          assert.deepEqual(await program.waitForEnd(), { code, signal: null }, program.said);
          assert.match(program.stderr, said);
          assert.ok(!program.stderr.includes('Try container_startup'), program.said);
        }
      }
      const { remote_state, current_owner } = await scene.redis.status();
      assert.deepEqual([remote_state, current_owner], [undefined, undefined]);
      assert.ok(!scene.here.hasClaim);
    });

    test('what is wrong ends it, and starts nothing: usage, no COMMAND, no such COMMAND, no Node.js', async (t) => {
      const scene = await Scene.prepare(t, shell);
      for (const [options, code, said] of [
        [{ owner: 'nobody' }, 64, /the owner "nobody" is none/],
        [{ command: [] }, 64, /no command follows --/],
        [{ command: ['/nonexistent', 'x'] }, 127, /\/nonexistent: not found/],
        [{ env: { CTRKIT_NODE: '/nonexistent' } }, 70, /no Node\.js/],
        [{ env: { CTRKIT_NODE: '/etc/passwd' } }, 70, /no Node\.js/],
        [{ env: { CTRKIT_NODE: '/etc' } }, 70, /no Node\.js/],
      ] as const) {
        const program = scene.start(options);
        assert.deepEqual(await program.waitForEnd(), { code, signal: null }, program.said);
        assert.match(program.stderr, said);
        assert.ok(!scene.isApplicationStarted);
      }
    });
  });
}

test('the drop-in with a COMMAND stops nobody', { skip: noNamespaces }, async (t) => {
  const scene = await Scene.prepare(t, 'dash');
  const script = join(scene.kit.folder, 'start.sh');
  const call = '/usr/share/sonic/scripts/container_startup.py -f snmp -o local -v 1 -- echo started';
  writeFileSync(script, `#!/bin/sh\n${call}\necho after\n`, { mode: 0o755 });
  const program = scene.kit.runInNamespace([script], scene.here.env);
  assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
  assert.equal(program.stdout, 'started\nafter\n');
});
