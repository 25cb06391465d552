import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { type Container, Kit, noNamespaces } from '../support/kit.ts';
import { GO, type Program } from '../support/program.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const REFUSED = { code: 1, signal: null };
/** A command on a folder that takes no files, though it is root's. */
const UNSHARE = ['unshare', '--mount', '--propagation', 'private'];
const ON_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';

interface Scene {
  readonly redis: PrivateRedis;
  readonly kit: Kit;
  readonly here: Container;
  readonly other: Container;
  readonly state: (...args: readonly string[]) => Promise<Program>;
}

async function prepare(t: TestContext): Promise<Scene> {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  return {
    redis,
    kit,
    here,
    other: kit.container('bbbbbbbbbbbb', { CTRKIT_REDIS: redis.url }),
    state: async (...args) => {
      const command = here.command('container_state', ...args);
      await command.waitForEnd();
      return command;
    },
  };
}

/** Done, with one line on stderr and nothing on stdout. */
function assertDone(command: Program, line: RegExp): void {
  assert.deepEqual(command.end, GO, command.said);
  assert.equal(command.stdout, '');
  assert.equal(command.stderrLines.length, 1, command.stderr);
  assert.match(command.stderr, line);
}

/** Refused, with one line that says what to do instead, and nothing changed. */
async function assertRefused(scene: Scene, args: readonly string[], line: RegExp): Promise<void> {
  const before = await scene.redis.dump();
  const command = await scene.state(...args);
  assert.deepEqual(command.end, REFUSED, command.said);
  assert.equal(command.stdout, '');
  assert.equal(command.stderrLines.length, 1, command.stderr);
  assert.match(command.stderr, line);
  assert.deepEqual(await scene.redis.dump(), before);
}

const holderOf = async (redis: PrivateRedis) => {
  const { current_owner, docker_id, container_id, container_version, remote_state } = await redis.status();
  return { current_owner, docker_id, container_id, container_version, remote_state };
};

for (const owner of ['local', 'kube'] as const) {
  test(`up ${owner} records this container, show tells of it, and down clears the record`, async (t) => {
    const { redis, here, state } = await prepare(t);
    const fromMs = bootMs();
    assertDone(
      await state('snmp', 'up', owner, '-v', '1.4.0'),
      new RegExp(`^container_state: snmp: up: ${owner}, version 1\\.4\\.0, container aaaaaaaaaaaa$`, 'm'),
    );
    assert.deepEqual(await holderOf(redis), {
      current_owner: owner,
      docker_id: here.id,
      container_id: owner === 'local' ? 'snmp' : here.id,
      container_version: '1.4.0',
      remote_state: owner === 'kube' ? 'running' : undefined,
    });
    const { claim_token, claim_boot_id, claim_ms } = await redis.status();
    assert.equal(claim_boot_id, BOOT_ID);
    assert.ok(Number(claim_ms) >= fromMs && Number(claim_ms) <= bootMs());
    assert.equal(here.readClaim()['token'], claim_token);
    const labels = await redis.row('KUBE_LABELS|SET');
    assert.deepEqual(labels, owner === 'local' ? { snmp_local: '1.4.0' } : {});

    const show = await state('snmp', 'show');
    assert.deepEqual(show.end, GO, show.said);
    assert.match(show.stdout, new RegExp(`runs +container aaaaaaaaaaaa, owner ${owner}, version 1\\.4\\.0`));

    assertDone(await state('snmp', 'down'), /^container_state: snmp: down$/m);
    assert.deepEqual(await holderOf(redis), {
      current_owner: 'none',
      docker_id: '',
      container_id: '',
      container_version: '1.4.0',
      remote_state: owner === 'kube' ? 'stopped' : undefined,
    });
    assert.equal((await redis.status())['claim_token'], '');
    const { token, released } = here.readClaim();
    assert.deepEqual({ token, released }, { token: claim_token, released: true });
  });
}

test('up without a version is 0.0.0', async (t) => {
  const { redis, state } = await prepare(t);
  for (const version of [['-v'], ['-v', ''], []]) {
    await state('snmp', 'up', 'kube', '--force', ...version);
    assert.equal((await redis.status())['container_version'], '0.0.0');
    await redis.state.flushdb();
  }
});

test('what up has recorded the agent renews, until down', async (t) => {
  const { redis, here, state } = await prepare(t);
  const agent = here.agent();
  await state('snmp', 'up', 'kube', '-v', '1.4.0');
  const { token } = here.readClaim();
  await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['token'] === token);
  assertDone(await state('snmp', 'down'), /snmp: down/);
  const { seq } = await redis.row('CONTAINER_HEALTH|snmp');
  // A heartbeat that was due would be seen by the next up at the latest.
  await state('lldp', 'up', 'kube');
  const beat = await until('it beats for the other feature', async () => {
    const row = await redis.row('CONTAINER_HEALTH|lldp');
    return Number(row['seq']) >= 3 && row;
  });
  assert.equal(beat['docker_id'], here.id);
  assert.equal((await redis.row('CONTAINER_HEALTH|snmp'))['seq'], seq);
  assert.equal((await redis.status())['current_owner'], 'none');
  assert.ok(agent.isRunning, agent.said);
});

test('up kube over another live container is refused, and done with --force', async (t) => {
  const scene = await prepare(t);
  const { redis, here, state } = scene;
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  const refused = /refused: container bbbbbbbbbbbb, owner kube, version 2\.0\.0, runs it.*--force/;
  await assertRefused(scene, ['snmp', 'up', 'kube', '-v', '3.0.0'], refused);
  assert.ok(!here.hasClaim);
  assertDone(await state('snmp', 'up', 'kube', '-v', '3.0.0', '--force'), /snmp: up: kube/);
  assert.equal((await redis.status())['docker_id'], here.id);
});

test('up local takes the feature over, as a local gate would', async (t) => {
  const { redis, here, state } = await prepare(t);
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
  assertDone(await state('snmp', 'up', 'local', '-v', '1.0.0'), /snmp: up: local/);
  assert.equal((await redis.status())['docker_id'], here.id);
});

test('up kube over a holder that is gone is not refused', async (t) => {
  const { redis, here, state } = await prepare(t);
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 1000, beatMs: bootMs() - 3000 });
  assertDone(await state('snmp', 'up', 'kube', '-v', '1.0.0'), /snmp: up: kube/);
  assert.equal((await redis.status())['docker_id'], here.id);
});

test('down without a claim of this container is refused, and done with --force', async (t) => {
  const scene = await prepare(t);
  const { redis, state } = scene;
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0');
  await assertRefused(scene, ['snmp', 'down'], /refused: this container has no claim of it.*--force/);
  assertDone(await state('snmp', 'down', '--force'), /snmp: down/);
  assert.deepEqual(await holderOf(redis), {
    current_owner: 'none',
    docker_id: '',
    container_id: '',
    container_version: '2.0.0',
    remote_state: 'stopped',
  });
});

test('down is refused when the record bears another container’s token by now', async (t) => {
  const scene = await prepare(t);
  await scene.state('snmp', 'up', 'kube', '-v', '1.0.0');
  await scene.redis.putHolder('bbbbbbbbbbbb', '2.0.0');
  await assertRefused(scene, ['snmp', 'down'], /refused: the record is container bbbbbbbbbbbb's.*--force/);
});

test('down of one feature does not touch the claim of another', async (t) => {
  const scene = await prepare(t);
  const { here, state } = scene;
  await state('lldp', 'up', 'kube');
  await assertRefused(scene, ['snmp', 'down'], /refused: this container has no claim of it/);
  assert.ok(here.hasClaim);
});

test('a claim file that is no claim is none', async (t) => {
  const scene = await prepare(t);
  for (const text of ['', '{', 'null', '[]', '{"feature":"snmp","token":"x"}']) {
    writeFileSync(scene.here.claimPath, text);
    await assertRefused(scene, ['snmp', 'down'], /refused: this container has no claim of it/);
  }
});

test('down with the claim of a gate lets the next container go', async (t) => {
  const { redis, here, other, state } = await prepare(t);
  await redis.wantKube();
  await HostStandIn.start(t, redis);
  const gate = here.gate('kube', '2.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  const next = other.gate('kube', '1.0.0');
  await next.waitForLine('held (higher-version-running)');
  assertDone(await state('snmp', 'down'), /snmp: down/);
  assert.deepEqual(await next.waitForEnd(), GO, next.said);
});

test('show of a feature nobody knows is an answer, and changes nothing', async (t) => {
  const { redis, state } = await prepare(t);
  const show = await state('snmp', 'show');
  assert.deepEqual(show.end, GO, show.said);
  assert.equal(show.stderr, '');
  assert.match(show.stdout, /^snmp\n/);
  assert.match(show.stdout, /runs +nobody/);
  assert.deepEqual(await redis.dump(), {});
});

test('show tells who runs the feature, its heartbeat, and who is held and why', async (t) => {
  const { redis, here, other, state } = await prepare(t);
  await redis.wantKube({ status: { remote_state: 'ready' } });
  const gate = here.gate('kube', '2.0.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  here.agent();
  await until('it beats', async () => Number((await redis.row('CONTAINER_HEALTH|snmp'))['seq']) > 1);
  await other.gate('kube', '1.0.0').waitForLine('held');
  await until('it is recorded', async () => (await redis.hold(other.id))['reason'] !== undefined);

  const show = await state('snmp', 'show');
  assert.deepEqual(show.end, GO, show.said);
  assert.match(show.stdout, /wanted +set_owner kube, state enabled/);
  assert.match(show.stdout, /host +system_state up, remote_state running/);
  assert.match(show.stdout, /runs +container aaaaaaaaaaaa, owner kube, version 2\.0\.0, since \d{4}-/);
  assert.match(show.stdout, /heartbeat +starting \(start: .*\), \d+\.\d s ago, every 0\.5 s, number \d+/);
  assert.match(show.stdout, /check +start \(required\): unknown: supervisord at /);
  assert.match(show.stdout, /held +container bbbbbbbbbbbb, version 1\.0\.0: higher-version-running: /);

  const before = { status: await redis.status(), config: await redis.config.hgetall('FEATURE|snmp') };
  const json = await state('snmp', 'show', '--json');
  assert.deepEqual(json.end, GO, json.said);
  const shown = JSON.parse(json.stdout) as Record<string, Record<string, string>> & { holds: unknown[] };
  assert.equal(shown['feature'], 'snmp');
  assert.equal(shown['live'], true);
  assert.deepEqual(shown['config'], before.config);
  assert.deepEqual(shown['status'], before.status);
  assert.equal(shown['heartbeat']?.['token'], before.status['claim_token']);
  assert.deepEqual(shown.holds, [{ docker_id: other.id, ...(await redis.hold(other.id)) }]);
});

test('show says of a holder whose heartbeat is overdue that it is gone', async (t) => {
  const { redis, state } = await prepare(t);
  await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 1000, beatMs: bootMs() - 60_000 });
  const show = await state('snmp', 'show');
  assert.match(
    show.stdout,
    /runs +nobody: container bbbbbbbbbbbb, version 2\.0\.0, is on record, but is gone/,
  );
  const json = await state('snmp', 'show', '--json');
  assert.equal((JSON.parse(json.stdout) as { live: boolean }).live, false);
});

test('show lists the holds of one feature, not those of one whose name begins alike', async (t) => {
  const { redis, state } = await prepare(t);
  await redis.state.hset('CONTAINER_HOLD|snmp|cccccccccccc', { reason: 'system-not-up', version: '1' });
  await redis.state.hset('CONTAINER_HOLD|snmp-sub|dddddddddddd', { reason: 'system-not-up', version: '1' });
  const json = await state('snmp', 'show', '--json');
  const { holds } = JSON.parse(json.stdout) as { holds: { docker_id: string }[] };
  assert.deepEqual(
    holds.map((hold) => hold.docker_id),
    ['cccccccccccc'],
  );
});

test('show lists more holds than one answer of a database may have', async (t) => {
  const { redis, state } = await prepare(t);
  await redis.putHolds(5_000);
  const json = await state('snmp', 'show', '--json');
  assert.deepEqual(json.end, GO, json.said);
  assert.equal((JSON.parse(json.stdout) as { holds: unknown[] }).holds.length, 5_000);
});

test('--help of every command is an answer on stdout, without a database', async (t) => {
  const { kit } = await prepare(t);
  const nowhere = kit.container('cccccccccccc', { CTRKIT_REDIS: `unix://${kit.folder}/none.sock` });
  for (const name of ['container_startup', 'container_state', 'ctrkit_agent']) {
    for (const option of ['--help', '-h']) {
      const help = nowhere.command(name, option);
      assert.deepEqual(await help.waitForEnd(), GO, help.said);
      assert.match(help.stdout, new RegExp(`^Usage: ${name} `));
      assert.equal(help.stderr, '');
    }
  }
});

for (const owner of ['local', 'kube'] as const)
  test(
    `up ${owner} that can not be left for the agent takes the record back, and ends with 69 (G21)`,
    { skip: noNamespaces },
    async (t) => {
      const { redis, kit, here, state } = await prepare(t);
      const folder = dirname(here.claimPath);
      mkdirSync(folder, { recursive: true });
      const command = [`${kit.overlay}/usr/bin/container_state`, 'snmp', 'up', owner, '-v', '1.4.0'];
      const failed = kit.run([...UNSHARE, 'sh', '-c', ON_READ_ONLY, folder, ...command], here.env);
      assert.deepEqual(await failed.waitForEnd(), { code: 69, signal: null }, failed.said);
      assert.match(failed.stderr, /snmp: not up, the record is taken back: .*claim\.json/);
      const { current_owner, docker_id, claim_token } = await redis.status();
      assert.deepEqual([current_owner, docker_id, claim_token], ['none', '', '']);
      assertDone(await state('snmp', 'up', owner, '-v', '1.4.0'), /snmp: up/);
    },
  );

for (const words of [
  ['container_state', 'snmp', 'show'],
  ['ctrkit_agent'],
  ['container_startup', '-f', 'snmp', '-o', 'local', '-v', '1'],
])
  test(
    `${words.join(' ')} says in one line that /proc is not mounted, and what to do`,
    { skip: noNamespaces },
    async (t) => {
      const { kit, here } = await prepare(t);
      const hidden = [...UNSHARE, 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
      const command = kit.runInNamespace([...hidden, `/usr/bin/${words[0]}`, ...words.slice(1)], here.env);
      assert.deepEqual(await command.waitForEnd(), { code: 70, signal: null }, command.said);
      assert.equal(command.stderrLines.length, 1, command.stderr);
      assert.match(
        command.stderr,
        /error: \/proc\/\S+ can't be read: is \/proc mounted here\? "mount -t proc proc \/proc"/,
      );
      assert.doesNotMatch(command.stderr, /defect|\bat /);
    },
  );

test('down is done on a server without memory (G21)', async (t) => {
  const { redis, state } = await prepare(t);
  await state('snmp', 'up', 'kube', '-v', '1.4.0');
  await redis.state.config('SET', 'maxmemory', '1');
  assertDone(await state('snmp', 'down'), /snmp: down/);
  const { current_owner = 'none', claim_token = '' } = await redis.status();
  assert.deepEqual([current_owner, claim_token], ['none', '']);
});

test('an agent that stops releases its claim on a server without memory (G21)', async (t) => {
  const { redis, here, state } = await prepare(t);
  const agent = here.agent();
  await state('snmp', 'up', 'kube', '-v', '1.4.0');
  const { token } = here.readClaim();
  await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['token'] === token);
  await redis.state.config('SET', 'maxmemory', '1');
  agent.signal('SIGTERM');
  assert.deepEqual(await agent.waitForEnd(), GO, agent.said);
  const { current_owner = 'none', claim_token = '' } = await redis.status();
  assert.deepEqual([current_owner, claim_token], ['none', ''], agent.said);
});

test('show into a full disk ends with 69 and one line; a reader that ends is no failure', async (t) => {
  const { kit, here } = await prepare(t);
  const command = `${kit.overlay}/usr/bin/container_state snmp show`;
  const full = kit.run(['sh', '-c', `exec ${command} > /dev/full`], here.env);
  assert.deepEqual(await full.waitForEnd(), { code: 69, signal: null }, full.said);
  assert.equal(full.stderrLines.length, 1, full.said);
  assert.match(full.stderr, /container_state: error: the output is cut, .*ENOSPC/);
  const closed = kit.run(['sh', '-c', `(${command}; echo $? >&2) | true`], here.env);
  await closed.waitForEnd();
  assert.equal(closed.stderr, '0\n');
});

test('show tells all but what is in a key that is no hash, which is named (F8)', async (t) => {
  const { redis, state } = await prepare(t);
  await redis.wantKube();
  await redis.putHolder('bbbbbbbbbbbb', '1.0.0');
  await redis.state.set('CONTAINER_HEALTH|snmp', 'no hash');
  const beside = await state('snmp', 'show');
  assert.deepEqual(beside.end, GO, beside.said);
  assert.match(beside.stdout, /runs +container bbbbbbbbbbbb/);
  assert.match(beside.stdout, /heartbeat +can't be read/);
  assert.match(beside.stderr, /not read: WRONGTYPE CONTAINER_HEALTH\|snmp is a string/);
  await redis.state.del('FEATURE|snmp');
  await redis.state.set('FEATURE|snmp', 'no hash');
  const without = await state('snmp', 'show');
  assert.match(without.stdout, /wanted +set_owner kube/);
  assert.match(without.stdout, /runs +can't be read/);
});

test('show fills no terminal with what somebody has put into a field', async (t) => {
  const { redis, state } = await prepare(t);
  await redis.putHolder('bbbbbbbbbbbb', '1.0.0');
  await redis.state.hset('FEATURE|snmp', { container_version: 'A'.repeat(1_000_000) });
  const show = await state('snmp', 'show');
  assert.deepEqual(show.end, GO, show.stderr);
  assert.match(show.stdout, /runs +container bbbbbbbbbbbb, owner kube, version AAA/);
  assert.ok(show.stdout.length < 10_000, String(show.stdout.length));
});
