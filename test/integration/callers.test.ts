/**
 * The built `container` as SONiC calls it (contract.md, section 14): each caller's line, with what the caller needs of its status.
 * Redis is real, the engine is the fake behind a socket.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync } from 'node:fs';
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
  /** The host's image has neither ctrkitd nor ctrmgrd. */
  readonly removeDaemon: () => void;
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
  const removeDaemon = (): void => rmSync(join(host, 'usr/lib/systemd'), { recursive: true });
  return { redis, engine, call, run, removeDaemon };
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

/** The fields of STATE_DB that the shipped command writes, but for the time. */
interface ShippedRow {
  readonly current_owner?: string;
  readonly container_id?: string;
  readonly remote_state?: string;
  readonly system_state?: string;
  readonly container_version?: string;
  readonly container_stable_version?: string;
}

/** One act of `container` on the feature lldp, and what the shipped command leaves in STATE_DB after it. */
interface ShippedCase {
  readonly act: string;
  readonly config: Readonly<Record<string, string>>;
  readonly before: ShippedRow;
  readonly isMasterThere?: boolean;
  /** The name of the container that runs when it begins; none where there is only the switch's own, created. */
  readonly runs?: string;
  readonly after: ShippedRow;
  /** Of `lldp_enabled`; left out where no label is written. */
  readonly label?: string;
}

const LOCAL = { current_owner: 'local', container_id: 'lldp', remote_state: 'none', system_state: 'up' };
const DOWN = { current_owner: 'none', container_id: '', system_state: 'down' };
const POD = 'k8s_lldp_lldp-x_sonic';
/** As the shipped gate records it: by its name here, as the fake engine gives out ids. */
const KUBE = { current_owner: 'kube', container_id: POD, remote_state: 'running', system_state: 'up' };

/** sonic.md, "State machine as shipped": what a start, a stop and a wait leave. */
const SAME_AS_SHIPPED: Readonly<Record<string, ShippedCase>> = {
  'start, owner local': {
    act: 'start',
    config: { set_owner: 'local' },
    before: { remote_state: 'stopped' },
    after: LOCAL,
    label: 'false',
  },
  'start, owner kube, nothing deployed yet': {
    act: 'start',
    config: { set_owner: 'kube' },
    before: { remote_state: 'none' },
    after: LOCAL,
    label: 'true',
  },
  'start, owner kube, deployed before and the master there': {
    act: 'start',
    config: { set_owner: 'kube' },
    before: { current_owner: 'none', container_id: '', remote_state: 'stopped' },
    isMasterThere: true,
    after: { current_owner: 'none', container_id: '', remote_state: 'stopped', system_state: 'up' },
    label: 'true',
  },
  'stop, owner local': {
    act: 'stop',
    config: { set_owner: 'local' },
    before: { ...LOCAL, container_version: '20230531.09' },
    runs: 'lldp',
    after: { ...DOWN, remote_state: 'none', container_version: '20230531.09' },
    label: 'false',
  },
  'stop, owner kube': {
    act: 'stop',
    config: { set_owner: 'kube' },
    before: { ...KUBE, container_version: '20230531.11' },
    runs: POD,
    after: { ...DOWN, remote_state: 'stopped', container_version: '20230531.11' },
  },
  'kill, a local feature that is not enabled': {
    act: 'kill',
    config: { set_owner: 'local' },
    before: {},
    after: {},
  },
  'wait, owner local': {
    act: 'wait',
    config: { set_owner: 'local' },
    before: LOCAL,
    runs: 'lldp',
    after: { ...LOCAL, container_stable_version: '20230531.09' },
  },
  'wait, a container of Kubernetes asks, is answered, and never claims': {
    act: 'wait',
    config: { set_owner: 'kube' },
    before: { current_owner: 'kube', container_id: '', remote_state: 'pending', system_state: 'up' },
    after: { current_owner: 'kube', container_id: '', remote_state: 'none', system_state: 'up' },
  },
};

/** The shipped kill leaves the record of the container that it has ended: D10. Ours is what the agent can't do any more. */
const MEANT_OTHERWISE: Readonly<Record<string, ShippedCase>> = {
  'kill, owner local': {
    act: 'kill',
    config: { set_owner: 'local', state: 'enabled' },
    before: LOCAL,
    runs: 'lldp',
    after: { ...LOCAL, current_owner: 'none', container_id: '' },
  },
  'kill, owner kube': {
    act: 'kill',
    config: { set_owner: 'kube' },
    before: KUBE,
    runs: POD,
    after: { ...KUBE, current_owner: 'none', container_id: '', remote_state: 'stopped' },
    label: 'false',
  },
};

async function checkShippedCase(t: TestContext, given: ShippedCase): Promise<void> {
  const host = await prepare(t);
  const { redis, engine } = host;
  for (const name of new Set(['lldp', given.runs ?? 'lldp']))
    engine.run({
      name,
      image: IMAGE,
      state: name === given.runs ? 'running' : 'created',
      environment: ['IMAGE_VERSION=20230531.09'],
    });
  await redis.config.hset('FEATURE|lldp', given.config);
  await redis.state.hset('FEATURE|lldp', { state: 'enabled', ...given.before });
  if (given.isMasterThere === true) await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
  const program = host.call(`${SCRIPT} ${given.act} lldp`, { CTRKIT_REVERT_TO_LOCAL: '1' });
  if (given.act === 'wait' && given.runs !== undefined) {
    await program.waitForLine('waiting for the end of container');
    engine.end(given.runs, 0);
  }
  await program.waitForEnd();
  const row = await redis.row('FEATURE|lldp');
  const shipped = new Set([...Object.keys(LOCAL), 'container_version', 'container_stable_version']);
  const left = Object.entries(row).filter(([field]) => shipped.has(field));
  assert.deepEqual(Object.fromEntries(left), given.after, program.said);
  const label = given.label === undefined ? {} : { lldp_enabled: given.label };
  assert.deepEqual(await redis.row('KUBE_LABELS|SET'), label, program.said);
}

describe('what an act leaves in STATE_DB is what the shipped command leaves', () => {
  for (const [name, given] of Object.entries(SAME_AS_SHIPPED))
    test(`${name} (H20)`, (t) => checkShippedCase(t, given));
});

describe('but a kill clears the record of the container that it has ended', () => {
  for (const [name, given] of Object.entries(MEANT_OTHERWISE))
    test(`${name} (D10)`, (t) => checkShippedCase(t, given));
});

describe('a switch whose image has no daemon for its features', () => {
  test('gets no rows by the built command (H19)', async (t) => {
    const host = await prepare(t);
    await putLocal(host, 'snmp', { state: 'created' });
    host.removeDaemon();
    const before = await host.redis.dump();
    for (const line of ['start snmp', 'stop snmp', 'start snmp', 'kill snmp']) {
      const { code, said } = await host.run(`${SCRIPT} ${line}`);
      assert.equal(code, 0, said);
    }
    assert.deepEqual(
      host.engine.acts.map((act) => act.split(' ')[0]),
      ['startContainer', 'stopContainer', 'startContainer', 'killContainer'],
    );
    assert.deepEqual(await host.redis.dump(), before);
  });
});
