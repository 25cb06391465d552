/**
 * The built `container start` and `container wait` as a service script calls them, where the local container is not of the image
 * that a start in local mode is to run. Redis is real, the engine is the fake behind a socket.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import { createLockFiles } from '../../src/host/adapters/locks/lock-file.ts';
import { goldenOf } from '../support/beats.ts';
import { serveEngine } from '../support/engine-server.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { fallbackOf } from '../support/feature-inputs.ts';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';

const BUILT = fileURLToPath(new URL('../../dist/host', import.meta.url));
const LATEST = 'docker-snmp:latest';
const REMOTE = 'registry:5000/docker-snmp';
const INVOKED = { INVOCATION_ID: '0'.repeat(32) };

/** A switch that boots: 2.0 is golden, 1.0 was shipped, and the local container of 1.0 has ended. ctrkitd is not there yet. */
async function prepare(t: TestContext, setOwner = 'kube') {
  assert.ok(existsSync(BUILT), 'dist/host is missing: run npm run build first');
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const engine = new FakeEngine();
  t.after(() => engine.goDown());
  const address = await serveEngine(t, kit.folder, engine);
  const host = join(kit.folder, 'host');
  cpSync(BUILT, host, { recursive: true, verbatimSymlinks: true });
  const state = join(kit.folder, 'state');
  const common = {
    CTRKIT_REDIS: redis.url,
    DOCKER_HOST: address,
    CTRKIT_RUN_DIR: join(kit.folder, 'run'),
    CTRKIT_STATE_DIR: state,
    CTRKIT_REVERT_TO_LOCAL: '600',
  };
  const run = async (line: string, env: Readonly<Record<string, string>> = INVOKED) => {
    const program = kit.run([`${host}/usr/local/bin/container`, ...line.split(' ')], { ...common, ...env });
    const { code } = await program.waitForEnd();
    return { code, said: program.said, stderr: program.stderr };
  };
  const shipped = engine.putImage('1', [LATEST, 'docker-snmp:1.0']);
  const golden = engine.putImage('2', [`${REMOTE}:2.0`]);
  const writeLedger = (changes: Partial<FeatureLedger> = {}): void =>
    createLedgerFile(state).write({
      snmp: {
        ...EMPTY_FEATURE_LEDGER,
        golden: goldenOf(2, { imageId: golden }),
        shipped: goldenOf(1, { imageId: shipped, source: 'shipped' }),
        localRepository: 'docker-snmp',
        repositories: [REMOTE],
        ...changes,
      },
    });
  writeLedger();
  await redis.config.hset('FEATURE|snmp', {
    set_owner: setOwner,
    state: 'enabled',
    auto_restart: 'enabled',
  });
  await redis.config.hset('IMAGE_MGMT|GLOBAL', { tag_new_as_local: 'true' });
  /** As the service script's `docker create`, where there is no container of that name. */
  const create = (image = LATEST): void => {
    if (engine.find('snmp') === undefined)
      engine.run({ name: 'snmp', image, state: 'created', environment: ['IMAGE_VERSION=1.0'] });
  };
  const imageOf = (): string | undefined => engine.find('snmp')?.imageId;
  create();
  engine.start('snmp');
  engine.end('snmp', 0);
  return { redis, engine, state, run, shipped, golden, writeLedger, create, imageOf };
}

type Switch = Awaited<ReturnType<typeof prepare>>;

describe('a start in local mode runs the golden image, before any daemon does', { timeout: 600_000 }, () => {
  test('a container of another one goes, wait fails the service at once, and the next start runs the golden image', async (t) => {
    const { engine, redis, run, create, golden, imageOf } = await prepare(t);
    const first = await run('start snmp');
    assert.equal(first.code, 1, first.said);
    assert.match(
      first.said,
      /snmp: the container [0-9a-f]{12} is made from version 1\.0, not of the golden version 2\.0: removed; the next start of the service makes a new one, from docker-snmp:latest/,
    );
    assert.equal(first.stderr.split('\n').length, 2, 'one line');
    assert.equal(engine.find('snmp'), undefined);
    assert.deepEqual(
      engine.acts.map((act) => act.split(' ')[0]),
      ['tagImage', 'removeContainer'],
    );
    const wait = await run('wait snmp');
    assert.equal(wait.code, 1, wait.said);
    assert.match(wait.said, /nothing runs, and the engine has no container "snmp"/);
    assert.equal((await run('stop snmp')).code, 0);
    create();
    assert.equal(imageOf(), golden);
    const second = await run('start snmp');
    assert.equal(second.code, 0, second.said);
    assert.equal(engine.find('snmp')?.state, 'running');
    assert.equal((await redis.status())['current_owner'], 'local');
  });

  test('so does one whose image has lost the tag already, and one that was only created', async (t) => {
    const { engine, run } = await prepare(t);
    engine.putImage('2', [LATEST]);
    engine.removeContainer(engine.find('snmp')?.id ?? '');
    engine.run({ name: 'snmp', image: 'docker-snmp:1.0', state: 'created' });
    const { code, said } = await run('start snmp');
    assert.equal(code, 1, said);
    assert.deepEqual(
      engine.acts.map((act) => act.split(' ')[0]),
      ['removeContainer'],
    );
  });

  test('one that is again of another image runs: one removal in each boot', async (t) => {
    const { redis, engine, run, create, imageOf, shipped } = await prepare(t);
    assert.equal((await run('start snmp')).code, 1);
    create('docker-snmp:1.0');
    for (const round of [1, 2]) {
      const again = await run('start snmp');
      assert.equal(again.code, 0, `${round}: ${again.said}`);
      assert.equal(engine.find('snmp')?.state, 'running');
      engine.end('snmp', 0);
    }
    assert.equal(imageOf(), shipped);
    await redis.state.hset('FEATURE|snmp', { local_removal_boot_id: 'an earlier boot' });
    assert.equal((await run('start snmp')).code, 1, 'the next boot tries it once more');
  });

  test('the next rung stands in for a golden image that was fallen back from', async (t) => {
    const { engine, run, writeLedger, create, golden, shipped } = await prepare(t);
    engine.removeContainer(engine.find('snmp')?.id ?? '');
    engine.putImage('2', [LATEST]);
    create();
    writeLedger({ fallbacks: [{ ...fallbackOf(2), imageId: golden }] });
    const { code, said } = await run('start snmp');
    assert.equal(code, 1, said);
    assert.match(said, /not of the shipped version 1\.0: removed/);
    create();
    assert.equal(engine.find('snmp')?.imageId, shipped);
    assert.equal((await run('start snmp')).code, 0);
  });

  const setPolicy =
    (values: Record<string, string>) =>
    ({ redis }: Switch) =>
      redis.config.hset('IMAGE_MGMT|GLOBAL', values);
  const setFeature =
    (values: Record<string, string>) =>
    ({ redis }: Switch) =>
      redis.config.hset('FEATURE|snmp', values);
  const QUIET = /^container: snmp: started: [^\n]*\n$/;
  const LEFT: readonly (readonly [string, (host: Switch) => Promise<unknown> | void, RegExp?])[] = [
    ['IMAGE_MGMT Disable is true', setPolicy({ Disable: 'true' })],
    ['tag_new_as_local is false, and it is the shipped one', setPolicy({ tag_new_as_local: 'false' })],
    ['the switch runs its own image by choice', setFeature({ set_owner: 'local' })],
    ['systemd does not restart the service', setFeature({ auto_restart: 'disabled' })],
    [
      'a warm reboot is announced',
      ({ redis }: Switch) => redis.state.hset('WARM_RESTART_ENABLE_TABLE|system', { enable: 'true' }),
    ],
    [
      'a lock holds the feature',
      ({ state }: Switch) =>
        createLockFiles(join(state, 'locks')).add({
          feature: 'snmp',
          owner: 'alice',
          reason: 'a trial',
          sinceTs: 1,
          forMs: 0,
          bootId: 'x',
          bootMs: 1,
        }),
    ],
    ['the ledger does not know the feature', ({ state }: Switch) => createLedgerFile(state).write({})],
    [
      'the removal fails',
      ({ engine }: Switch) => {
        engine.beforeAct = (act) => {
          if (act.startsWith('removeContainer')) throw new Error('no');
        };
      },
      /not of the golden version 2\.0: it is started all the same: .*refused to remove/,
    ],
    [
      'the tag is refused',
      ({ engine }: Switch) => {
        engine.beforeAct = (act) => {
          if (act.startsWith('tagImage')) throw new Error('no');
        };
      },
      /not of the golden version 2\.0: it is started all the same: .*refused to tag/,
    ],
    ['the golden image is not there', ({ writeLedger }: Switch) => writeLedger({ golden: goldenOf(9) })],
  ];
  for (const [why, change, pattern = QUIET] of LEFT)
    test(`it is started as it is where ${why}`, async (t) => {
      const host = await prepare(t);
      await change(host);
      const { code, said, stderr } = await host.run('start snmp');
      assert.equal(code, 0, said);
      assert.match(stderr, pattern);
      assert.equal(host.engine.find('snmp')?.state, 'running', said);
      assert.equal(host.imageOf(), host.shipped);
    });

  test('it is started as it is by hand: nobody would start the service again', async (t) => {
    const { run, engine } = await prepare(t);
    const { code, said } = await run('start snmp', {});
    assert.equal(code, 0, said);
    assert.equal(engine.find('snmp')?.state, 'running');
  });
});
