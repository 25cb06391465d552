import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { Kit } from '../support/kit.ts';
import { type Program } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = [process.execPath, '--import', join(repository, 'node_modules/tsx/dist/esm/index.mjs')];
const hasScript = existsSync('/usr/bin/script');
const code = (exitCode: number) => ({ code: exitCode, signal: null });

async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const env = {
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: join(kit.folder, 'state'),
    CTRKIT_RUN_DIR: join(kit.folder, 'run'),
    DOCKER_HOST: `unix://${kit.folder}/no-engine.sock`,
    CTRKIT_NODE: process.execPath,
    SUDO_USER: 'alice',
  };
  mkdirSync(env.CTRKIT_RUN_DIR);
  const words = (args: readonly string[]): string[] => [
    ...COMMAND,
    join(repository, 'bin/ctrkit.ts'),
    ...args,
  ];
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Program =>
    kit.run(words(args), { ...env, ...more });
  const run = async (...args: readonly string[]) => {
    const program = start(args);
    return { ...(await program.waitForEnd()), program, stdout: program.stdout, stderr: program.stderr };
  };
  await redis.wantKube();
  await redis.config.hset('FEATURE|lldp', { set_owner: 'local', state: 'enabled' });
  return { redis, kit, env, words, start, run };
}

const blocks = (program: Program): number => program.stdout.split('Feature ').length - 1;

describe('ctrkit on a switch', { timeout: 600_000 }, () => {
  test('shows every feature of CONFIG_DB, as SONiC does, and for machines', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
    await redis.state.hset('CONTAINER_HEALTH|snmp', { boot_id: BOOT_ID, status: 'healthy' });
    const shown = await run('status');
    assert.equal(shown.code, 0, shown.program.said);
    const [header = '', dashes, lldp = '', snmp = ''] = shown.stdout.split('\n');
    assert.match(
      header,
      /^Feature +State +AutoRestart +SystemState +UpdateTime +ContainerId +Version +SetOwner/,
    );
    assert.match(dashes ?? '', /^-{9} {2}-/);
    assert.match(lldp, /^lldp +enabled .* local .* none$/);
    assert.match(snmp, /^snmp +enabled .* up .* bbbbbbbbbbbb +2\.0\.0 +kube +kube +running +healthy +none$/);
    assert.ok(!shown.stdout.includes('\u001b'), 'no colours where nobody looks');
    const json = JSON.parse((await run('status', 'snmp', '--json')).stdout) as { features: unknown[] };
    assert.equal(json.features.length, 1);
  });

  test('--watch tells each change as it happens, and Ctrl-C ends it with 130', async (t) => {
    const { redis, start } = await prepare(t);
    const watch = start(['status', 'snmp', '--watch']);
    await until(
      () => watch.said,
      () => blocks(watch) === 1,
    );
    await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
    await until(
      () => watch.said,
      () => blocks(watch) === 2,
    );
    assert.match(watch.stdout, /pending/);
    watch.signal('SIGINT');
    assert.deepEqual(await watch.waitForEnd(), code(130));
    const terminated = start(['status', '--watch']);
    await until(
      () => terminated.said,
      () => blocks(terminated) === 1,
    );
    terminated.signal('SIGTERM');
    assert.deepEqual(await terminated.waitForEnd(), code(143));
  });

  test('--watch waits for a Redis that is restarted, and goes on', async (t) => {
    const { redis, start } = await prepare(t);
    const watch = start(['status', '--watch']);
    await until(
      () => watch.said,
      () => blocks(watch) === 1,
    );
    await redis.kill();
    await watch.waitForLine(/can't be used: .*; trying again/);
    await redis.start();
    await watch.waitForLine('the database is back');
    await redis.config.hset('FEATURE|radv', { state: 'disabled' });
    await until(
      () => watch.said,
      () => /radv +disabled/.test(watch.stdout),
    );
    watch.signal('SIGINT');
    assert.deepEqual(await watch.waitForEnd(), code(130));
  });

  test('--watch with a reader that goes away ends', async (t) => {
    const { redis, start } = await prepare(t);
    const watch = start(['status', '--watch']);
    await until(
      () => watch.said,
      () => blocks(watch) === 1,
    );
    watch.child.stdout?.destroy();
    await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
    assert.deepEqual(await watch.waitForEnd(), code(0));
  });

  test(
    '--watch on a terminal draws over, in colour, and leaves it as it was',
    { skip: !hasScript },
    async (t) => {
      const { redis, kit, env, words } = await prepare(t);
      await redis.putHolder('bbbbbbbbbbbb', '2.0.0', { intervalMs: 600_000, beatMs: bootMs() });
      await redis.state.hset('CONTAINER_HEALTH|snmp', { boot_id: BOOT_ID, status: 'unhealthy' });
      const onTerminal = (args: readonly string[], more: Readonly<Record<string, string>>): Program =>
        kit.run(['script', '-qefc', words(args).join(' '), '/dev/null'], { ...env, TERM: 'xterm', ...more });
      const watch = onTerminal(['status', '--watch'], {});
      await until(
        () => watch.said,
        () => watch.stdout.includes('changed 0 times'),
      );
      assert.match(watch.stdout, /\u001b\[31munhealthy\u001b\[39m/);
      await redis.state.hset('FEATURE|snmp', { remote_state: 'pending' });
      await until(
        () => watch.said,
        () => watch.stdout.includes('changed 1 times'),
      );
      watch.child.stdin?.write('\u0003');
      assert.deepEqual(await watch.waitForEnd(), code(130));
      assert.match(watch.stdout, /^(?:\^?\S?\r?\n?)*\u001b\[\?1049h/);
      assert.match(watch.stdout, /\u001b\[\?25h\u001b\[\?1049l\s*$/);
      const plain = onTerminal(['status'], { NO_COLOR: '1' });
      await plain.waitForEnd();
      assert.match(plain.stdout, /unhealthy/);
      assert.ok(!plain.stdout.includes('\u001b'), plain.said);
    },
  );

  test('explains why a container is held, with what was read, and unblock lifts it', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.state.hset('KUBE_LABELS|SET', { 'snmp_3.0_enabled': 'false', snmp_enabled: 'true' });
    await redis.state.hset('CONTAINER_HOLD|snmp|bbbbbbbbbbbb', {
      version: '3.0',
      reason: 'version-blocked',
      text: 'blocked',
      boot_id: BOOT_ID,
    });
    const explained = await run('explain', 'snmp');
    assert.equal(explained.code, 0, explained.program.said);
    assert.match(
      explained.stdout,
      /held +container bbbbbbbbbbbb of version 3\.0 waits[^\n]*\n +-> ctrkit unblock snmp 3\.0\n/,
    );
    assert.match(explained.stdout, /daemon +ctrkitd does not run.*\n +-> systemctl start ctrkitd/);
    assert.match(explained.stdout, /engine +the Docker engine .* can't be used/);
    assert.match(explained.stdout, /KUBE_LABELS\|SET: .*snmp_3\.0_enabled = "false"/);
    const lifted = await run('unblock', 'snmp', '3.0');
    assert.deepEqual([lifted.code, lifted.stdout], [0, ''], lifted.program.said);
    assert.deepEqual(await redis.row('KUBE_LABELS|SET'), {
      'snmp_3.0_enabled': 'true',
      snmp_enabled: 'true',
    });
    assert.doesNotMatch((await run('explain', 'snmp')).stdout, /version 3\.0 is blocked/);
  });

  test('the status of one feature whose key is no row hides no other, and the key is named (F8)', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.config.hset('FEATURE|lldp', { state: 'enabled', set_owner: 'kube' });
    await redis.state.set('CONTAINER_HEALTH|lldp', 'a text');
    for (const words of [['status'], ['status', '--json']]) {
      const status = await run(...words);
      assert.equal(status.code, 0, status.program.said);
      assert.ok(status.stdout.includes('snmp') && status.stdout.includes('lldp'), status.stdout);
      assert.match(status.program.stderr, /CONTAINER_HEALTH\|lldp is a string, not a hash/);
    }
  });

  test('one key that is no row hides nothing else of a feature, and is named (F8)', async (t) => {
    const { redis, run } = await prepare(t);
    const topics = (text: string): string[] =>
      text.split('\n').flatMap((line) => /^ {2}(\w+)/.exec(line)?.[1] ?? []);
    for (const [db, key] of [
      ['state', 'FEATURE|snmp'],
      ['state', 'CONTAINER_HEALTH|snmp'],
      ['state', 'KUBE_LABELS|SET'],
      ['state', 'KUBERNETES_MASTER|SERVER'],
      ['config', 'IMAGE_MGMT|GLOBAL'],
      ['config', 'IMAGE_MGMT|snmp'],
    ] as const) {
      const before = await redis[db].hgetall(key);
      await redis[db].del(key);
      await redis[db].set(key, 'a text');
      const named = `${key} is a string, not a hash; redis-cli -n ${db === 'state' ? 6 : 4} TYPE "${key}" shows it, DEL removes it`;
      const explained = await run('explain', 'snmp');
      assert.equal(explained.code, 0, explained.program.said);
      assert.ok(explained.stdout.includes(named), explained.stdout);
      assert.equal(explained.stdout.split(named).length, 2, 'one line');
      assert.ok(
        topics(explained.stdout).includes(key.startsWith('IMAGE') ? 'runs' : 'policy'),
        explained.stdout,
      );
      // Nothing is said of what could not be read.
      if (key === 'FEATURE|snmp') assert.doesNotMatch(explained.stdout, /nobody runs it|has not started it/);
      await redis[db].del(key);
      if (Object.keys(before).length > 0) await redis[db].hset(key, before);
    }
  });

  test('a feature whose row of CONFIG_DB is no row is not unknown: its key is named (F8)', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.config.del('FEATURE|snmp');
    await redis.config.set('FEATURE|snmp', 'a text');
    for (const words of [
      ['explain', 'snmp'],
      ['images', 'snmp'],
      ['status', 'snmp'],
    ]) {
      const asked = await run(...words);
      assert.equal(asked.code, 1, asked.program.said);
      assert.match(asked.program.stderr, /FEATURE\|snmp is a string, not a hash/);
      assert.doesNotMatch(asked.program.stderr, /has no feature/);
    }
  });

  test('explains what there is beside a key that is no row (G17)', async (t) => {
    const { redis, run } = await prepare(t);
    await redis.state.set('CONTAINER_HOLD|snmp|x', 'a text');
    const hold = { version: '3.0', reason: 'version-blocked', text: 'blocked', boot_id: BOOT_ID };
    await redis.state.hset('CONTAINER_HOLD|snmp|cccccccccccc', hold);
    const explained = await run('explain', 'snmp');
    assert.equal(explained.code, 0, explained.program.said);
    assert.match(explained.stdout, /cccccccccccc/);
    assert.doesNotMatch(explained.stdout, /WRONGTYPE/);
  });

  test('shows more features and holds than one answer of a database may have', async (t) => {
    const { redis, run } = await prepare(t);
    const features = redis.config.pipeline();
    for (let i = 0; i < 4_000; i += 1)
      features.hset(`FEATURE|f${i}`, { set_owner: 'kube', state: 'enabled' });
    await Promise.all([features.exec(), redis.putHolds(5_000)]);
    const status = await run('status', '--json');
    assert.equal(status.code, 0, status.program.said);
    assert.equal((JSON.parse(status.stdout) as { features: unknown[] }).features.length, 4_002);
    const explained = await run('explain', 'snmp');
    assert.equal(explained.code, 0, explained.program.said);
    assert.match(explained.stdout, / container c4999 of version 3\.0 waits/);
    const kube = await run('kube', 'status', '--json');
    assert.equal(kube.code, 0, kube.program.said);
    assert.match(kube.stdout, /"is_database_read": true/);
  });

  test('ends with 69 and one line where its output can not be written, and quietly where nobody reads', async (t) => {
    const { kit, env, words } = await prepare(t);
    const manifest = ['manifest', 'snmp', '--version', '1.0.0', '--image', 'registry/snmp:1.0.0'];
    for (const args of [['status'], ['explain', 'snmp'], manifest]) {
      const full = kit.run(['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...words(args)], env);
      assert.deepEqual(await full.waitForEnd(), code(69), full.said);
      assert.match(full.stderr, /ctrkit: error: the output is cut, .*ENOSPC/);
    }
    const script = '("$@"; echo "ended with $?" >&2) | true';
    const closed = kit.run(['sh', '-c', script, 'sh', ...words(['status'])], env);
    await closed.waitForEnd();
    assert.match(closed.stderr, /^ended with 0$/m);
    assert.doesNotMatch(closed.stderr, /error/);
  });

  test('explains how long it is until an image is golden, by what a daemon that runs thinks', async (t) => {
    const { env, run } = await prepare(t);
    const now = bootMs();
    const view: DaemonView = {
      pid: process.pid,
      isShadow: false,
      bootId: BOOT_ID,
      startedMs: now,
      problems: [],
      features: {
        snmp: {
          imageId: `sha256:${'2'.repeat(64)}`,
          version: '2.0',
          certification: { kind: 'counting', text: 'healthy', fromMs: now, neededMs: 36_000_000 },
          fallback: { kind: 'well', text: 'nothing fails' },
          lastAct: '',
          lastActTs: 0,
        },
      },
    };
    const path = join(env.CTRKIT_RUN_DIR, 'ctrkitd.json');
    writeFileSync(path, JSON.stringify(view));
    assert.match(
      (await run('explain', 'snmp')).stdout,
      /certification +healthy: golden in (?:10 h|9 h 5\d min) if it stays so\n/,
    );
    assert.match((await run('status', 'snmp')).stdout, /none \(new in (?:10 h|9 h 5\d min)\)\n/);
    writeFileSync(path, JSON.stringify({ ...view, bootId: 'another' }));
    assert.match(
      (await run('explain', 'snmp')).stdout,
      /daemon +ctrkitd does not run; it did before the last reboot/,
    );
  });

  test('locks outlive the command, and are refused, listed and lifted by another one', async (t) => {
    const { env, run } = await prepare(t);
    const added = await run('lock', 'add', 'snmp', '--reason', 'debugging', '--for', '2h');
    assert.equal(added.code, 0, added.program.said);
    const path = join(env.CTRKIT_STATE_DIR, 'locks/snmp.json');
    const { owner, for_ms, boot_id } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    assert.deepEqual([owner, for_ms, boot_id], ['alice', 7_200_000, BOOT_ID]);
    const again = await run('lock', 'add', 'snmp', '--reason', 'me too', '--owner', 'bob');
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /^ctrkit: snmp is locked by alice \(debugging\) for (?:2 h|1 h 5\d min) still/,
    );
    assert.match((await run('lock', 'list')).stdout, /^snmp +alice /m);
    assert.equal((await run('lock', 'rm', 'snmp')).code, 0);
    assert.ok(!existsSync(path));
  });

  test('ends with 64, 69 or 1, in one line on stderr that says what to do', async (t) => {
    const { redis, run, start } = await prepare(t);
    const usage = await run('explain');
    assert.deepEqual([usage.code, usage.stdout], [64, '']);
    assert.match(usage.stderr, /^ctrkit: error: missing required argument 'feature'\. Try ctrkit --help\n$/);
    assert.equal((await run()).code, 64);
    const unknown = await run('status', 'snpm');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.equal(unknown.stderr, 'ctrkit: CONFIG_DB has no feature snpm: do you mean snmp?\n');
    const noEngine = await run('images');
    assert.equal(noEngine.code, 69);
    assert.match(noEngine.stderr, /^ctrkit: error: the Docker engine .*\n$/);
    await redis.kill();
    const away = start(['status', '--watch']);
    assert.deepEqual(await away.waitForEnd(), code(69));
    assert.match(away.stderr, /^ctrkit: error: Redis at unix:.* can't be used: .*\n$/);
    const explained = await run('explain', 'snmp');
    assert.equal(explained.code, 0);
    assert.match(explained.stdout, /database +Redis at /);
  });
});
