import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bootMs } from '../support/boot-clock.ts';
import { type Container, Kit, noNamespaces } from '../support/kit.ts';
import { childrenOf, runningUnder } from '../support/processes.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const DROP_IN = '/usr/share/sonic/scripts/container_startup.py';
const options = { skip: noNamespaces };

/** What it would start as the application, as SONiC's files do: nobody looks at the gate's status. */
const START_SH = `#!/usr/bin/env bash
gate=${DROP_IN}
if test -f $gate
then
    $gate -f snmp -o \${RUNTIME_OWNER} -v \${IMAGE_VERSION}
fi
touch "$APPLICATION_STARTED"
`;

interface Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;
  readonly startSh: (env?: Record<string, string>) => Program;
  readonly isApplicationStarted: () => boolean;
}

async function prepare(t: TestContext): Promise<Scene> {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  const script = join(kit.folder, 'start.sh');
  writeFileSync(script, START_SH);
  chmodSync(script, 0o755);
  const started = join(kit.folder, 'application-started');
  return {
    redis,
    kit,
    here,
    startSh: (env = {}) =>
      kit.runInNamespace([script], {
        ...here.env,
        RUNTIME_OWNER: 'kube',
        IMAGE_VERSION: '1.4.0',
        APPLICATION_STARTED: started,
        ...env,
      }),
    isApplicationStarted: () => existsSync(started),
  };
}

/** The drop-in by itself, as start.sh calls it. */
const runDropIn = ({ kit, here }: Scene, args: readonly string[], env: Record<string, string> = {}) =>
  kit.runInNamespace([DROP_IN, ...args], { ...here.env, ...env });

/** The PATH has what the drop-in needs, and no Node.js. */
function runWithoutNode({ kit, here }: Scene, args: readonly string[]): Program {
  const folder = join(kit.folder, 'bin');
  mkdirSync(folder);
  symlinkSync('/bin/sleep', join(folder, 'sleep'));
  const command = ['/bin/sh', '-c', `PATH=${folder} exec ${DROP_IN} "$@"`, 'sh', ...args];
  return kit.runInNamespace(command, { ...here.env, CTRKIT_NODE: '' });
}

const GATE_ARGS = ['-f', 'snmp', '-o', 'kube', '-v', '1.4.0'];

const findGate = (kit: Kit) =>
  runningUnder(kit.folder).find(({ command }) => command.includes('load.cjs container_startup'));

const waitUntilNothingRuns = (kit: Kit) =>
  until('nothing of the kit runs any more', () => runningUnder(kit.folder).length === 0);

test('the drop-in returns 0 on go, and only then start.sh starts the application', options, async (t) => {
  const scene = await prepare(t);
  const { redis, here } = scene;
  const startSh = scene.startSh();
  await until('the host is asked', async () => (await redis.status())['remote_state'] === 'pending');
  assert.ok(startSh.isRunning && !scene.isApplicationStarted());
  await HostStandIn.start(t, redis);
  assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
  assert.ok(scene.isApplicationStarted());
  assert.equal((await redis.status())['docker_id'], here.id);

  const dropIn = runDropIn(scene, ['-f', 'snmp', '-o', 'local', '-v', '1.4.0']);
  assert.deepEqual(await dropIn.waitForEnd(), GO, dropIn.said);
});

test(
  'start.sh with an empty IMAGE_VERSION, so a bare -v at the end, is version 0.0.0',
  options,
  async (t) => {
    const scene = await prepare(t);
    await HostStandIn.start(t, scene.redis);
    const startSh = scene.startSh({ IMAGE_VERSION: '' });
    assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
    assert.ok(scene.isApplicationStarted());
    assert.equal((await scene.redis.status())['container_version'], '0.0.0');
  },
);

test('D2: under the drop-in a kube gate without a database holds start.sh', options, async (t) => {
  const scene = await prepare(t);
  await scene.redis.kill();
  const startSh = scene.startSh();
  await startSh.waitForLine('waiting, not started');
  assert.ok(startSh.isRunning && !scene.isApplicationStarted());
  await scene.redis.start();
  await scene.redis.wantKube();
  await HostStandIn.start(t, scene.redis);
  assert.deepEqual(await startSh.waitForEnd(), GO, startSh.said);
  assert.ok(scene.isApplicationStarted());
});

interface Failure {
  readonly name: string;
  readonly status: number;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** False where the PATH leads to no Node.js either. */
  readonly hasNode?: boolean;
  readonly said: RegExp;
  /** What makes the gate end, if it does not by itself. */
  readonly provoke?: (scene: Scene, dropIn: Program) => Promise<unknown>;
}

const killGate =
  (signal: NodeJS.Signals) =>
  async ({ kit }: Scene, dropIn: Program): Promise<void> => {
    await dropIn.waitForLine("waiting for the host's answer");
    const gate = findGate(kit);
    assert.ok(gate);
    process.kill(gate.pid, signal);
  };

const FAILURES: readonly Failure[] = [
  {
    name: 'wrong usage',
    status: 64,
    args: ['-f', 'snmp', '-o', 'nobody', '-v', '1.4.0'],
    said: /container_startup: error: the owner "nobody" is none/,
  },
  {
    name: 'no Node.js where CTRKIT_NODE says',
    status: 70,
    env: { CTRKIT_NODE: '/nonexistent' },
    said: /container_startup: error: .*\/nonexistent/,
  },
  {
    name: 'no Node.js at all',
    status: 70,
    hasNode: false,
    said: /container_startup: error: no Node\.js.*: put one at /,
  },
  {
    name: 'a gate that is killed, as when memory runs out',
    status: 137,
    said: /waiting for the host/,
    provoke: killGate('SIGKILL'),
  },
  {
    name: 'a gate that crashes',
    status: 134,
    said: /waiting for the host/,
    provoke: killGate('SIGABRT'),
  },
];

for (const { name, status, args = GATE_ARGS, env, hasNode = true, said, provoke } of FAILURES) {
  test(`D2: ${name} (${status}) is a hold that says so and ends at SIGTERM`, options, async (t) => {
    const scene = await prepare(t);
    const dropIn = hasNode ? runDropIn(scene, args, env) : runWithoutNode(scene, args);
    await provoke?.(scene, dropIn);
    await dropIn.waitForLine(`held: the gate ended with ${status}, the application is not started`);
    assert.match(dropIn.stderr, said);
    assert.ok(dropIn.isRunning);
    assert.equal(dropIn.stderrLines.filter((line) => line.includes('held:')).length, 1, dropIn.stderr);
    assert.ok(!scene.here.hasClaim);
    const fromMs = bootMs();
    dropIn.signal('SIGTERM');
    assert.deepEqual(await dropIn.waitForEnd(), { code: 143, signal: null }, dropIn.said);
    t.diagnostic(`${name}: SIGTERM to end ${dropIn.endedMs - fromMs} ms`);
    await waitUntilNothingRuns(scene.kit);
  });
}

test(
  'D2: start.sh, which ignores the status, never starts the application of a gate that failed',
  options,
  async (t) => {
    const scene = await prepare(t);
    const startSh = scene.startSh({ RUNTIME_OWNER: 'nobody' });
    await startSh.waitForLine('held: the gate ended with 64');
    const shell = childrenOf(startSh.pid).find(({ command }) => command.includes(DROP_IN));
    assert.ok(shell, 'the drop-in is still there');
    assert.ok(startSh.isRunning && !scene.isApplicationStarted());
  },
);

test(
  'SIGTERM of the drop-in ends a held and a waiting gate with it, and start.sh sees 143',
  options,
  async (t) => {
    for (const systemState of ['down', 'up']) {
      const scene = await prepare(t);
      await scene.redis.state.hset('FEATURE|snmp', 'system_state', systemState);
      const dropIn = runDropIn(scene, GATE_ARGS);
      await dropIn.waitForLine(systemState === 'up' ? 'waiting for the host' : 'held (system-not-up)');
      dropIn.signal('SIGTERM');
      assert.deepEqual(await dropIn.waitForEnd(), { code: 143, signal: null }, dropIn.said);
      await waitUntilNothingRuns(scene.kit);
      assert.equal((await scene.redis.status())['current_owner'], undefined);
    }
  },
);

for (const systemState of ['down', 'up']) {
  const name = systemState === 'up' ? 'waiting' : 'held';
  test(`when start.sh is killed nothing of the kit survives: ${name}`, options, async (t) => {
    const scene = await prepare(t);
    await scene.redis.state.hset('FEATURE|snmp', 'system_state', systemState);
    const startSh = scene.startSh();
    await startSh.waitForLine(systemState === 'up' ? 'waiting for the host' : 'held (system-not-up)');
    const fromMs = bootMs();
    startSh.signal('SIGKILL');
    await waitUntilNothingRuns(scene.kit);
    t.diagnostic(`${name}: start.sh killed to nothing left ${bootMs() - fromMs} ms`);
    assert.ok(!scene.isApplicationStarted());
    // Nor does a ready that comes now find anybody.
    await scene.redis.state.hset('FEATURE|snmp', { remote_state: 'ready', system_state: 'up' });
    assert.equal((await scene.redis.status())['current_owner'], undefined);
  });
}
