/** Who answers the probes and keeps the claim where no supervisord runs an agent: the gate, the keeper, `ctrkit_agent run`. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { HostStandIn } from '../support/host-stand-in.ts';
import { type Container, Kit, noNamespaces } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { childrenOf, endAll, isAlive, keepRoot, runningUnder } from '../support/processes.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const AS_PROCESS_1: readonly string[] = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const GATE = ['container_startup', '-f', 'snmp', '-o', 'kube', '-v', '1.4.0', '--'];
const RUN = ['ctrkit_agent', 'run', '-f', 'snmp', '-o', 'kube', '-v', '1.4.0', '--'];
const PROBES = ['startup', 'readiness', 'liveness'] as const;

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapper?: readonly string[];
}

class Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;

  private constructor(t: TestContext, redis: PrivateRedis) {
    this.redis = redis;
    this.kit = new Kit(t);
    this.here = this.kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  }

  static async prepare(t: TestContext): Promise<Scene> {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    return new Scene(t, redis);
  }

  /** `words` begin with a command of the kit; it is process 1, as an ENTRYPOINT. */
  start(words: readonly string[], { env = {}, wrapper = AS_PROCESS_1 }: StartOptions = {}): Program {
    const [name = '', ...args] = words;
    return this.kit.run([...wrapper, join(this.kit.overlay, 'usr/bin', name), ...args], {
      ...this.here.env,
      ...env,
    });
  }

  /** Runs a command of the kit in the namespace of process 1, as `docker exec` does. */
  exec(program: Program, words: readonly string[]): Program {
    const [name = '', ...args] = words;
    const enter = ['nsenter', '-t', String(firstOf(program)), '-p', '-m'];
    return this.kit.run([...enter, join(this.kit.overlay, 'usr/bin', name), ...args], this.here.env);
  }

  async probe(program: Program): Promise<(number | null)[]> {
    const answers: (number | null)[] = [];
    for (const probe of PROBES)
      answers.push((await this.exec(program, ['health_probe', probe]).waitForEnd()).code);
    return answers;
  }

  async untilProbes(program: Program, wanted: readonly number[]): Promise<unknown> {
    await until('process 1 is there', () => childrenOf(program.pid).length > 0);
    return until(
      () => `the probes answer ${wanted.join(', ')}. ${program.said}`,
      async () => (await this.probe(program)).join() === wanted.join(),
    );
  }

  async health(): Promise<Record<string, string>> {
    return this.redis.state.hgetall('CONTAINER_HEALTH|snmp');
  }

  /** Puts `code` before everything that a keeper does. */
  breakKeeper(code: string): void {
    const path = join(this.kit.overlay, 'usr/lib/ctrkit/load.cjs');
    const own = readFileSync(path, 'utf8');
    writeFileSync(path, `if (process.argv[3] === 'keep') { ${code} }\n${own}`);
  }

  find(part: string): number | undefined {
    return runningUnder(this.kit.folder).find(({ command }) => /node/.test(command) && command.includes(part))
      ?.pid;
  }
}

/** Process 1 of the program's namespace. */
function firstOf(program: Program): number {
  const [first] = childrenOf(program.pid);
  assert.ok(first, program.said);
  return first.pid;
}

describe('a gate before supervisord', { skip: noNamespaces }, () => {
  test('answers the probes itself, held and waiting, while there is no agent (G6)', async (t) => {
    const scene = await Scene.prepare(t);
    await scene.redis.state.hset('FEATURE|snmp', 'system_state', 'down');
    const program = scene.start([...GATE, 'sleep', '1000']);
    await scene.untilProbes(program, [0, 12, 0]);
    await scene.redis.state.hset('FEATURE|snmp', 'system_state', 'up');
    await scene.untilProbes(program, [0, 2, 0]);
  });

  test('leaves a keeper, which renews the claim until an agent takes over (G6)', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const program = scene.start([...GATE, 'sleep', '1000']);
    await until('the claim is renewed', async () => Number((await scene.health())['seq'] ?? 0) >= 3);
    const health = await scene.health();
    assert.equal(health['status'], 'degraded');
    assert.equal(health['reason'], 'no agent has taken over yet: nothing is checked');
    assert.equal(health['healthy_since_ms'], '');
    await scene.untilProbes(program, [0, 2, 0]);
    const keeper = scene.find('ctrkit_agent keep');
    assert.ok(keeper);

    const agent = scene.exec(program, ['ctrkit_agent']);
    await agent.waitForLine('holding the claim');
    await until('the keeper is gone', () => !isAlive(keeper));
    assert.equal((await scene.redis.status())['current_owner'], 'kube');
    assert.equal((await scene.redis.status())['claim_token'], health['token']);
    assert.ok(agent.isRunning);
  });

  test('the keeper ends with the application, and releases the claim (G6)', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const program = scene.start([...GATE, 'sleep', '1000'], { wrapper: [] });
    await until('the claim is renewed', async () => Number((await scene.health())['seq'] ?? 0) >= 1);
    program.signal('SIGKILL');
    await until('it is released', async () => (await scene.redis.status())['current_owner'] === 'none');
    await until('nothing runs any more', () => runningUnder(scene.kit.folder).length === 0);
  });

  test('the keeper of an application that ends at once is not kept by a connection (G6)', async (t) => {
    const scene = await Scene.prepare(t);
    const wrapper = [...AS_PROCESS_1, 'sh', '-c', '"$@"; sleep 600', 'sh'];
    const gate = ['container_startup', '-f', 'snmp', '-o', 'local', '-v', '1.0.0', '--', 'true'];
    const program = scene.start(gate, { wrapper });
    await program.waitForLine('released (the application has ended)');
    await until('the keeper has ended', () => scene.find('ctrkit_agent keep') === undefined);
  });

  test('a keeper that dies at its start: owner kube is held, and its claim given back; owner local starts', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    scene.breakKeeper('process.abort();');
    const program = scene.start([...GATE, 'sh', '-c', 'echo started; sleep 1000']);
    await program.waitForLine('given back: the keeper has ended at its start (SIGABRT)');
    await scene.untilProbes(program, [0, 12, 0]);
    const status = await scene.redis.status();
    assert.deepEqual([status['current_owner'], status['remote_state']], ['none', 'stopped']);
    assert.equal(scene.here.hasClaim, false);
    assert.equal(program.stdout, '');
    program.signal('SIGKILL');

    const local = scene.start(['container_startup', '-f', 'snmp', '-o', 'local', '--', 'echo', 'started']);
    await local.waitForLine('nobody may renew the claim: the keeper has ended at its start (SIGABRT)');
    await until('it is started', () => local.stdout === 'started\n');
  });

  test('a keeper without a database: a container that has just claimed starts, and its claim is renewed later', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const ready = join(scene.kit.folder, 'ready');
    const waiting = join(scene.kit.folder, 'waiting');
    scene.breakKeeper(
      `const fs = require('node:fs'); fs.writeFileSync('${waiting}', ''); while (!fs.existsSync('${ready}'));`,
    );
    const env = { CTRKIT_HEARTBEAT_INTERVAL: '30s' };
    const program = scene.start([...GATE, 'sh', '-c', 'echo started; sleep 1000'], { env, wrapper: [] });
    await until('the keeper is there', () => existsSync(waiting));
    assert.equal(program.stdout, '');
    scene.redis.freeze();
    writeFileSync(ready, '');
    await until('it is started', () => program.stdout === 'started\n');
    scene.redis.thaw();
    await until('the claim is renewed', async () => Number((await scene.health())['seq'] ?? 0) >= 1);
  });

  test('a keeper that finds an agent at its start ends', async (t) => {
    const scene = await Scene.prepare(t);
    const agent = scene.here.agent();
    await until('the agent is there', () => existsSync(join(scene.here.runFolder, 'agent.json')));
    assert.equal((await scene.here.gate('local', '1.4.0').waitForEnd()).code, 0);
    await agent.waitForLine('holding the claim');
    const keeper = scene.here.command('ctrkit_agent', 'keep', String(process.pid));
    assert.equal((await keeper.waitForEnd()).code, 0, keeper.said);
    assert.ok(agent.isRunning);
  });

  test('where an agent is there is no keeper', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const agent = scene.here.agent();
    await until('the agent is there', () => existsSync(join(scene.here.runFolder, 'agent.json')));
    const program = scene.start([...GATE, 'sh', '-c', 'echo started; sleep 1000'], { wrapper: [] });
    await until('it is started', () => program.stdout === 'started\n');
    assert.equal(scene.find('ctrkit_agent keep'), undefined);
    assert.ok(agent.isRunning);
  });
});

/** Says the flags of its stdout and stderr. */
const LOOK = ['sh', '-c', 'sleep 1; cat /proc/$$/fdinfo/1 /proc/$$/fdinfo/2; echo looked'];

for (const [name, words] of [
  ['a gate, and its keeper', ['container_startup']],
  ['ctrkit_agent run', ['ctrkit_agent', 'run']],
] as const)
  test(`the pipe that the application writes to waits for its reader as before: ${name}`, async (t) => {
    const scene = await Scene.prepare(t);
    // A test's own pipes are sockets; an engine's are pipes.
    const program = scene.start([...words, '-f', 'snmp', '-o', 'local', '--', ...LOOK], {
      wrapper: ['sh', '-c', '"$@" 2>&1 | cat', 'sh'],
    });
    await until('it has looked', () => program.stdout.includes('looked'));
    const flags = [...program.stdout.matchAll(/^flags:\s*(\d+)$/gm)].map(([, text]) =>
      Number.parseInt(text ?? '', 8),
    );
    assert.deepEqual(
      flags.map((of) => of & constants.O_NONBLOCK),
      [0, 0],
    );
    assert.match(program.stdout, /holding the claim/);
  });

/** Where a hook may be: /tmp is everybody's. */
function makeConfigFolder(t: TestContext): string {
  const folder = mkdtempSync('/var/lib/ctrkit-run-');
  keepRoot(folder);
  t.after(() => endAll(folder));
  return folder;
}

/** Says which process it is, and ends with 7 at SIGTERM. */
const APPLICATION = [
  'sh',
  '-c',
  'trap "echo term; exit 7" TERM; trap "echo hup" HUP; echo pid $$; while :; do sleep 0.1; done',
];

describe('ctrkit_agent run', { skip: noNamespaces }, () => {
  for (const [name, wrapper] of [
    ['as process 1', AS_PROCESS_1],
    ['as any process', []],
  ] as const) {
    test(`gates, starts, checks, beats, forwards signals, releases, and ends with the status: ${name}`, async (t) => {
      const scene = await Scene.prepare(t);
      const config = makeConfigFolder(t);
      const hooks = join(config, 'checks/required.d');
      mkdirSync(hooks, { recursive: true });
      writeFileSync(join(hooks, 'well'), `#!/bin/sh\ntest -f ${scene.kit.folder}/well || exit 23\n`, {
        mode: 0o755,
      });
      const program = scene.start([...RUN, ...APPLICATION], { wrapper, env: { CTRKIT_CONFIG_DIR: config } });
      await until(
        'the host is asked',
        async () => (await scene.redis.status())['remote_state'] === 'pending',
      );
      assert.equal(program.stdout, '');
      await HostStandIn.start(t, scene.redis);
      await until('it is started', () => program.stdout.startsWith('pid '));
      await until('it beats', async () => (await scene.health())['status'] === 'starting');
      writeFileSync(join(scene.kit.folder, 'well'), '');
      await until('it is healthy', async () => (await scene.health())['status'] === 'healthy');
      assert.match(readFileSync(join(scene.here.runFolder, 'health'), 'latin1'), /^ctrkit2 0 0 0 /);

      const pid = wrapper.length === 0 ? program.pid : firstOf(program);
      process.kill(pid, 'SIGHUP');
      await until('the application takes it', () => program.stdout.includes('hup'));
      process.kill(pid, 'SIGTERM');
      assert.deepEqual(await program.waitForEnd(), { code: 7, signal: null }, program.said);
      assert.match(program.stdout, /term\n$/);
      assert.equal((await scene.redis.status())['current_owner'], 'none');
      assert.equal((await scene.health())['status'], 'stopping');
    });
  }

  test('held: the probes are answered, and SIGTERM ends it at once; the application was not started', async (t) => {
    const scene = await Scene.prepare(t);
    await scene.redis.state.hset('FEATURE|snmp', 'system_state', 'down');
    const program = scene.start([...RUN, ...APPLICATION]);
    await scene.untilProbes(program, [0, 12, 0]);
    process.kill(firstOf(program), 'SIGTERM');
    assert.deepEqual(await program.waitForEnd(), { code: 143, signal: null }, program.said);
    assert.equal(program.stdout, '');
  });

  test('an application that takes long to stop loses its claim before it ends, and is answered for', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const words = [
      'sh',
      '-c',
      `trap : TERM; echo up; until test -f ${scene.kit.folder}/end; do sleep 0.1; done`,
    ];
    const program = scene.start([...RUN, ...words], { env: { CTRKIT_RELEASE_AFTER: '1s' } });
    await until('it beats', async () => (await scene.health())['status'] === 'healthy');
    process.kill(firstOf(program), 'SIGTERM');
    await until('it is released', async () => (await scene.redis.status())['current_owner'] === 'none');
    assert.ok(program.isRunning);
    await scene.untilProbes(program, [0, 13, 0]);
    writeFileSync(join(scene.kit.folder, 'end'), '');
    assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
  });

  test('an application that ends by itself: its status, the reason on record, no word of a stop', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const wait = `until test -f ${scene.kit.folder}/end; do sleep 0.1; done`;
    for (const [end, code] of [
      ['exit 3', 3],
      ['kill -9 $$', 137],
    ] as const) {
      const program = scene.start([...RUN, 'sh', '-c', `${wait}; ${end}`]);
      await until('it beats', async () => (await scene.health())['status'] === 'healthy');
      writeFileSync(join(scene.kit.folder, 'end'), '');
      assert.deepEqual(await program.waitForEnd(), { code, signal: null }, program.said);
      const lastEnd = readFileSync(join(scene.here.runFolder, 'last-end'), 'latin1');
      assert.match(lastEnd, new RegExp(`the command ended by itself, with ${code}`));
      assert.equal((await scene.redis.status())['current_owner'], 'none');
      assert.equal((await scene.health())['status'], 'healthy');
    }
  });

  test('as another user than root', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    for (const folder of [scene.kit.folder, dirname(scene.redis.socketPath)]) chmodSync(folder, 0o755);
    chmodSync(scene.redis.socketPath, 0o777);
    chownSync(scene.here.runFolder, 54_321, 54_321);
    const wrapper = ['setpriv', '--reuid', '54321', '--clear-groups'];
    const program = scene.start([...RUN, 'sh', '-c', 'id -u; sleep 1000'], { wrapper });
    await until('it beats', async () => (await scene.health())['status'] === 'healthy');
    assert.equal(program.stdout, '54321\n');
  });

  test("Node.js' own settings are for hooks and the application, not for the agent", async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const config = makeConfigFolder(t);
    const hook = join(config, 'checks/required.d/tell');
    mkdirSync(dirname(hook), { recursive: true });
    const tell = 'env | grep -e NODE_OPTIONS -e KEPT';
    writeFileSync(hook, `#!/bin/sh\n${tell} >${scene.kit.folder}/hook\n`);
    chmodSync(hook, 0o755);
    const env = { CTRKIT_CONFIG_DIR: config, NODE_OPTIONS: '--require ./none.cjs', NODE_CHANNEL_FD: '3' };
    for (const wrapper of [AS_PROCESS_1, []]) {
      const words = ['sh', '-c', `${tell}; until test -s ${scene.kit.folder}/hook; do sleep 0.1; done`];
      const program = scene.start([...RUN, ...words], { wrapper, env });
      assert.deepEqual(await program.waitForEnd(), { code: 0, signal: null }, program.said);
      assert.equal(program.stdout, 'NODE_OPTIONS=--require ./none.cjs\n');
      assert.equal(readFileSync(join(scene.kit.folder, 'hook'), 'utf8'), program.stdout);
      rmSync(join(scene.kit.folder, 'hook'));
    }
  });

  test('what an agent that was killed has left of its hooks is ended by the next, a group without its leader too', async (t) => {
    const scene = await Scene.prepare(t);
    const config = makeConfigFolder(t);
    const folder = join(config, 'checks/required.d');
    mkdirSync(folder, { recursive: true });
    const said = join(scene.kit.folder, 'said');
    // The first agent is killed by the second hook, which ends itself; the first one floods on, without a limit.
    for (const [name, script] of [
      ['a', `test -e ${said} || exec yes`],
      [
        'b',
        `test -e ${said} || { sleep 1001 >/dev/null 2>&1 & sleep 1; echo $PPID >${said}; kill -9 $PPID; }`,
      ],
    ] as const)
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const words = ['ctrkit_agent', 'run', '-f', 'snmp', '-o', 'local', '-v', '1.4.0', '--', 'sleep', '1000'];
    const options = { wrapper: [], env: { CTRKIT_CONFIG_DIR: config } };
    const isLeft = (): boolean =>
      runningUnder(scene.kit.folder).some(({ command }) => /yes|sleep 1001/.test(command));
    const first = scene.start(words, options);
    // Its application holds its streams.
    await until('it is killed', () => first.child.signalCode === 'SIGKILL');
    assert.ok(isLeft());
    const second = scene.start(words, options);
    await second.waitForLine('killed what an agent that is gone had left of its hooks');
    await until('nothing of its hooks runs', () => !isLeft());
    await until('the hooks are well', async () => (await scene.health())['status'] === 'healthy');
    assert.ok(runningUnder(scene.kit.folder).some(({ command }) => command.includes('sleep 1000')));
  });

  test('what is wrong is said, and nothing is asked', async (t) => {
    const scene = await Scene.prepare(t);
    const plain = join(scene.kit.folder, 'plain');
    writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
    const script = join(scene.kit.folder, 'script');
    writeFileSync(script, '#!/nonexistent/python\n', { mode: 0o755 });
    for (const [words, code, said] of [
      [['ctrkit_agent', 'run', '-f', 'snmp'], 64, /no command: write ctrkit_agent run/],
      [['ctrkit_agent', 'run', '--', 'true'], 64, /no feature is named/],
      [[...RUN, '/nonexistent'], 127, /\/nonexistent: not found/],
      [[...RUN, 'exec', 'true'], 127, /exec: not found/],
      [[...RUN, plain], 126, /plain: can't be executed/],
      [[...RUN, scene.kit.folder], 126, /can't be executed: it is no file/],
      [[...RUN, script], 126, /its first line names \/nonexistent\/python/],
    ] as const) {
      const program = scene.start(words, { wrapper: [] });
      assert.deepEqual(await program.waitForEnd(), { code, signal: null }, program.said);
      assert.match(program.stderr, said);
    }
    assert.equal((await scene.redis.status())['remote_state'], undefined);
  });

  test('an illegal owner or version of the environment is refused, and is not taken for another (F2)', async (t) => {
    const scene = await Scene.prepare(t);
    for (const [env, said] of [
      [{ RUNTIME_OWNER: 'Kube' }, /RUNTIME_OWNER "Kube" is not legal: write local or kube/],
      [{ RUNTIME_OWNER: 'kube ' }, /RUNTIME_OWNER "kube " is not legal/],
      [{ RUNTIME_OWNER: 'k8s' }, /RUNTIME_OWNER "k8s" is not legal/],
      [{ RUNTIME_OWNER: 'local', IMAGE_VERSION: 'a b' }, /IMAGE_VERSION "a b" is not legal/],
      [{ RUNTIME_OWNER: 'local', CTRKIT_FEATURE: 'a b' }, /the feature's name "a b" is not legal/],
    ] as const) {
      const named = 'CTRKIT_FEATURE' in env ? [] : ['-f', 'snmp'];
      const program = scene.start(['ctrkit_agent', 'run', ...named, '--', 'echo', 'started'], {
        wrapper: [],
        env: { CONTAINER_NAME: 'snmp', ...env },
      });
      assert.deepEqual(await program.waitForEnd(), { code: 64, signal: null }, program.said);
      assert.match(program.stderr, said);
      assert.equal(program.stdout, '');
    }
    assert.equal((await scene.redis.status())['current_owner'], undefined);
  });

  test('run again in one start, it has no claim until its own gate has let it go, whatever was left there (F1)', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const first = scene.start([...RUN, 'sleep', '1000'], { wrapper: [] });
    await until('it beats', async () => (await scene.health())['status'] === 'healthy');
    // Its application goes on, and keeps its streams open.
    first.signal('SIGKILL');
    await until('it is gone', () => !isAlive(first.pid));
    const [left, record] = [scene.here.readClaim(), await scene.redis.status()];
    assert.equal(left['released'], false);

    const wrong = scene.start(['ctrkit_agent', 'run', '-f', 'snmp', '--redis', 'nowhere', '--', 'true'], {
      wrapper: [],
    });
    assert.deepEqual(await wrong.waitForEnd(), { code: 64, signal: null }, wrong.said);
    await scene.redis.config.hset('FEATURE|snmp', 'state', 'disabled');
    const { seq } = await scene.health();
    for (const feature of ['snmp', 'lldp']) {
      const words = [
        'ctrkit_agent',
        'run',
        '-f',
        feature,
        '-o',
        'kube',
        '-v',
        '1.4.0',
        '--',
        'echo',
        'started',
      ];
      const again = scene.start(words, { wrapper: [] });
      await again.waitForLine('held (');
      await until(
        () => `it is not ready. ${again.said}`,
        () => readFileSync(join(scene.here.runFolder, 'health'), 'latin1').startsWith('ctrkit2 0 12 0 '),
      );
      again.signal('SIGTERM');
      assert.deepEqual(await again.waitForEnd(), { code: 143, signal: null }, again.said);
      assert.equal(again.stdout, '');
      assert.doesNotMatch(again.stderr, /holding the claim|released/);
    }
    assert.deepEqual(scene.here.readClaim(), left);
    assert.deepEqual(await scene.redis.status(), record);
    assert.equal((await scene.health())['seq'], seq);
  });

  test('the claim is forgotten with the application, however that ended (F1)', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    for (const end of ['exit 1', 'exit 0', 'kill -TERM $PPID; exec sleep 1000']) {
      const program = scene.start([...RUN, 'sh', '-c', end], { wrapper: [] });
      await program.waitForEnd();
      assert.match(program.stderr, /released/);
      assert.equal(scene.here.hasClaim, false, program.said);
    }
  });

  test('as process 1 COMMAND has every variable, also one that a shell can not name', async (t) => {
    const scene = await Scene.prepare(t);
    const run = ['ctrkit_agent', 'run', '-f', 'snmp', '-o', 'local', '--'];
    const program = scene.start([...run, 'env'], { env: { 'discovery.type': 'one=two' } });
    assert.equal((await program.waitForEnd()).code, 0, program.said);
    assert.match(program.stdout, /^discovery\.type=one=two$/m);
    assert.doesNotMatch(program.stdout, /LAUNCHER/);
  });

  test('what its parent has, and it was not given, is none of COMMAND', async (t) => {
    const scene = await Scene.prepare(t);
    const run = ['ctrkit_agent', 'run', '-f', 'snmp', '-o', 'local', '--'];
    const program = scene.start([...run, 'env'], {
      wrapper: ['sh', '-c', 'env -u db.password "$@"; exit', 'sh'],
      env: { 'db.password': 'secret' },
    });
    assert.equal((await program.waitForEnd()).code, 0, program.said);
    assert.doesNotMatch(program.stdout, /secret/);
  });

  test('a COMMAND that can’t be started, whatever the reason, is said and ends it with 126', async (t) => {
    const scene = await Scene.prepare(t);
    const busy = join(scene.kit.folder, 'busy');
    copyFileSync('/bin/sleep', busy);
    chmodSync(busy, 0o755);
    const writer = openSync(busy, 'r+');
    t.after(() => closeSync(writer));
    const run = ['ctrkit_agent', 'run', '-f', 'snmp', '-o', 'local', '--', busy, '1'];
    const program = scene.start(run, { wrapper: [] });
    assert.equal((await program.waitForEnd()).code, 126, program.said);
    assert.match(program.stderr, /busy can't be started: .*ETXTBSY/);
    assert.equal((await scene.redis.status())['current_owner'], 'none');
  });
});

describe('a run that was killed, and was not process 1', () => {
  for (const [what, trap] of [
    ['', ''],
    [', and takes no SIGTERM', "trap '' TERM; "],
  ] as const)
    test(`leaves its command${what} to the next one, which ends it and all below it before it asks (F1)`, async (t) => {
      const scene = await Scene.prepare(t);
      await HostStandIn.start(t, scene.redis);
      const sleeps = (word: string) =>
        runningUnder(scene.kit.folder).filter(({ command }) => command === `sleep ${word}`).length;
      const first = scene.start([...RUN, 'sh', '-c', `${trap}sleep 1001 & exec sleep 1001`], { wrapper: [] });
      await until('it runs', () => sleeps('1001') === 2);
      await until('it beats', async () => (await scene.health())['status'] === 'healthy');
      first.signal('SIGKILL');
      await until('it is gone', () => !isAlive(first.pid));
      assert.equal(sleeps('1001'), 2);
      await scene.redis.config.hset('FEATURE|snmp', 'state', 'disabled');
      const next = scene.start([...RUN, 'sleep', '1002'], { wrapper: [] });
      await next.waitForLine('held (feature-disabled)');
      assert.equal(sleeps('1001'), 0);
      assert.match(next.stderr, /an earlier run was killed, and its command went on: ended it/);
      await scene.redis.config.hset('FEATURE|snmp', 'state', 'enabled');
      await until('the new one runs', () => sleeps('1002') === 1);
    });
});

describe('one agent of a container', () => {
  test('a second one, by hand or with run, says so and ends; nothing is started, and the claim stays (F7)', async (t) => {
    const scene = await Scene.prepare(t);
    await HostStandIn.start(t, scene.redis);
    const first = scene.start([...RUN, 'sleep', '1000'], { wrapper: [] });
    await until('it beats', async () => (await scene.health())['status'] === 'healthy');
    const record = await scene.redis.status();
    for (const words of [['ctrkit_agent'], [...RUN, 'echo', 'started']]) {
      const second = scene.start(words, { wrapper: [] });
      assert.deepEqual(await second.waitForEnd(), { code: 1, signal: null }, second.said);
      assert.equal(second.stdout, '');
      assert.match(second.stderr, /^ctrkit_agent: .*another agent of this container runs[^\n]*\n$/);
    }
    assert.deepEqual(await scene.redis.status(), record);
    assert.ok(first.isRunning);

    const check = scene.here.command('ctrkit_agent', '--check');
    assert.deepEqual(await check.waitForEnd(), { code: 0, signal: null }, check.said);
    first.signal('SIGKILL');
    await until('it is gone', () => !isAlive(first.pid));
    const next = scene.here.agent();
    await next.waitForLine('holding the claim');
  });

  test('of five that are started at once one stays (F7)', async (t) => {
    const scene = await Scene.prepare(t);
    const agents = Array.from({ length: 5 }, () => scene.here.agent());
    await until('four have ended', () => agents.filter(({ isRunning }) => !isRunning).length === 4);
    for (const agent of agents.filter(({ isRunning }) => !isRunning))
      assert.deepEqual(await agent.waitForEnd(), { code: 1, signal: null }, agent.said);
    const left = agents.find(({ isRunning }) => isRunning);
    assert.ok(left);
    const record = JSON.parse(readFileSync(join(scene.here.runFolder, 'agent.json'), 'utf8')) as object;
    assert.equal((record as { pid: number }).pid, left.pid);
  });
});
