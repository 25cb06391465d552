/**
 * The built `container` as SONiC calls it (contract.md, section 14): each caller's line, with what the caller needs of its status.
 * Redis is real, the engine is the fake behind a socket.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serveEngine } from '../support/engine-server.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';

const BUILT = fileURLToPath(new URL('../../dist/host', import.meta.url));
const IMAGE = 'docker-any:latest';

interface Switch {
  readonly redis: PrivateRedis;
  readonly engine: FakeEngine;
  /** Starts a line of a caller: a path of the host, or a bare name that PATH finds. */
  readonly call: (line: string, env?: Readonly<Record<string, string>>) => Program;
  /** Runs it to its end. */
  readonly run: (
    line: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ code: number | null; said: string }>;
}

async function prepare(t: TestContext): Promise<Switch> {
  assert.ok(existsSync(BUILT), 'dist/host is missing: run npm run build first');
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const engine = new FakeEngine();
  engine.putImage('any', [IMAGE]);
  t.after(() => engine.goDown());
  const address = await serveEngine(t, kit.folder, engine);
  const host = join(kit.folder, 'host');
  cpSync(BUILT, host, { recursive: true, verbatimSymlinks: true });
  const call: Switch['call'] = (line, env = {}) => {
    const [program = '', ...args] = line.split(' ');
    const file = program.startsWith('/') ? `${host}${program}` : program;
    const path = `${host}/usr/local/bin:${process.env['PATH'] ?? ''}`;
    const run = join(kit.folder, 'run');
    const common = { CTRKIT_REDIS: redis.url, DOCKER_HOST: address, CTRKIT_RUN_DIR: run, PATH: path };
    return kit.run([file, ...args], { ...common, ...env });
  };
  const run: Switch['run'] = async (line, env) => {
    const program = call(line, env);
    const { code } = await program.waitForEnd();
    return { code, said: program.said };
  };
  return { redis, engine, call, run };
}

/** A container of the switch's own, running or as `docker create` leaves it, of a feature that CONFIG_DB has. */
async function putLocal(
  { redis, engine }: Switch,
  name: string,
  { state = 'running', feature = name }: { state?: 'running' | 'created'; feature?: string } = {},
): Promise<void> {
  engine.run({ name, image: IMAGE, state, environment: ['RUNTIME_OWNER=local', 'IMAGE_VERSION=1.2.3'] });
  await redis.config.hset(`FEATURE|${feature}`, { set_owner: 'local', state: 'enabled' });
  if (state === 'running') await recordLocal({ redis, engine }, name);
}

const recordLocal = async (
  { redis, engine }: Pick<Switch, 'redis' | 'engine'>,
  name: string,
): Promise<void> => {
  const docker_id = engine.find(name)?.id.slice(0, 12) ?? '';
  const record = { current_owner: 'local', container_id: name, docker_id, system_state: 'up' };
  await redis.state.hset(`FEATURE|${name}`, record);
};

/** What a service script and the others call, and what has become of the container then. */
interface Row {
  readonly caller: string;
  readonly line: string;
  readonly given: (host: Switch) => Promise<void> | void;
  readonly state: string | undefined;
}

const SCRIPT = '/usr/local/bin/container';
const idle = async (host: Switch, name: string): Promise<void> => {
  await putLocal(host, name);
  host.engine.end(name, 0);
};

/** All end with 0: of `start` no caller looks at it, of `stop` and `kill` it is ExecStop's, or failure is tolerated. */
const ROWS: readonly Row[] = [
  {
    caller: 'service script, ExecStartPre',
    line: `${SCRIPT} start snmp`,
    given: (host) => putLocal(host, 'snmp', { state: 'created' }),
    state: 'running',
  },
  {
    caller: 'service script of an instance',
    line: `${SCRIPT} start lldp0`,
    given: (host) => putLocal(host, 'lldp0', { state: 'created', feature: 'lldp' }),
    state: 'running',
  },
  {
    caller: 'service script, ExecStop',
    line: `${SCRIPT} stop snmp`,
    given: (host) => putLocal(host, 'snmp'),
    state: 'exited',
  },
  {
    caller: 'service script of teamd, ExecStop',
    line: `${SCRIPT} stop -t 60 teamd`,
    given: (host) => putLocal(host, 'teamd'),
    state: 'exited',
  },
  {
    caller: 'service script of an instance, ExecStop',
    line: `${SCRIPT} stop -t 60 swss1`,
    given: (host) => putLocal(host, 'swss1', { feature: 'swss' }),
    state: 'exited',
  },
  {
    caller: 'service script, ExecStop of an idle unit',
    line: `${SCRIPT} stop snmp`,
    given: (host) => idle(host, 'snmp'),
    state: 'exited',
  },
  {
    caller: 'service script, ExecStop where docker ps shows another container',
    line: `${SCRIPT} stop bgp`,
    given: (host) => putLocal(host, 'bgpmon'),
    state: undefined,
  },
  {
    caller: 'service_mgmt.sh on a warm reboot',
    line: `${SCRIPT} kill radv`,
    given: (host) => putLocal(host, 'radv'),
    state: 'exited',
  },
  {
    caller: 'service_mgmt.sh on a warm reboot, of an idle unit',
    line: `${SCRIPT} kill radv`,
    given: (host) => idle(host, 'radv'),
    state: 'exited',
  },
  {
    caller: 'fast-reboot',
    line: 'container kill nat',
    given: (host) => putLocal(host, 'nat'),
    state: 'exited',
  },
  {
    caller: 'fast-reboot, of a feature that the image lacks',
    line: 'container kill sflow',
    given: () => undefined,
    state: undefined,
  },
  {
    caller: 'fast-reboot, of an instance',
    line: 'container kill lldp0',
    given: (host) => putLocal(host, 'lldp0', { feature: 'lldp' }),
    state: 'exited',
  },
  {
    caller: 'sidecar script of restapi',
    line: `${SCRIPT} start restapi`,
    given: (host) => putLocal(host, 'restapi', { state: 'created' }),
    state: 'running',
  },
  {
    caller: 'sidecar script of restapi',
    line: `${SCRIPT} kill restapi`,
    given: (host) => putLocal(host, 'restapi'),
    state: 'exited',
  },
  {
    caller: 'sai_qualify',
    line: `${SCRIPT} stop syncd`,
    given: (host) => putLocal(host, 'syncd'),
    state: 'exited',
  },
];

describe('what SONiC’s scripts call', () => {
  for (const { caller, line, given, state } of ROWS)
    test(`${caller}: ${line.replace('/usr/local/bin/', '')} ends with 0 (H18)`, async (t) => {
      const host = await prepare(t);
      await given(host);
      const name = line.split(' ').at(-1) ?? '';
      const { code, said } = await host.run(line);
      assert.equal(code, 0, said);
      assert.equal(host.engine.find(name)?.state, state, said);
      if (line.includes('-t 60'))
        assert.deepEqual(host.engine.acts, [`stopContainer ${host.engine.find(name)?.id} 60`]);
    });

  test('a warm reboot kills before it stops the service: neither wait nor stop fails the unit, nor is an error told (H18)', async (t) => {
    const host = await prepare(t);
    await putLocal(host, 'lldp');
    const execStart = host.call(`${SCRIPT} wait lldp`);
    await execStart.waitForLine('waiting for the end of container');
    const killed = await host.run('container kill lldp');
    assert.equal(killed.code, 0, killed.said);
    assert.equal((await execStart.waitForEnd()).code, 0, execStart.said);
    assert.doesNotMatch(execStart.said, /error/);
    assert.match(execStart.said, /it ended with 137/);
    const stopped = await host.run(`${SCRIPT} stop lldp`);
    assert.equal(stopped.code, 0, stopped.said);
    const { current_owner, system_state } = await host.redis.row('FEATURE|lldp');
    assert.deepEqual([current_owner, system_state], ['none', 'down']);
  });
});

describe('container wait is a service’s ExecStart', () => {
  for (const [how, exitCode, code] of [
    ['ended by itself', 0, 0],
    ['was killed, or ran out of memory', 137, 0],
    ['failed', 3, 1],
    ['crashed', 139, 1],
  ] as const)
    test(`a container that ${how} (${exitCode}) ends it with ${code} (H18)`, async (t) => {
      const host = await prepare(t);
      await putLocal(host, 'snmp');
      const wait = host.call(`${SCRIPT} wait snmp`);
      await wait.waitForLine('waiting for the end of container');
      host.engine.end('snmp', exitCode, { hadOomKill: exitCode === 137 });
      assert.equal((await wait.waitForEnd()).code, code, wait.said);
    });

  test('one that Kubernetes did not deploy in time ends it with 75, and systemd starts the local one (D21)', async (t) => {
    const host = await prepare(t);
    await host.redis.wantKube();
    const { code, said } = await host.run(`${SCRIPT} wait snmp`, { CTRKIT_REVERT_TO_LOCAL: '0' });
    assert.equal(code, 75, said);
    assert.equal((await host.redis.status())['remote_state'], 'none');
  });
});

describe('what may end stop and kill with another code than 0', () => {
  test('an engine that is away: 69, as nobody knows what runs', async (t) => {
    const host = await prepare(t);
    await putLocal(host, 'snmp');
    for (const line of ['stop snmp', 'kill snmp']) {
      const { code, said } = await host.run(`${SCRIPT} ${line}`, {
        DOCKER_HOST: 'unix:///nowhere/docker.sock',
      });
      assert.equal(code, 69, said);
    }
  });

  test('Redis away: 0 where it has ended the container NAME, else 69', async (t) => {
    const host = await prepare(t);
    await putLocal(host, 'snmp');
    await host.redis.kill();
    const ended = await host.run(`${SCRIPT} stop snmp`);
    assert.equal(ended.code, 0, ended.said);
    assert.equal(host.engine.find('snmp')?.state, 'exited');
    const unknown = await host.run(`${SCRIPT} stop snmp`);
    assert.equal(unknown.code, 69, unknown.said);
  });

  test('a line that no caller writes: 64', async (t) => {
    const host = await prepare(t);
    for (const line of ['stop -t -1 snmp', 'stop', 'kill a/b', 'end snmp'])
      assert.equal((await host.run(`${SCRIPT} ${line}`)).code, 64, line);
  });

  test('a feature that is not enabled is killed by nobody while it runs: 1', async (t) => {
    const host = await prepare(t);
    await putLocal(host, 'sflow');
    await host.redis.config.hset('FEATURE|sflow', { state: 'disabled' });
    assert.equal((await host.run('container kill sflow')).code, 1);
    assert.equal(host.engine.find('sflow')?.state, 'running');
  });
});
