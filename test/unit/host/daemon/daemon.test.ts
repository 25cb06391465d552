import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import {
  BEAT_EVERY_MS,
  CONFIG_ROW,
  FakeHost,
  LABELS_ROW,
  LOCAL,
  POLICY_ROW,
  STATUS_ROW,
} from '../../../support/fake-host.ts';

/** A daemon that runs; `ended` is how. */
async function play(t: TestContext, host = new FakeHost()) {
  const ended = host.start();
  ended.catch(() => undefined);
  t.after(async () => {
    host.stop();
    await ended.catch(() => undefined);
  });
  await host.settle();
  return { host, ended };
}

/** Image 2 is deployed and has been healthy for all its time but a heartbeat. */
async function playUpToCertification(t: TestContext) {
  const { host, ended } = await play(t);
  host.deploy();
  await host.settle();
  await host.beatFor(50_000);
  assert.equal(host.goldenId(), host.image1);
  return { host, ended };
}
const SICK = { status: 'unhealthy', healthy_since_ms: '' };
const acts = (host: FakeHost, start: string): string[] =>
  host.engine.acts.filter((act) => act.startsWith(start));
const said = (host: FakeHost, text: string): number =>
  host.log.lines.filter((line) => line.includes(text)).length;

describe('ctrkitd', { timeout: 600_000 }, () => {
  test('the switch’s own image is golden by default, and the next one once it ran well for its time (D18)', async (t) => {
    const { host } = await playUpToCertification(t);
    assert.equal(host.ledger().shipped?.imageId, host.image1);
    await host.beatFor(BEAT_EVERY_MS);
    // The ledger is written every 100 ms at the most.
    await host.pass(1_000);
    const { golden, shipped } = host.ledger();
    assert.deepEqual([golden?.imageId, shipped?.imageId], [host.image2, host.image1]);
    assert.deepEqual(acts(host, 'tagImage'), [`tagImage ${host.image2} ${LOCAL}:latest`]);
    assert.equal(host.status()['container_stable_version'], '2.0');
    assert.equal(host.status()['container_last_version'], '1.0');
    assert.equal(host.view?.features['snmp']?.certification.kind, 'golden');
  });

  test('a step that fails is tried again, less and less often, and never in a hot loop', async (t) => {
    const { host } = await playUpToCertification(t);
    host.engine.beforeAct = () => {
      throw new CtrkitError('engine', 'no space left');
    };
    await host.beatFor(BEAT_EVERY_MS);
    const tries: number[] = [];
    for (let s = 0; s < 8; s += 1) {
      // However often something happens meanwhile.
      for (let i = 0; i < 5; i += 1) await host.pass(0);
      tries.push(acts(host, 'tagImage').length);
      await host.pass(1_000);
    }
    // 0.1 s later than the certification, then after half of 1 s, 2 s, 4 s and 8 s: the least that jitter leaves.
    assert.deepEqual(tries, [0, 2, 3, 3, 4, 4, 4, 4]);
    assert.equal(said(host, 'tag-as-local failed: no space left'), 5);
    host.engine.beforeAct = () => {};
    await host.pass(60_000);
    assert.ok(
      host.engine
        .images()
        .find(({ id }) => id === host.image2)
        ?.tags.includes(`${LOCAL}:latest`),
    );
  });

  test('a disk that is full: it says so, does nothing that is not written down, and forgets nothing', async (t) => {
    const { host } = await playUpToCertification(t);
    host.disk.broken = 'no space left on device';
    const ofBefore = structuredClone(host.disk.generations.at(-1));
    await host.beatFor(BEAT_EVERY_MS);
    assert.ok(said(host, 'certify failed: no space left on device') > 0);
    assert.deepEqual(acts(host, 'tagImage'), []);
    assert.equal(host.status()['container_stable_version'], '1.0', 'the mirror says what is on the disk');
    assert.deepEqual(host.disk.generations.at(-1), ofBefore);
    host.disk.broken = '';
    await host.beatFor(BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
  });

  test('while the engine is away nothing is certified, tagged or released, and afterwards all goes on', async (t) => {
    const { host } = await playUpToCertification(t);
    host.engine.goDown();
    await host.beatFor(6 * BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image1);
    assert.match(host.view?.problems.join() ?? '', /engine is away/);
    assert.equal(host.status()['current_owner'], 'kube');
    host.engine.comeBack();
    await host.clock.passUntil('the engine is watched again', () => host.engine.isWatched);
    await host.settle();
    assert.deepEqual(host.view?.problems, []);
    await host.beatFor(7 * BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
  });

  test('a restart of the daemon costs a certification the time in which none watched, no more (HF6)', async (t) => {
    const { host } = await playUpToCertification(t);
    await host.restart(25_000);
    assert.equal(host.goldenId(), host.image1, '50 s, and a gap that earns nothing');
    await host.beatFor(BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
  });

  test('nor does it empty the leaky bucket; killed, the daemon loses ten seconds at most (HF6)', async (t) => {
    for (const isKilled of [false, true]) {
      const { host } = await play(t);
      host.deploy();
      await host.settle();
      await host.beatFor(100_000, SICK);
      await host.restart(5_000, { isKilled, beat: SICK });
      await host.beatFor(10_000, SICK);
      assert.deepEqual(host.restarts, [], `${isKilled}`);
      await host.beatFor(isKilled ? 30_000 : 20_000, SICK);
      await host.pass(1_000);
      assert.deepEqual(host.restarts, ['snmp'], `${isKilled}`);
    }
  });

  test('a pod of the shipped kit without an id, as under cgroup v2, is never taken for nothing deployed (H1)', async (t) => {
    const { host } = await play(t);
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled', remote_fail_detection: '300' });
    host.databases.put(STATUS_ROW, {
      system_state: 'up',
      current_owner: 'kube',
      container_id: '',
      remote_state: 'running',
    });
    for (let i = 0; i < 60; i += 1) await host.pass(60_000);
    assert.deepEqual(host.restarts, []);
    assert.equal(host.view?.features['snmp']?.fallback.kind, 'unknown');
  });

  test('a container of the shipped kit that kubelet ends for a rollout is not blamed while the next one is pulled (H3)', async (t) => {
    const { host } = await play(t);
    host.deploy();
    host.databases.put(STATUS_ROW, { ...host.status(), claim_token: '', docker_id: '', claim_boot_id: '' });
    await host.pass(60_000);
    host.engine.end(host.id, 0);
    for (let i = 0; i < 20; i += 1) await host.pass(60_000);
    assert.deepEqual([host.restarts, host.ledger().fallbacks], [[], []]);
  });

  test('a unit that systemd has given up on is brought back with back-off, also over a restart of the daemon (H5)', async (t) => {
    const { host } = await play(t);
    host.databases.put(POLICY_ROW, { fail_time_to_fallback: '0', active_time_to_mark_good: '0' });
    host.databases.put(STATUS_ROW, { system_state: 'down', remote_state: 'stopped' });
    host.unit = 'failed';
    for (let s = 0; s < 5; s += 1) await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp'], 'at once');
    for (let s = 0; s < 20; s += 1) await host.pass(1_000);
    await host.restart(1_000);
    assert.deepEqual(host.restarts, ['snmp'], 'the daemon knows what the one before it did');
    for (let s = 0; s < 120; s += 1) await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp', 'snmp', 'snmp'], 'after 30 s, then after a minute');
    host.unit = 'inactive';
    for (let s = 0; s < 900; s += 1) await host.pass(1_000);
    assert.equal(host.restarts.length, 3, 'somebody has stopped it');
  });

  test('its memory is written every ten seconds at most, however much happens (HF6)', async (t) => {
    const { host } = await play(t);
    host.deploy();
    for (let s = 0; s < 100; s += 1) await host.pass(1_000);
    assert.ok(host.memoryWrites >= 10 && host.memoryWrites <= 11, `${host.memoryWrites} times in 100 s`);
  });

  test('a container that ended while the engine was away is found by listing, and its record released (D10)', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.settle();
    host.engine.goDown();
    await host.settle();
    host.engine.end(host.id, 137);
    await host.pass(20_000);
    assert.equal(host.status()['current_owner'], 'kube');
    host.engine.comeBack();
    await host.clock.passUntil('the record is released', () => host.status()['current_owner'] === 'none');
  });

  test('an end is acted upon before the listing that it asks for is there (D10)', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.settle();
    host.clock.advance(1_000);
    host.engine.hang();
    host.engine.end(host.id, 137, { hadOomKill: true });
    await host.settle();
    const { current_owner: owner, remote_state: state, claim_token: token } = host.status();
    assert.deepEqual([owner, state, token], ['none', 'stopped', '']);
    host.engine.comeBack();
  });

  test('a container that claimed in between keeps its record (D10)', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.settle();
    host.engine.end(host.id, 137);
    // The next container was quicker than the listing.
    host.id = host.engine.run({ name: 'k8s_snmp_next', image: host.image2 });
    host.claim('token-b');
    host.beat();
    await host.settle();
    await host.pass(1_000);
    assert.deepEqual([host.status()['claim_token'], host.status()['current_owner']], ['token-b', 'kube']);
  });

  test('databases that are away: nothing is decided, it says so once, and goes on when they are back', async (t) => {
    const { host } = await playUpToCertification(t);
    host.databases.goDown();
    await host.clock.passUntil('it has noticed', () =>
      host.view?.problems.some((text) => text.includes('nothing is decided')),
    );
    const lines = said(host, 'nothing is decided meanwhile');
    assert.equal(lines, 1);
    await host.clock.passUntil('it has tried again', () => host.tables.length > 2);
    host.databases.comeBack();
    await host.clock.passUntil('it is well again', () => host.view?.problems.length === 0);
    assert.ok(
      host.tables.slice(0, -1).every((tables) => !tables.isWatching),
      'old connections are closed',
    );
    // What nobody watched does not count: heartbeats were missed.
    await host.beatFor(7 * BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
  });

  test('a step that comes while the databases are away uses no connection that was given up', async (t) => {
    const { host } = await playUpToCertification(t);
    // The certification has begun, and its mirror is still to be written.
    host.engine.hang();
    host.databases.put(STATUS_ROW, { container_stable_version: '' });
    await host.beatFor(BEAT_EVERY_MS);
    host.databases.goDown();
    await host.clock.passUntil('it has noticed', () =>
      host.view?.problems.some((text) => text.includes('nothing is decided')),
    );
    host.engine.comeBack();
    await host.settle();
    assert.equal(host.usesAfterClose, 0);
  });

  test('databases that came back empty get golden versions and blocks again', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.settle();
    host.databases.put(LABELS_ROW, {});
    await host.beatFor(20_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    await host.beatFor(120_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    assert.deepEqual(host.restarts, ['snmp']);
    assert.equal(host.status()['remote_state'], 'none');
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'], 'false');
    assert.equal(host.ledger().fallbacks[0]?.isDone, true);
    host.databases.flush();
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    await host.pass(1_000);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'], 'false');
    assert.equal(host.status()['container_stable_version'], '1.0');
    assert.deepEqual(host.restarts, ['snmp'], 'it fell back once');
  });

  test('a block that somebody sets to true is lifted, and the image may be tried again', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.beatFor(140_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    assert.equal(host.ledger().fallbacks.length, 1);
    host.databases.put(LABELS_ROW, { 'snmp_2.0_enabled': 'true' });
    await host.settle();
    assert.deepEqual(host.ledger().fallbacks, []);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'], 'true', 'nobody takes it back');
  });

  test('an operator’s block outlives a STATE_DB that came back empty, keeps the version from taking over, and goes with true', async (t) => {
    const { host } = await play(t);
    const label = (): string | undefined => host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'];
    host.blocks.add('snmp', { version: '2.0', reason: 'crashes', owner: 'alice', sinceTs: 1 });
    await host.pass(1_000);
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    await host.settle();
    assert.equal(label(), 'false');
    host.databases.flush();
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    await host.pass(1_000);
    assert.equal(label(), 'false');
    assert.equal(host.blocks.list().blocks.size, 1);
    host.databases.put(LABELS_ROW, { 'snmp_2.0_enabled': 'true' });
    await host.settle();
    assert.equal(host.blocks.list().blocks.size, 0);
    host.databases.put(LABELS_ROW, { 'snmp_2.0_enabled': '' });
    await host.pass(1_000);
    assert.equal(label(), '', 'nobody takes it back');
  });

  test('blocks that can’t be read are those that were read last, and that is said', async (t) => {
    const { host } = await play(t);
    host.blocks.add('snmp', { version: '2.0', reason: 'crashes', owner: 'alice', sinceTs: 1 });
    await host.pass(1_000);
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    await host.settle();
    host.blocks.breakDown('EIO');
    host.databases.flush();
    host.databases.put(CONFIG_ROW, { set_owner: 'kube', state: 'enabled' });
    await host.pass(1_000);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'], 'false');
    assert.match(host.log.lines.join('\n'), /the blocks can't be read: EIO/);
  });

  test('what crashed until systemd gave its unit up falls back, what somebody has stopped then does not (D18, D20)', async (t) => {
    for (const unit of ['inactive', 'failed'] as const) {
      const { host } = await play(t);
      host.deploy();
      await host.settle();
      host.engine.end(host.id, 139);
      await host.settle();
      host.databases.put(STATUS_ROW, { system_state: 'down' });
      host.unit = unit;
      for (let i = 0; i < 6; i += 1) await host.pass(30_000);
      assert.equal(host.restarts.length > 0, unit === 'failed', unit);
      assert.equal(host.ledger().fallbacks.length, unit === 'failed' ? 1 : 0, unit);
    }
  });

  test('a lock that was added after a decision keeps its step from being run', async (t) => {
    const { host } = await play(t);
    host.deploy();
    await host.beatFor(120_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    const { bootId, bootMs } = readTimestamps(host.clock);
    host.clock.advance(10_000);
    const list = host.locks.list.bind(host.locks);
    let reads = 0;
    host.locks.list = () => {
      reads += 1;
      // The first read after the time is over is that of the reconcile.
      if (reads === 2)
        host.locks.add({
          feature: 'snmp',
          owner: 'ann',
          reason: 'test',
          sinceTs: 1,
          forMs: 0,
          bootId,
          bootMs,
        });
      return list();
    };
    host.beat({ status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    await host.settle();
    assert.ok(reads >= 2);
    assert.deepEqual([host.restarts, host.ledger().fallbacks], [[], []]);
  });

  test('a fallback whose restart fails is finished later, and the image is blocked all the same', async (t) => {
    const { host } = await play(t);
    host.deploy();
    host.restartFailure = 'systemd does not answer';
    await host.beatFor(130_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    assert.equal(host.ledger().fallbacks[0]?.isDone, false);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_2.0_enabled'], 'false');
    const tries = host.restarts.length;
    await host.pass(0);
    assert.equal(host.restarts.length, tries, 'not at once');
    host.restartFailure = '';
    await host.pass(60_000);
    assert.equal(host.restarts.length, tries + 1);
    assert.equal(host.ledger().fallbacks[0]?.isDone, true);
  });

  test('locks that can’t be read count as locks, for restarts, fallbacks and clean-up', async (t) => {
    const { host } = await playUpToCertification(t);
    host.databases.put(POLICY_ROW, { purge_older_image: 'true', purge_local_copy: 'true' });
    const older = host.engine.putImage('0', [`${LOCAL}:0.9`]);
    host.locks.breakDown('Input/output error');
    await host.beatFor(BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
    host.databases.put(CONFIG_ROW, { set_owner: 'local' });
    await host.pass(1_000);
    assert.deepEqual(host.restarts, []);
    assert.ok(host.engine.images().some(({ id }) => id === older));
    assert.ok(said(host, 'Input/output error') > 0);
  });

  test('features come and go with CONFIG_DB', async (t) => {
    const { host } = await play(t);
    host.databases.put({ ...CONFIG_ROW, row: 'lldp' }, { set_owner: 'local', state: 'enabled' });
    await host.settle();
    assert.ok(host.view?.features['lldp']);
    await host.databases.open().write([], [{ kind: 'delete', address: { ...CONFIG_ROW, row: 'lldp' } }]);
    await host.pass(60_000);
    assert.ok(host.view?.features['lldp'], '`config reload` empties the table for a moment');
    await host.pass(60_000);
    assert.equal(host.view?.features['lldp'], undefined);
  });

  test('a wrong address of the databases is an outage like any other: the file may be mended', async (t) => {
    const host = new FakeHost();
    host.connectFailure = new CtrkitError('usage', 'database_config.json is no JSON');
    await play(t, host);
    assert.match(host.view?.problems.join() ?? '', /no JSON; nothing is decided meanwhile/);
    host.connectFailure = undefined;
    await host.clock.passUntil('it has connected', () => host.view?.problems.length === 0);
  });

  test('a view that can’t be written keeps nothing from being done', async (t) => {
    const { host } = await playUpToCertification(t);
    host.viewFailure = new CtrkitError('disk', 'no space left for the view');
    await host.beatFor(BEAT_EVERY_MS);
    assert.equal(host.goldenId(), host.image2);
    assert.equal(said(host, 'no space left for the view'), 1);
  });

  test('stopped, it closes everything, removes its view and ends', async (t) => {
    const { host, ended } = await play(t);
    host.stop();
    await ended;
    assert.equal(host.view, undefined);
    assert.equal(host.engine.isWatched, false);
    assert.ok(host.tables.every((tables) => !tables.isWatching));
  });

  test('told to stop while the engine answers nothing, it ends without waiting for it', async (t) => {
    const { host, ended } = await play(t);
    host.engine.hang();
    host.deploy();
    await host.settle();
    host.stop();
    // No time passes: no limit of a call is ever over.
    await ended;
    assert.equal(host.view, undefined);
    host.engine.comeBack();
  });

  test('a defect of its own ends it, with nothing left open that would keep the process', async (t) => {
    const host = new FakeHost();
    host.connectFailure = new TypeError('undefined is not a function');
    const { ended } = await play(t, host);
    await assert.rejects(ended, TypeError);
    assert.equal(host.engine.isWatched, false);
    assert.equal(host.view, undefined);
  });

  test('a shadow decides the same, says so, and touches nothing', async (t) => {
    const { host } = await play(t, new FakeHost({ isShadow: true }));
    const rows = JSON.stringify(host.status());
    host.deploy();
    await host.beatFor(80_000);
    assert.equal(said(host, 'would have: image'), 1, 'once');
    assert.equal(said(host, 'would have: tagged'), 1);
    await host.beatFor(140_000, { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' });
    assert.deepEqual(host.disk.generations, []);
    assert.deepEqual(host.engine.acts, []);
    assert.deepEqual(host.restarts, []);
    assert.equal(host.status()['container_stable_version'], undefined);
    assert.equal(host.databases.row(LABELS_ROW), undefined);
    assert.ok(rows);
  });
});
