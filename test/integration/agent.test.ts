import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { type Container, IMAGE_NODE, Kit } from '../support/kit.ts';
import { isAlive } from '../support/processes.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { baseConfig } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

const INTERVAL_MS = 500;
const PROGRAM = 'ctrkit_agent';

/** A container under its supervisord: the overlay's own section for the agent, and the application's programs. */
class SupervisedContainer {
  readonly here: Container;
  readonly folder: string;
  readonly #kit: Kit;
  #supervisord: Program | undefined;

  constructor(kit: Kit, here: Container) {
    this.#kit = kit;
    this.here = here;
    this.folder = join(kit.folder, `supervisor-${here.id}`);
    mkdirSync(this.folder);
  }

  async start(programs = ''): Promise<void> {
    const { overlay } = this.#kit;
    const section = readFileSync(join(overlay, 'etc/supervisor/conf.d/ctrkit.conf'), 'utf8')
      .replace('command=/usr/bin/', `command=${overlay}/usr/bin/`)
      .replace('stderr_logfile=/dev/fd/2', `stderr_logfile=${this.logFile}`);
    assert.ok(section.includes(this.logFile) && section.includes(overlay), section);
    const config = join(this.folder, 'supervisord.conf');
    writeFileSync(config, `${baseConfig(this.folder)}${section}\n${programs}`);
    this.#supervisord = this.#kit.run(['supervisord', '--configuration', config], this.here.env);
    await this.pidOf(PROGRAM);
  }

  get logFile(): string {
    return join(this.folder, 'agent.log');
  }

  get log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  get supervisord(): Program {
    assert.ok(this.#supervisord);
    return this.#supervisord;
  }

  async ctl(...args: readonly string[]): Promise<string> {
    const command = this.#kit.run([
      'supervisorctl',
      '--serverurl',
      `unix://${this.folder}/supervisor.sock`,
      ...args,
    ]);
    await command.waitForEnd();
    return command.stdout.trim();
  }

  /** The process that runs as `program` now, once it has been up for supervisord's startsecs. */
  async pidOf(program: string): Promise<number> {
    return until(
      () => `${program} runs. ${this.supervisord.said}`,
      async () => {
        assert.ok(this.supervisord.isRunning, this.supervisord.said);
        const pid = Number(await this.ctl('pid', program));
        return pid > 0 && isAlive(pid) && pid;
      },
    );
  }

  async waitForSupervisorLog(text: string): Promise<void> {
    const file = join(this.folder, 'supervisord.log');
    await until(`supervisord says "${text}"`, () => readFileSync(file, 'utf8').includes(text));
  }

  async waitForLog(text: string): Promise<void> {
    await until(
      () => `the agent says "${text}"; it said ${this.log}`,
      () => this.log.includes(text),
    );
  }

  /** As `docker stop` begins it. */
  stop(): void {
    this.supervisord.signal('SIGTERM');
  }
}

interface Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;
  readonly container: SupervisedContainer;
}

async function prepare(t: TestContext, env: Record<string, string> = {}): Promise<Scene> {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, ...env });
  return { redis, kit, here, container: new SupervisedContainer(kit, here) };
}

/** A supervised container whose gate has let it go, and which beats. */
async function startContainer(
  t: TestContext,
  {
    owner = 'kube',
    env = {},
    programs = '',
  }: { owner?: string; env?: Record<string, string>; programs?: string } = {},
): Promise<Scene> {
  const scene = await prepare(t, env);
  const { redis, here, container } = scene;
  await container.start(programs);
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const gate = scene.kit.run(
    [join(scene.kit.overlay, 'usr/bin/container_startup'), '-f', 'snmp', '-o', owner, '-v', '1.4.0'],
    // As below supervisord: a reload asks it again.
    { ...here.env, SUPERVISOR_ENABLED: '1' },
  );
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  await waitForSeq(redis, 1);
  return scene;
}

const beat = (redis: PrivateRedis) => redis.row('CONTAINER_HEALTH|snmp');

const waitForSeq = (redis: PrivateRedis, seq: number) =>
  until(`heartbeat number ${seq}`, async () => {
    const row = await beat(redis);
    return Number(row['seq']) >= seq && row;
  });

const waitForStatus = (redis: PrivateRedis, status: string) =>
  until(`status ${status}`, async () => (await beat(redis))['status'] === status);

const isReleased = async (redis: PrivateRedis) => (await redis.status())['current_owner'] === 'none';

/** Whether this signal waits for a process that is frozen. */
function hasPendingSignal(pid: number, signal: number): boolean {
  const [, pending = '0'] =
    /^ShdPnd:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return (BigInt(`0x${pending}`) >> BigInt(signal - 1)) % 2n === 1n;
}

const readAgentFile = (here: Container) =>
  JSON.parse(readFileSync(join(here.runFolder, 'agent.json'), 'utf8')) as Record<string, unknown>;

/** Every HSET of a row as MONITOR shows it: its fields. */
async function watchWrites(
  t: TestContext,
  redis: PrivateRedis,
  key: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const writes: Record<string, string>[] = [];
  await redis.watchCommands(t, ([name, written, ...fields]) => {
    if (name?.toUpperCase() !== 'HSET' || written !== key) return;
    const values: Record<string, string> = {};
    for (let i = 0; i + 1 < fields.length; i += 2) values[fields[i] ?? ''] = fields[i + 1] ?? '';
    writes.push(values);
  });
  return writes;
}

/** MONITOR tells of a write a moment later; this resolves when all there have been are told. */
async function settle(
  redis: PrivateRedis,
  key: string,
  writes: readonly Readonly<Record<string, string>>[],
): Promise<readonly Readonly<Record<string, string>>[]> {
  await redis.state.hset(key, 'seen-by-the-test', '1');
  await until('MONITOR has told of all', () => writes.at(-1)?.['seen-by-the-test'] === '1');
  return writes.slice(0, -1);
}

test('the agent beats with every field of the heartbeat, on the boot clock', async (t) => {
  const fromMs = bootMs();
  const { redis, here } = await startContainer(t);
  await waitForStatus(redis, 'healthy');
  const row = await waitForSeq(redis, 2);
  const { seq, beat_ms, started_ms, healthy_since_ms, updated_ts, reason, checks, ...rest } = row;
  assert.deepEqual(rest, {
    token: here.readClaim()['token'],
    docker_id: here.id,
    owner: 'kube',
    version: '1.4.0',
    boot_id: BOOT_ID,
    status: 'healthy',
    interval_ms: String(INTERVAL_MS),
    restarts: '0',
  });
  assert.equal(reason, '');
  assert.deepEqual(
    (JSON.parse(checks ?? '') as Record<string, unknown>[]).map(({ name, result }) => [name, result]),
    [
      // The supervisord of these tests runs no start.sh.
      ['critical-processes', 'ok'],
      ['configuration', 'ok'],
    ],
  );
  const times = [fromMs, Number(started_ms), Number(healthy_since_ms), Number(beat_ms), bootMs()];
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.equal(started_ms, String(here.readClaim()['started_ms']));
  assert.ok(Math.abs(Number(updated_ts) - Date.now() / 1000) < 120);
  assert.ok(Number(seq) >= 2);
});

test('heartbeats count up by one, an interval apart, and change nothing but themselves', async (t) => {
  const { redis, here } = await startContainer(t);
  // A change of status, and what is kept of it for the next agent, bring heartbeats of their own.
  await waitForStatus(redis, 'healthy');
  await until('the start is over', () => here.readClaim()['started'] === true);
  await waitForSeq(redis, Number((await beat(redis))['seq']) + 2);
  const beats = await watchWrites(t, redis, 'CONTAINER_HEALTH|snmp');
  const others = await watchWrites(t, redis, 'FEATURE|snmp');
  await until('eight heartbeats', () => beats.length >= 8);
  const seen = beats.slice(0, 8);
  const first = Number(seen[0]?.['seq']);
  assert.deepEqual(
    seen.map((row) => Number(row['seq'])),
    seen.map((_row, i) => first + i),
  );
  const tookMs = Number(seen.at(-1)?.['beat_ms']) - Number(seen[0]?.['beat_ms']);
  t.diagnostic(`seven intervals of ${INTERVAL_MS} ms took ${tookMs} ms`);
  // Two clocks, one of them in steps of 10 ms: a timer may be early by as much.
  assert.ok(tookMs >= 7 * (INTERVAL_MS - 15), `${tookMs} ms`);
  assert.deepEqual(await settle(redis, 'FEATURE|snmp', others), []);
});

test('an agent frozen while another container claims, and then continued, changes nothing and says superseded', async (t) => {
  const { redis, kit, here, container } = await startContainer(t);
  const agent = await container.pidOf(PROGRAM);
  process.kill(agent, 'SIGSTOP');
  const { beat_ms } = await beat(redis);
  const overdueMs = Number(beat_ms) + 3 * INTERVAL_MS;

  await HostStandIn.start(t, redis);
  const other = kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url });
  const gate = other.gate('kube', '1.3.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const { claim_ms, claim_token } = await redis.status();
  assert.ok(Number(claim_ms) >= overdueMs, `claimed ${overdueMs - Number(claim_ms)} ms too early`);
  assert.notEqual(claim_token, here.readClaim()['token']);
  const before = await redis.dump();
  const calls = await redis.scriptCalls();

  process.kill(agent, 'SIGCONT');
  await container.waitForLog('superseded: container bbbbbbbbbbbb, owner kube, version 1.3.0');
  // A heartbeat that is refused is two scripts: it goes on trying, and goes on changing nothing.
  await until('it tried more than once', async () => (await redis.scriptCalls()) >= calls + 6);
  assert.deepEqual(await redis.dump(), before);
  assert.ok(isAlive(agent));

  container.stop();
  await container.supervisord.waitForEnd();
  assert.match(container.log, /not released: the record is not this container’s any more/);
  assert.deepEqual(await redis.dump(), before);
  assert.equal(container.log.split('writes nothing any more').length, 2, container.log);
});

test('an agent frozen while its container stands recorded, and nobody claimed, goes on beating', async (t) => {
  const { redis, container } = await startContainer(t);
  const agent = await container.pidOf(PROGRAM);
  process.kill(agent, 'SIGSTOP');
  const { seq, beat_ms } = await beat(redis);
  await until('overdue', () => bootMs() > Number(beat_ms) + 3 * INTERVAL_MS);
  process.kill(agent, 'SIGCONT');
  const after = await waitForSeq(redis, Number(seq) + 2);
  assert.ok(Number(after['beat_ms']) > Number(beat_ms));
});

test('when the database is killed and comes back empty the claim is there again, with its token', async (t) => {
  const { redis, here, container } = await startContainer(t);
  const {
    claim_ms: _first,
    update_time: _u,
    last_update_ts: _l,
    system_state: _s,
    ...claim
  } = await redis.status();
  const { seq } = await beat(redis);
  await redis.kill();
  await container.waitForLog("can't be used");
  await redis.start();
  const fromMs = bootMs();
  await until('the claim is there again', async () => (await redis.status())['claim_token'] !== undefined);
  t.diagnostic(`database back, empty, to claim there again ${bootMs() - fromMs} ms`);
  const { claim_ms, update_time: _U, last_update_ts: _L, ...again } = await redis.status();
  assert.deepEqual(again, claim);
  assert.equal(again['docker_id'], here.id);
  assert.ok(Number(claim_ms) >= Number(_first));
  const row = await waitForSeq(redis, Number(seq) + 1);
  assert.equal(row['token'], claim['claim_token']);
  await container.waitForLog('the record is in order again');
});

test('owner local writes its label again too, when the database comes back empty', async (t) => {
  const { redis, container } = await startContainer(t, { owner: 'local' });
  await redis.kill();
  await container.waitForLog("can't be used");
  await redis.start();
  await until('the label', async () => (await redis.row('KUBE_LABELS|SET'))['snmp_local'] === '1.4.0');
  assert.equal((await redis.status())['current_owner'], 'local');
});

test('a database that came back empty and has another live holder by then is left to it', async (t) => {
  const { redis, container } = await startContainer(t);
  const agent = await container.pidOf(PROGRAM);
  process.kill(agent, 'SIGSTOP');
  await redis.state.flushdb();
  await redis.putHolder('bbbbbbbbbbbb', '1.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  const before = await redis.dump();
  process.kill(agent, 'SIGCONT');
  await container.waitForLog('superseded: container bbbbbbbbbbbb');
  assert.deepEqual(await redis.dump(), before);
});

const RELEASED = {
  kube: { current_owner: 'none', docker_id: '', container_id: '', remote_state: 'stopped' },
  local: { current_owner: 'none', docker_id: '', container_id: '', remote_state: 'ready' },
};

for (const owner of ['kube', 'local'] as const) {
  test(`D10: SIGTERM of supervisord releases every field of the claim, once: owner ${owner}`, async (t) => {
    const { redis, container } = await startContainer(t, { owner });
    const writes = await watchWrites(t, redis, 'FEATURE|snmp');
    const fromMs = bootMs();
    const wallFromS = Math.floor(Date.now() / 1000);
    container.stop();
    assert.equal((await container.supervisord.waitForEnd()).signal, null);
    t.diagnostic(`${owner}: SIGTERM to supervisord gone ${bootMs() - fromMs} ms`);
    const { update_time, last_update_ts, ...status } = await redis.status();
    assert.deepEqual(status, {
      ...RELEASED[owner],
      system_state: 'up',
      container_version: '1.4.0',
      claim_token: '',
      claim_owner: '',
      claim_boot_id: '',
      claim_ms: '',
    });
    assert.ok(Number(last_update_ts) >= wallFromS, last_update_ts);
    assert.match(update_time ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const all = await settle(redis, 'FEATURE|snmp', writes);
    assert.equal(all.length, 1, JSON.stringify(all));
    assert.match(container.log, /snmp: released/);
  });
}

test('D11: a program that stops slowly does not keep the claim: it is released after CTRKIT_RELEASE_AFTER, not before', async (t) => {
  const scene = await prepare(t);
  const mayGo = join(scene.kit.folder, 'may-go');
  const slow = `trap '' TERM; while [ ! -e ${mayGo} ]; do sleep 0.1; done`;
  const { redis, container } = await startContainer(t, {
    env: { CTRKIT_RELEASE_AFTER: '1500ms' },
    programs: `[program:slow]\ncommand=/bin/sh -c "${slow}"\nstopwaitsecs=600\n`,
  });
  const program = await container.pidOf('slow');
  const beats = await watchWrites(t, redis, 'CONTAINER_HEALTH|snmp');
  const fromMs = bootMs();
  container.stop();
  await until('it is released', () => isReleased(redis));
  const tookMs = bootMs() - fromMs;
  t.diagnostic(`SIGTERM to released ${tookMs} ms, CTRKIT_RELEASE_AFTER 1500 ms`);
  assert.ok(tookMs >= 1490, `released after ${tookMs} ms`);
  assert.ok(isAlive(program) && container.supervisord.isRunning, 'the slow program is still there');
  await container.waitForLog('released (the programs take long to stop)');
  await until('it said that it stops', () => beats.at(-1)?.['status'] === 'stopping');
  writeFileSync(mayGo, '');
  await container.supervisord.waitForEnd();
  assert.ok(await isReleased(redis));
});

test('a release after CTRKIT_RELEASE_AFTER is the last word: the agent that comes back does not claim again', async (t) => {
  const scene = await prepare(t);
  const mayGo = join(scene.kit.folder, 'may-go');
  const { redis, here, container } = await startContainer(t, {
    env: { CTRKIT_RELEASE_AFTER: '200ms' },
    programs: `[program:slow]\ncommand=/bin/sh -c "trap '' TERM; while [ ! -e ${mayGo} ]; do sleep 0.1; done"\nstopwaitsecs=600\n`,
  });
  await container.pidOf('slow');
  const agent = await container.pidOf(PROGRAM);
  container.stop();
  await until('it is released', () => isReleased(redis));
  await until('the claim file is gone', () => !here.hasClaim);
  process.kill(agent, 'SIGKILL');
  const before = await redis.dump();
  const late = here.agent();
  await until('it listens', () => late.stdout.includes('READY'));
  late.signal('SIGTERM');
  assert.deepEqual(await late.waitForEnd(), GO, late.said);
  assert.deepEqual(await redis.dump(), before);
});

test('the release is refused when the record bears another token, and says so', async (t) => {
  const { redis, container } = await startContainer(t);
  const agent = await container.pidOf(PROGRAM);
  process.kill(agent, 'SIGSTOP');
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  const before = await redis.dump();
  process.kill(agent, 'SIGTERM');
  process.kill(agent, 'SIGCONT');
  await until('it is gone', () => !isAlive(agent));
  await container.waitForLog('not released: the record is not this container’s any more');
  assert.deepEqual(await redis.dump(), before);
});

for (const [name, make] of [
  ['does not answer', (redis: PrivateRedis) => redis.freeze()],
  ['is not there', (redis: PrivateRedis) => redis.kill()],
] as const) {
  test(`at SIGTERM the agent does not wait for a database that ${name}`, async (t) => {
    const { redis, container } = await startContainer(t);
    const agent = await container.pidOf(PROGRAM);
    await make(redis);
    const fromMs = bootMs();
    process.kill(agent, 'SIGTERM');
    await until('the agent is gone', () => !isAlive(agent));
    t.diagnostic(`database ${name}: SIGTERM to gone ${bootMs() - fromMs} ms`);
    await container.waitForLog('not released, the record goes overdue by itself');
  });

  test(`at SIGTERM in the middle of a failing heartbeat it does not either: the database ${name}`, async (t) => {
    const { redis, container } = await startContainer(t);
    const agent = await container.pidOf(PROGRAM);
    await make(redis);
    await container.waitForLog("can't be used");
    const fromMs = bootMs();
    process.kill(agent, 'SIGTERM');
    await until('the agent is gone', () => !isAlive(agent));
    t.diagnostic(`database ${name}, in a heartbeat: SIGTERM to gone ${bootMs() - fromMs} ms`);
  });
}

test('an agent that is killed is started again by supervisord, keeps the claim and goes on counting', async (t) => {
  const { redis, here, container } = await startContainer(t);
  await waitForSeq(redis, 3);
  const agent = await container.pidOf(PROGRAM);
  const writes = await watchWrites(t, redis, 'FEATURE|snmp');
  const beats = await watchWrites(t, redis, 'CONTAINER_HEALTH|snmp');
  process.kill(agent, 'SIGKILL');
  await until('it is gone', () => !isAlive(agent));
  const { seq } = await beat(redis);
  const fromMs = bootMs();
  const after = await waitForSeq(redis, Number(seq) + 2);
  t.diagnostic(`killed to the second heartbeat of the next agent ${bootMs() - fromMs} ms`);
  assert.notEqual(await container.pidOf(PROGRAM), agent);
  assert.equal(after['token'], here.readClaim()['token']);
  const seqs = beats.map((row) => Number(row['seq']));
  assert.deepEqual(
    seqs,
    seqs.map((_seq, i) => (seqs[0] ?? 0) + i),
  );
  const all = await settle(redis, 'FEATURE|snmp', writes);
  assert.deepEqual(all, [], 'the record was never touched');
});

test('an agent that supervisorctl starts again keeps the claim', async (t) => {
  const { redis, here, container } = await startContainer(t);
  const { token } = here.readClaim();
  const { seq } = await beat(redis);
  const agent = await container.pidOf(PROGRAM);
  await container.ctl('restart', PROGRAM);
  const after = await waitForSeq(redis, Number(seq) + 2);
  assert.equal(after['token'], token);
  const { claim_token, docker_id, current_owner, remote_state } = await redis.status();
  assert.deepEqual(
    { claim_token, docker_id, current_owner, remote_state },
    { claim_token: token, docker_id: here.id, current_owner: 'kube', remote_state: 'running' },
  );
  assert.ok(!isAlive(agent));
});

test('an agent stopped by supervisorctl releases, so that another container may go at once', async (t) => {
  const { redis, kit, container } = await startContainer(t);
  await HostStandIn.start(t, redis);
  await container.ctl('stop', PROGRAM);
  assert.ok(await isReleased(redis));
  const gate = kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url }).gate('kube', '1.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  // Started again beside the new holder it keeps away from the record.
  const before = await redis.dump();
  await container.ctl('start', PROGRAM);
  await container.waitForLog('superseded: container bbbbbbbbbbbb');
  assert.deepEqual(await redis.dump(), before);
});

for (const [what, remove] of [
  [
    'files',
    (here: Container) => readdirSync(here.runFolder).forEach((name) => rmSync(join(here.runFolder, name))),
  ],
  ['folder itself', (here: Container) => renameSync(here.runFolder, `${here.runFolder}-gone`)],
] as const) {
  test(`the run folder’s ${what} may vanish: the claim is renewed, no other container goes, and all is written again (G4)`, async (t) => {
    const { redis, kit, here } = await startContainer(t);
    await HostStandIn.start(t, redis);
    await until('the start is over', () => here.readClaim()['started'] === true);
    const claim = here.readClaim();
    remove(here);
    await until('the claim is there again', () => here.hasClaim);
    assert.deepEqual(here.readClaim(), claim);
    await waitForSeq(redis, Number((await beat(redis))['seq']) + 2);
    assert.equal((await redis.status())['claim_token'], claim['token']);
    const other = kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url }).gate('kube', '1.4.0');
    await until('the probe is answered', () => existsSync(join(here.runFolder, 'health')));
    await until('the gate sees the agent', () => existsSync(join(here.runFolder, 'agent.json')));
    await waitForSeq(redis, Number((await beat(redis))['seq']) + 4);
    assert.ok(other.isRunning, other.said);
    assert.equal((await redis.status())['claim_token'], claim['token']);
  });
}

test('a stop whose word supervisord has not told yet when its signal comes is a stop all the same (G12)', async (t) => {
  const { redis, here, container } = await startContainer(t, {
    programs: '[program:app]\ncommand=/bin/sleep 1000\nstartsecs=0\n',
  });
  const agent = await container.pidOf(PROGRAM);
  // Events wait for a frozen agent, one behind the other, and supervisord's word that it stops behind them.
  process.kill(agent, 'SIGSTOP');
  await container.ctl('restart', 'app');
  container.stop();
  await container.waitForSupervisorLog('waiting for ctrkit_agent');
  await until('its turn to stop has come', () => hasPendingSignal(agent, 15));
  process.kill(agent, 'SIGCONT');
  await container.supervisord.waitForEnd();
  assert.ok(await isReleased(redis));
  assert.equal((await beat(redis))['status'], 'stopping');
  assert.ok(!here.hasClaim);
  assert.equal(readAgentFile(here)['state'], 'stopping');
});

test('a gate that asks while the programs take long to stop claims nothing, whatever the host answers (G13)', async (t) => {
  const scene = await prepare(t);
  const mayGo = join(scene.kit.folder, 'may-go');
  const slow = `trap '' TERM; while [ ! -e ${mayGo} ]; do sleep 0.1; done`;
  const { redis, here, container } = await startContainer(t, {
    env: { CTRKIT_RELEASE_AFTER: '200ms' },
    programs: `[program:slow]\ncommand=/bin/sh -c "${slow}"\nstopwaitsecs=600\n`,
  });
  await container.pidOf('slow');
  container.stop();
  await until('it is released', () => isReleased(redis));
  await until('the claim file is gone', () => !here.hasClaim);
  await redis.state.hset('FEATURE|snmp', { remote_state: 'ready' });
  const gate = here.gate('kube', '1.4.0');
  await gate.waitForLine('not started: the container stops');
  // It looks once a second. When supervisord has ended the stop is over, and the gate may go on (F6).
  await sleep(2_500);
  assert.ok(gate.isRunning && !here.hasClaim, gate.said);
  assert.ok(await isReleased(redis));
  writeFileSync(mayGo, '');
  await container.supervisord.waitForEnd();
});

test('supervisorctl reload is a stop, and after it the gate finds an agent that runs (G13)', async (t) => {
  const { redis, here, container } = await startContainer(t);
  const { pid, state, container_start } = readAgentFile(here);
  assert.deepEqual({ pid, state }, { pid: await container.pidOf(PROGRAM), state: 'running' });
  const reloaded = container.ctl('reload');
  await until('it is released', () => isReleased(redis));
  const next = await until('the next agent is there', () => {
    const file = readAgentFile(here);
    return file['pid'] !== pid && file;
  });
  await reloaded;
  assert.deepEqual([next['state'], next['container_start']], ['running', container_start]);
  assert.equal(here.hasClaim, false);
  const gate = here.gate('local', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const { token } = here.readClaim();
  await until('it beats', async () => (await beat(redis))['token'] === token);
});

test('an agent that is killed in a stop closes the gate until supervisord has stopped, not for ever (F6)', async (t) => {
  const slow = `/bin/sh -c "trap '' TERM; while :; do sleep 1; done"`;
  const { here, container, kit } = await startContainer(t, {
    programs: `[program:slow]\ncommand=${slow}\nstopwaitsecs=600\nkillasgroup=true\n`,
  });
  await container.pidOf('slow');
  const agent = await container.pidOf(PROGRAM);
  container.stop();
  await until('the word is there', () => readAgentFile(here)['state'] === 'stopping');
  process.kill(agent, 'SIGKILL');
  await until('it is gone', () => !isAlive(agent));
  const { overlay } = kit;
  const gate = kit.run([join(overlay, 'usr/bin/container_startup'), '-f', 'snmp', '-o', 'local', '-v', '1'], {
    ...here.env,
    SUPERVISOR_SERVER_URL: `unix://${container.folder}/supervisor.sock`,
  });
  await until('the gate says so', () => /not started: the container stops/.test(gate.said));
  assert.ok(gate.isRunning, gate.said);
  container.supervisord.signal('SIGKILL');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  assert.equal(readAgentFile(here)['state'], 'stopping');
});

test('one event of 1 MB that is no text does not make the agent deaf (G7)', async (t) => {
  const scene = await prepare(t);
  const script = join(scene.kit.folder, 'noisy');
  writeFileSync(
    script,
    `printf '<!--XSUPERVISOR:BEGIN-->'; head -c 1000000 /dev/zero | tr '\\0' '\\377'; echo '<!--XSUPERVISOR:END-->'\nsleep 1000\n`,
  );
  const { redis, here, container } = await startContainer(t, {
    programs: `[program:noisy]\ncommand=/bin/sh ${script}\nstdout_capture_maxbytes=1MB\nautostart=false\n`,
  });
  await container.ctl('start', 'noisy');
  await container.pidOf('noisy');
  container.stop();
  await container.supervisord.waitForEnd();
  assert.ok(await isReleased(redis));
  assert.equal((await beat(redis))['status'], 'stopping');
  assert.ok(!here.hasClaim);
  assert.doesNotMatch(container.log, /not a supervisord event/);
});

test('an agent that can’t make sense of its events any more ends without a release, and keeps the claim (G7)', async (t) => {
  const redis = await PrivateRedis.start(t);
  const here = new Kit(t).container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const gate = here.gate('kube', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const agent = here.agent();
  await waitForSeq(redis, 1);
  const before = await redis.status();
  agent.child.stdin?.write('this is no event\n');
  assert.deepEqual(await agent.waitForEnd(), { code: 70, signal: null }, agent.said);
  assert.match(agent.stderr, /not a supervisord event.*starts this agent again; the claim is kept/);
  assert.deepEqual(await redis.status(), before);
  assert.ok(here.hasClaim);
});

test('in a long stop the probe is answered until the very end: live, and not ready (G22)', async (t) => {
  const scene = await prepare(t);
  const mayGo = join(scene.kit.folder, 'may-go');
  const { redis, here, container } = await startContainer(t, {
    env: { CTRKIT_RELEASE_AFTER: '200ms' },
    programs: `[program:slow]\ncommand=/bin/sh -c "trap '' TERM; while [ ! -e ${mayGo} ]; do sleep 0.1; done"\nstopwaitsecs=600\n`,
  });
  await container.pidOf('slow');
  container.stop();
  await until('it is released', () => isReleased(redis));
  const { seq } = await beat(redis);
  const readStaleAt = () => readFileSync(join(here.runFolder, 'health'), 'latin1').split(' ')[4];
  for (let i = 0; i < 2; i++) {
    const before = readStaleAt();
    await until('the answers are fresh again', () => readStaleAt() !== before);
  }
  for (const [probe, code] of [
    ['startup', 0],
    ['readiness', 13],
    ['liveness', 0],
  ] as const) {
    const asked = here.command('health_probe', probe);
    assert.deepEqual(await asked.waitForEnd(), { code, signal: null }, asked.said);
  }
  assert.equal((await beat(redis))['seq'], seq, 'no heartbeat after the release');
  writeFileSync(mayGo, '');
  await container.supervisord.waitForEnd();
  assert.equal(container.log.split('released (').length, 2, container.log);
});

test('an agent whose supervisord was killed goes, and leaves a record that only time ends: programs may still run', async (t) => {
  const { redis, container } = await startContainer(t);
  const agent = await container.pidOf(PROGRAM);
  const before = await redis.status();
  container.supervisord.signal('SIGKILL');
  await until('the agent is gone', () => !isAlive(agent));
  assert.deepEqual(await redis.status(), before);
});

test('an agent without a claim writes nothing, not when it stops either', async (t) => {
  const { redis, container } = await prepare(t);
  await redis.wantKube();
  const before = await redis.dump();
  await container.start();
  const connections = await redis.connectionsReceived();
  container.stop();
  await container.supervisord.waitForEnd();
  assert.deepEqual(await redis.dump(), before);
  assert.equal(await redis.connectionsReceived(), connections);
  assert.equal(container.log, `${PROGRAM}: health: stopping (was starting)\n`);
});

test('what a gate has recorded and was ended before it could leave it, or give it back, is released with the stop', async (t) => {
  const { redis, here, container } = await prepare(t);
  await redis.wantKube();
  await container.start();
  await until('the agent is there', () => existsSync(join(here.runFolder, 'agent.json')));
  const { container_start } = readAgentFile(here);
  const claim = { feature: 'snmp', owner: 'kube', version: '1.4.0', docker_id: here.id };
  const intent = { ...claim, token: `token-of-${here.id}`, started_ms: 1, redis_url: '', container_start };
  writeFileSync(join(here.runFolder, 'claiming.json'), JSON.stringify(intent), { mode: 0o600 });
  await redis.putHolder(here.id, '1.4.0');
  container.stop();
  await container.supervisord.waitForEnd();
  assert.ok(await isReleased(redis));
  assert.match(container.log, /snmp: released: its gate had just claimed/);
});

test('a claim file of an earlier start of the container is not renewed', async (t) => {
  const { redis, here, container } = await startContainer(t);
  const text = readFileSync(here.claimPath, 'utf8');
  container.stop();
  await container.supervisord.waitForEnd();
  writeFileSync(
    here.claimPath,
    text.replace(/"container_start":"[^"]*"/, `"container_start":"${BOOT_ID}/1"`),
  );
  const before = await redis.dump();
  const connections = await redis.connectionsReceived();
  await container.start();
  container.stop();
  await container.supervisord.waitForEnd();
  assert.deepEqual(await redis.dump(), before);
  assert.equal(await redis.connectionsReceived(), connections);
});

test('the next gate of the same container takes the feature over from its own claim, and the agent follows', async (t) => {
  const { redis, here } = await startContainer(t);
  await HostStandIn.start(t, redis);
  const { token } = here.readClaim();
  const gate = here.gate('kube', '1.5.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const next = here.readClaim()['token'];
  assert.notEqual(next, token);
  const row = await until('it beats for the new claim', async () => {
    const now = await beat(redis);
    return now['token'] === next && now;
  });
  assert.equal(row['version'], '1.5.0');
  assert.equal((await redis.status())['claim_token'], next);
});

test('the agent runs on each supported Node.js, its heap settings included', async (t) => {
  for (const node of [IMAGE_NODE, process.execPath]) {
    const { redis, container } = await startContainer(t, { env: { CTRKIT_NODE: node } });
    // Its checks have run: supervisord was asked.
    await waitForStatus(redis, 'healthy');
    await waitForSeq(redis, 2);
    container.supervisord.signal('SIGTERM');
    assert.ok(await until('it is released', () => isReleased(redis)), node);
  }
});

/** A port on which connections are neither accepted nor refused: its listener is frozen, and its queue full. */
async function openDeafPort(t: TestContext, kit: Kit): Promise<number> {
  const script =
    "require('net').createServer().listen({host:'127.0.0.1',port:0,backlog:1},function(){console.log(this.address().port)})";
  const listener = kit.run([process.execPath, '-e', script]);
  const port = Number(
    await until('it listens', () => (/^\d+\n/.test(listener.stdout) ? listener.stdout : false)),
  );
  listener.signal('SIGSTOP');
  for (let i = 0; i < 4; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => socket.destroy());
  }
  return port;
}

test('a check under way does not keep the agent at SIGTERM: it is released, and gone by itself', async (t) => {
  const scene = await prepare(t);
  const { redis, kit, here, container } = scene;
  const port = await openDeafPort(t, kit);
  mkdirSync(join(here.runFolder, 'etc'));
  writeFileSync(
    join(here.runFolder, 'etc/checks.toml'),
    `[checks]\nstuck = { tcp = "127.0.0.1:${port}", timeoutSeconds = 600 }\n`,
  );
  await container.start();
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const gate = here.gate('kube', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const row = await waitForSeq(redis, 2);
  assert.match(row['checks'] ?? '', /"name":"stuck"[^}]*not run yet/);

  container.supervisord.signal('SIGTERM');
  await container.supervisord.waitForEnd();
  // supervisord kills what is still there after 10 s: an agent that is killed releases nothing.
  assert.ok(await isReleased(redis));
  assert.doesNotMatch(container.log, /killing '/);
});
