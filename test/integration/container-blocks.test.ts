import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EMPTY_FEATURE_LEDGER } from '../../src/contract/images/ledger.ts';
import { createBlockFiles } from '../../src/host/adapters/blocks/block-file.ts';
import { createLedgerFile } from '../../src/host/adapters/ledger/ledger-file.ts';
import { fallbackOf } from '../support/feature-inputs.ts';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../bin/container.ts', import.meta.url));
const TSX = fileURLToPath(import.meta.resolve('tsx'));

/** A switch right after a cold boot: STATE_DB is empty, ctrkitd is not there yet, and the disk is as it was. */
async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const state = join(kit.folder, 'state');
  const run = (line: string, more: Readonly<Record<string, string>> = {}) =>
    kit.run([process.execPath, '--import', TSX, MAIN, ...line.split(' ')], {
      CTRKIT_REDIS: redis.url,
      CTRKIT_STATE_DIR: state,
      DOCKER_HOST: `unix://${join(kit.folder, 'none.sock')}`,
      ...more,
    });
  // Nothing is started here then, so no engine is needed.
  await redis.config.hset('FEATURE|snmp', {
    set_owner: 'kube',
    state: 'enabled',
    no_fallback_to_local: 'true',
  });
  const labels = (): Promise<Record<string, string>> => redis.state.hgetall('KUBE_LABELS|SET');
  /** A gate of this version asks, as with each start of its container. */
  const ask = (version: string) =>
    redis.state.hset('FEATURE|snmp', { remote_state: 'pending', container_version: version });
  const remoteState = async () => (await redis.status())['remote_state'];
  return { redis, kit, state, run, labels, ask, remoteState };
}

const fallBackFrom = (state: string, number: number): void =>
  createLedgerFile(state).write({ snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallbackOf(number)] } });
const blockVersion = (state: string, version: string): void =>
  createBlockFiles(join(state, 'blocks')).add('snmp', { version, reason: 'x', owner: 'alice', sinceTs: 1 });

describe('a version that the disk blocks, before any daemon runs', { timeout: 600_000 }, () => {
  test('has its label before Kubernetes may deploy: container start writes both in one step (H16)', async (t) => {
    const { state, run, labels } = await prepare(t);
    fallBackFrom(state, 2);
    blockVersion(state, '3.0');
    const start = run('start snmp');
    assert.equal((await start.waitForEnd()).code, 0, start.said);
    assert.match(start.stderr, /version 3\.0 is blocked again: STATE_DB had forgotten/);
    assert.deepEqual(await labels(), {
      snmp_enabled: 'true',
      'snmp_2.0_enabled': 'false',
      'snmp_3.0_enabled': 'false',
    });
  });

  test('is not lifted by a start, nor is one that somebody has lifted blocked again', async (t) => {
    const { redis, state, run, labels } = await prepare(t);
    for (const version of ['2.0', '3.0']) blockVersion(state, version);
    await redis.state.hset('KUBE_LABELS|SET', { 'snmp_2.0_enabled': 'True', 'snmp_3.0_enabled': 'false' });
    const start = run('start snmp');
    assert.equal((await start.waitForEnd()).code, 0, start.said);
    assert.doesNotMatch(start.stderr, /blocked again/);
    assert.deepEqual(await labels(), {
      snmp_enabled: 'true',
      'snmp_2.0_enabled': 'True',
      'snmp_3.0_enabled': 'false',
    });
  });

  test('gets no answer from container wait, which says so, writes the label, and answers another version (H16)', async (t) => {
    const { state, run, labels, ask, remoteState } = await prepare(t);
    fallBackFrom(state, 2);
    await ask('2.0');
    const wait = run('wait snmp');
    await wait.waitForLine(
      'version 2.0 asks to run, and is blocked on this switch. To lift it: ctrkit unblock snmp 2.0',
    );
    assert.deepEqual(await labels(), { 'snmp_2.0_enabled': 'false' });
    assert.equal(await remoteState(), 'pending');
    await ask('3.0');
    await until('another version is answered', async () => (await remoteState()) === 'ready');
  });

  test('is answered once its label says true', async (t) => {
    const { redis, state, run, ask, remoteState } = await prepare(t);
    blockVersion(state, '2.0');
    await ask('2.0');
    const wait = run('wait snmp');
    await wait.waitForLine('is blocked on this switch');
    await redis.state.hset('KUBE_LABELS|SET', { 'snmp_2.0_enabled': 'true' });
    await until('it is answered', async () => (await remoteState()) === 'ready');
  });

  test('that asks for ever does not keep the switch’s own container away', async (t) => {
    const { redis, state, run, ask, remoteState } = await prepare(t);
    await redis.config.hset('FEATURE|snmp', { no_fallback_to_local: 'false' });
    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    blockVersion(state, '2.0');
    await ask('2.0');
    const wait = run('wait snmp', { CTRKIT_REVERT_TO_LOCAL: '100ms' });
    assert.equal((await wait.waitForEnd()).code, 75, wait.said);
    assert.equal(await remoteState(), 'none');
    await ask('2.0');
    // It looks for the local container, which Kubernetes' one is not waited for with.
    const start = run('start snmp');
    assert.equal((await start.waitForEnd()).code, 69, start.said);
    assert.match(start.stderr, /none\.sock/);
  });

  test('files that can’t be read, or make no sense, keep no feature from starting, and are told', async (t) => {
    const { state, run, labels } = await prepare(t);
    mkdirSync(join(state, 'ledger.json'), { recursive: true });
    mkdirSync(join(state, 'blocks'));
    writeFileSync(join(state, 'blocks/snmp.json'), '{"format": 1, "blocks": [');
    const start = run('start snmp');
    assert.equal((await start.waitForEnd()).code, 0, start.said);
    assert.match(start.stderr, /not read: .*blocks\/snmp\.json is no list of blocks of this feature/);
    assert.match(start.stderr, /not read: .*ledger\.json/);
    assert.deepEqual(await labels(), { snmp_enabled: 'true' });
    writeFileSync(join(state, 'blocks/snmp.json'), '{}');
    const none = run('start snmp', { CTRKIT_STATE_DIR: '/proc/nothing' });
    assert.equal((await none.waitForEnd()).code, 0, none.said);
  });
});
