import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Container, Kit } from '../support/kit.ts';
import { GO, type Program } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const WRONG_USAGE = { code: 64, signal: null };

interface Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;
}

async function prepare(t: TestContext, env: Record<string, string> = {}): Promise<Scene> {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const kit = new Kit(t);
  return { redis, kit, here: kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, ...env }) };
}

/** What is wrong and what to do, on one line, by exit code 64; before any database was as much as connected to. */
async function assertWrongUsage(scene: Scene, program: Program, line: RegExp): Promise<void> {
  assert.deepEqual(await program.waitForEnd(), WRONG_USAGE, program.said);
  assert.equal(program.stdout, '');
  assert.equal(program.stderrLines.length, 1, program.stderr);
  assert.match(program.stderr, /^(container_startup|container_state|ctrkit_agent): error: /);
  assert.match(program.stderr, /Try \w+ --help\n$/);
  assert.match(program.stderr, line);
  assert.ok(program.stderr.length < 400, program.stderr);
  assert.ok(!scene.here.hasClaim);
}

/** Runs each and looks that nothing happened to the database meanwhile. */
async function assertAllWrong(
  scene: Scene,
  runs: readonly { readonly command: string; readonly args: readonly string[]; readonly line: RegExp }[],
): Promise<void> {
  const before = await scene.redis.dump();
  const connections = await scene.redis.connectionsReceived();
  for (const { command, args, line } of runs)
    await assertWrongUsage(scene, scene.here.command(command, ...args), line);
  assert.deepEqual(await scene.redis.dump(), before);
  assert.equal(await scene.redis.connectionsReceived(), connections);
}

const BAD_FEATURES = [
  '',
  ' ',
  '|',
  'snmp|x',
  '|snmp',
  'snmp ',
  'sn mp',
  'sn\tmp',
  'sn\nmp',
  '-snmp',
  '_snmp',
  'snmp*',
  'snmp/..',
  '../snmp',
  'snmp.1',
  "snmp'",
  'snmp\u00e9',
  '\u001b[31msnmp',
  'a'.repeat(33),
  'a'.repeat(5000),
];

test('feature names that are none are refused, by the gate and by container_state', async (t) => {
  const scene = await prepare(t);
  const line = /the feature's name ".*" is not legal: write 1 to 32 letters, digits, _ or -/;
  await assertAllWrong(
    scene,
    BAD_FEATURES.flatMap((feature) => [
      // `--feature=` takes a name that begins with a dash.
      { command: 'container_startup', args: [`--feature=${feature}`, '-o', 'local', '-v', '1'], line },
      ...(feature.startsWith('-')
        ? []
        : [{ command: 'container_state', args: [feature, 'up', 'local'], line }]),
    ]),
  );
});

test('feature names at the limits of what is legal are taken', async (t) => {
  const { redis, here } = await prepare(t);
  for (const feature of ['a', '0', 'A-b_9', 'a'.repeat(32)]) {
    const gate = here.command('container_startup', '-f', feature, '-o', 'local', '-v', '1');
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assert.equal((await redis.row(`FEATURE|${feature}`))['docker_id'], here.id);
  }
});

test('owners that are none are refused', async (t) => {
  const scene = await prepare(t);
  const owners = ['', 'none', 'Local', 'KUBE', 'kube ', 'local|kube', 'kubernetes'];
  await assertAllWrong(
    scene,
    owners.flatMap((owner) => {
      const line = /the owner ".*" is none: write -o local or -o kube/;
      return [
        { command: 'container_startup', args: ['-f', 'snmp', '-o', owner, '-v', '1'], line },
        { command: 'container_state', args: ['snmp', 'up', owner], line },
      ];
    }),
  );
});

test('versions that are none are refused', async (t) => {
  const scene = await prepare(t);
  const versions = ['1|2', '1 2', ' 1', '1\t', '1\n2', '1.0\u00e9', '\u007f', 'v'.repeat(129), '\u001b[2J'];
  const line =
    /the version ".*" is not legal: write at most 128 printable ASCII characters without space or \|/;
  await assertAllWrong(
    scene,
    versions.flatMap((version) => [
      { command: 'container_startup', args: ['-f', 'snmp', '-o', 'kube', '-v', version], line },
      { command: 'container_state', args: ['snmp', 'up', 'kube', '-v', version], line },
    ]),
  );
});

test('versions at the limits of what is legal are taken', async (t) => {
  const { redis, here } = await prepare(t);
  for (const version of ['v'.repeat(128), '1.0.0+build', '!"#$%&\'()*,/:;<=>?@[\\]^_`{}~', '{{x}}']) {
    const gate = here.gate('local', version);
    assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
    assert.equal((await redis.status())['container_version'], version);
  }
});

test('what is missing or too much is named', async (t) => {
  const scene = await prepare(t);
  const gate = (args: readonly string[], line: RegExp) => ({ command: 'container_startup', args, line });
  const state = (args: readonly string[], line: RegExp) => ({ command: 'container_state', args, line });
  await assertAllWrong(scene, [
    gate([], /no feature is named: write -f FEATURE/),
    gate(['-f'], /-f|--feature/),
    gate(['-f', 'snmp'], /no owner is named: write -o local or -o kube/),
    gate(['-f', 'snmp', '-o'], /-o|--owner/),
    gate(['-f', 'snmp', '-o', 'local', 'now'], /"now" is one word too many/),
    gate(['-f', 'snmp', '-o', 'local', '--fast'], /--fast/),
    gate(['-f', 'snmp', '-o', 'local', '--once=1'], /--once/),
    gate(['snmp', 'up'], /one word too many/),
    state([], /no feature is named: write container_state FEATURE show/),
    state(['snmp'], /"" is nothing to do: write up, down or show/),
    state(['snmp', 'start'], /"start" is nothing to do: write up, down or show/),
    state(['snmp', 'up'], /no owner is named/),
    state(['snmp', 'up', 'local', 'kube'], /"kube" is one word too many/),
    state(['snmp', 'down', 'now'], /"now" is one word too many/),
    state(['snmp', 'show', 'all'], /"all" is one word too many/),
    state(['snmp', 'show', '--fast'], /--fast/),
    state(['s\u001b[2J\nx', 'show'], /is not legal/),
    state(['snmp', 'x\ny\u001b[2J'], /is nothing to do/),
    state(['snmp', 'down', 'x\ny'], /is one word too many/),
    { command: 'ctrkit_agent', args: ['snmp'], line: /takes no arguments/ },
  ]);
});

test('nothing that was typed can forge a line or colour a terminal', async (t) => {
  const { here } = await prepare(t);
  const nasty = 'x\u001b[31m\r\nctrkit: forged';
  const shown: string[] = [];
  for (const [command, ...args] of [
    ['container_startup', '-f', nasty, '-o', 'local'],
    ['container_startup', '-f', 'snmp', '-o', nasty],
    ['container_startup', '-f', 'snmp', '-o', 'kube', '-v', nasty],
    ['container_startup', '-f', 'snmp', '-o', 'kube', nasty],
    ['container_startup', '-f', 'snmp', '-o', 'kube', `--${nasty}`],
    ['container_startup', '-f', 'snmp', '-o', 'kube', '--redis', nasty],
    ['container_state', nasty, 'show'],
    ['container_state', 'snmp', nasty],
    ['container_state', 'snmp', 'up', nasty],
    ['container_state', 'snmp', 'down', nasty],
    ['container_state', 'snmp', 'show', `--${nasty}`],
    ['ctrkit_agent', nasty],
  ] as const) {
    const program = here.command(command, ...args);
    assert.deepEqual(await program.waitForEnd(), WRONG_USAGE, program.said);
    if (/[\u0000-\u001f\u007f]/.test(program.stderr.slice(0, -1))) shown.push(JSON.stringify(program.stderr));
  }
  assert.deepEqual(shown, []);
});

test('an option of any length makes a line that can be read', async (t) => {
  const { here } = await prepare(t);
  const long = 'x'.repeat(5000);
  for (const [command, ...args] of [
    ['container_startup', `--${long}`],
    ['container_state', 'snmp', 'show', `--${long}`],
    ['container_state', 'snmp', long],
  ] as const) {
    const program = here.command(command, ...args);
    assert.deepEqual(await program.waitForEnd(), WRONG_USAGE, program.said.slice(0, 400));
    assert.ok(program.stderr.length < 400, `${command}: a line of ${program.stderr.length} characters`);
  }
});

const BAD_URLS = [
  'redis',
  'localhost:6379',
  'http://localhost:6379',
  'redis://',
  'redis://localhost/6',
  'redis://localhost:99999',
  'unix://',
  'unix://relative/path.sock',
  'unix:',
  '/var/run/redis/redis.sock',
  'redis://user:pa%zzss@localhost',
];

test('Redis URLs that are none are refused, as an option and in the environment', async (t) => {
  const scene = await prepare(t);
  const before = await scene.redis.dump();
  const line = /the Redis URL .*: write /;
  for (const url of BAD_URLS) {
    const byEnvironment = scene.kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: url });
    for (const owner of ['kube', 'local']) {
      await assertWrongUsage(scene, scene.here.gate(owner, '1', '--redis', url), line);
      await assertWrongUsage(scene, byEnvironment.gate(owner, '1'), line);
    }
    await assertWrongUsage(
      scene,
      scene.here.command('container_state', 'snmp', 'show', '--redis', url),
      line,
    );
    await assertWrongUsage(scene, byEnvironment.command('container_state', 'snmp', 'up', 'local'), line);
  }
  assert.deepEqual(await scene.redis.dump(), before);
});

test('a NAMESPACE_ID that is no number is refused', async (t) => {
  for (const id of ['asic0', '-1', '0x1', '1.5', '1000', ' 0', '../0', '|']) {
    const scene = await prepare(t, { NAMESPACE_ID: id });
    const line = /NAMESPACE_ID is ".*": it must be an ASIC's number, or empty/;
    await assertAllWrong(scene, [
      { command: 'container_startup', args: ['-f', 'snmp', '-o', 'kube', '-v', '1'], line },
      { command: 'container_startup', args: ['-f', 'snmp', '-o', 'local', '-v', '1'], line },
      { command: 'container_state', args: ['snmp', 'show'], line },
    ]);
  }
});

test('a container id that is none is refused, before it becomes part of a key', async (t) => {
  for (const id of ['a|b', 'x y', '-x', 'a'.repeat(65)]) {
    const scene = await prepare(t, { CTRKIT_CONTAINER_ID: id });
    const line = /CTRKIT_CONTAINER_ID is ".*": it has to be .*; correct or unset it/;
    await assertAllWrong(scene, [
      { command: 'container_startup', args: ['-f', 'snmp', '-o', 'kube', '-v', '1'], line },
      { command: 'container_startup', args: ['-f', 'snmp', '-o', 'local', '-v', '1'], line },
    ]);
  }
});

test('a duration that is none is said in one line, and its default counts', async (t) => {
  const { redis, kit } = await prepare(t);
  const here = kit.container('aaaaaaaaaaaa', {
    CTRKIT_REDIS: redis.url,
    CTRKIT_HEARTBEAT_INTERVAL: 'soon',
    CTRKIT_LOCAL_DB_WAIT: '-1',
  });
  const gate = here.gate('local', '1');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.deepEqual(
    gate.stderrLines.map((line) => /(CTRKIT_\w+) is "(.*)": write .*; using (\d+) s$/.exec(line)?.slice(1)),
    [
      ['CTRKIT_HEARTBEAT_INTERVAL', 'soon', '10'],
      ['CTRKIT_LOCAL_DB_WAIT', '-1', '60'],
    ],
  );
  here.agent();
  const beat = await until('it beats', async () => {
    const row = await redis.row('CONTAINER_HEALTH|snmp');
    return row['interval_ms'] !== undefined && row;
  });
  assert.equal(beat['interval_ms'], '10000');
});

const PASSWORD = 'Hush-7f3a9c';

test('a password is used, and is in no output: not when it is right, wrong, or in a URL that is none', async (t) => {
  const redis = await PrivateRedis.start(t, { password: PASSWORD, tcp: true });
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const kit = new Kit(t);
  const container = (id: string, url: string) =>
    kit.container(id, { CTRKIT_REDIS: url, CTRKIT_LOCAL_DB_WAIT: '100ms' });
  const urlWith = (password: string) => `redis://default:${password}@127.0.0.1:${redis.port}`;

  const right = container('aaaaaaaaaaaa', urlWith(PASSWORD));
  const gate = right.gate('kube', '1');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said.replaceAll(PASSWORD, '(the password)'));
  const agent = right.agent();
  await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['docker_id'] === right.id);
  agent.signal('SIGTERM');
  // Left for the agent by whoever was given it on the command line.
  const byOption = kit.container('eeeeeeeeeeee').gate('local', '1', '--redis', urlWith(PASSWORD));

  const wrong = container('bbbbbbbbbbbb', urlWith(`${PASSWORD}-no`));
  const waiting = wrong.gate('kube', '1');
  await waiting.waitForLine(
    /waiting, not started: Redis at redis:\/\/127\.0\.0\.1:\d+ can't be used: WRONGPASS/,
  );
  waiting.signal('SIGTERM');
  const none = container('cccccccccccc', `http://default:${PASSWORD}@localhost`);
  const noPort = container('dddddddddddd', `redis://default:${PASSWORD}@127.0.0.1:1`);
  const halfOne = container('ffffffffffff', `redis://default:${PASSWORD}@`);
  const programs = [wrong, none, noPort, halfOne].flatMap((one) => [
    one.gate('local', '1'),
    one.command('container_state', 'snmp', 'show'),
    one.command('container_state', 'snmp', 'up', 'local'),
  ]);
  for (const program of [gate, agent, byOption, waiting, ...programs]) {
    await program.waitForEnd();
    const output = `${program.stdout}${program.stderr}`;
    assert.ok(!output.includes(PASSWORD), output);
  }
});

test('a Redis that wants a password and gets none is out of reach: kube waits, and says which one it is', async (t) => {
  const redis = await PrivateRedis.start(t, { password: PASSWORD });
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const before = await redis.dump();
  const gate = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url }).gate('kube', '1');
  await gate.waitForLine(/waiting, not started: Redis at unix:.*redis\.sock can't be used: NOAUTH/);
  assert.ok(gate.isRunning);
  assert.deepEqual(await redis.dump(), before);
});
