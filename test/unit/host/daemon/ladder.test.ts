/** The ladder of images as the daemon climbs it: seen from outside, by tags, containers, rows and restarts. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { EMPTY_FEATURE_LEDGER } from '../../../../src/contract/images/ledger.ts';
import { FakeHost, LOCAL, POLICY_ROW, REMOTE, STATUS_ROW } from '../../../support/fake-host.ts';

const SICK = { status: 'unhealthy', reason: 'snmpd is gone', healthy_since_ms: '' };

async function play(
  t: TestContext,
  policy: Readonly<Record<string, string>> = {},
  host: FakeHost = new FakeHost(),
) {
  host.databases.put(POLICY_ROW, policy);
  const ended = host.start();
  ended.catch(() => undefined);
  t.after(async () => {
    host.stop();
    await ended.catch(() => undefined);
  });
  await host.settle();
  return host;
}

/** Image 2 is golden, image 1 the shipped one. */
async function playUpToGolden(t: TestContext, policy: Readonly<Record<string, string>> = {}) {
  const host = await play(t, policy);
  host.deploy();
  await host.settle();
  await host.beatFor(70_000);
  assert.equal(host.status()['container_stable_version'], '2.0');
  return host;
}

const localId = ({ engine }: FakeHost): string | undefined =>
  engine.images().find(({ tags }) => tags.includes(`${LOCAL}:latest`))?.id;
const tagsOf = ({ engine }: FakeHost, imageId: string): readonly string[] =>
  engine.images().find(({ id }) => id === imageId)?.tags ?? [];

/** The container of the feature's name runs this image, for a restart of the service. */
function runLocal(host: FakeHost, image: string, version: string): Readonly<Record<string, string>> {
  host.engine.destroy(host.id);
  host.deploy(image, 'token-local');
  const local = { current_owner: 'local', container_version: version, remote_state: 'none' };
  host.databases.put(STATUS_ROW, local);
  return { owner: 'local', version };
}

describe('the ladder of images', { timeout: 600_000 }, () => {
  test('an image that runs after a fallback does not become golden in the place of a better one (HF2)', async (t) => {
    const host = await playUpToGolden(t, { tag_new_as_local: '' });
    await host.beatFor(10_000, runLocal(host, host.image1, '1.0'));
    await host.beatFor(120_000, { owner: 'local', version: '1.0' });
    assert.equal(host.status()['container_stable_version'], '2.0');
    assert.equal(host.view?.features['snmp']?.certification.kind, 'own-rung');
  });

  test('a golden image that goes bad is fallen back from, to the next rung (HF1)', async (t) => {
    const host = await playUpToGolden(t);
    assert.equal(localId(host), host.image2);
    await host.beatFor(130_000, SICK);
    await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp']);
    assert.equal(localId(host), host.image1, 'what the service is restarted to run');
    assert.equal(host.status()['container_stable_version'], '1.0');
    assert.equal(host.ledger().golden?.imageId, host.image2, 'it keeps its place');
    const labels = { 'snmp_2.0_enabled': 'true' };
    await host.databases
      .open()
      .write(
        [],
        [{ kind: 'set', address: { db: 'state', table: 'KUBE_LABELS', row: 'SET' }, values: labels }],
      );
    await host.pass(1_000);
    assert.equal(host.status()['container_stable_version'], '2.0', 'and counts again once that is lifted');
    assert.equal(localId(host), host.image2);
  });

  test('a policy that is switched on after the certification is followed (H11)', async (t) => {
    const host = await playUpToGolden(t, { tag_new_as_local: '' });
    assert.equal(localId(host), host.image1);
    host.databases.put(POLICY_ROW, { tag_new_as_local: 'true' });
    await host.pass(1_000);
    assert.equal(localId(host), host.image2);
    const older = host.engine.putImage('0', [`${REMOTE}:0.9`]);
    await host.pass(1_000);
    assert.ok(tagsOf(host, older).length > 0);
    host.databases.put(POLICY_ROW, { purge_older_image: 'true' });
    await host.pass(1_000);
    assert.deepEqual(tagsOf(host, older), []);
  });

  test('a local tag that somebody gave to the image of Kubernetes is taken back, and the shipped image is not lost (H17)', async (t) => {
    const host = await play(t, { tag_new_as_local: '' });
    host.deploy();
    await host.settle();
    // ctrmgr_tools.py tag-all.
    host.engine.putImage('2', [`${LOCAL}:latest`]);
    await host.pass(1_000);
    assert.equal(localId(host), host.image1);
    await host.beatFor(130_000, SICK);
    await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp'], 'a fallback is not refused');
  });

  test('a fallback removes the stopped container of another image before the restart (H17)', async (t) => {
    const host = await play(t, { tag_new_as_local: '' });
    const stale = host.engine.run({ name: 'snmp', image: host.image2 });
    host.engine.end(stale, 0);
    host.deploy();
    await host.beatFor(130_000, SICK);
    await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp']);
    assert.equal(host.engine.find(stale), undefined);
  });

  test('a fallback that was cut short is finished by a daemon that has not asked systemd yet (H15)', async (t) => {
    const host = new FakeHost();
    const fallback = {
      imageId: host.image2,
      version: '2.0',
      reason: 'unhealthy',
      sinceTs: 1,
      bootId: host.clock.bootId(),
      bootMs: host.clock.bootMs(),
      isDone: false,
    };
    host.disk.write({ snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallback] } });
    // The container has crashed since, and systemd waits to restart the service.
    host.databases.put(STATUS_ROW, { system_state: 'down', current_owner: 'none', remote_state: 'none' });
    host.unit = 'restarting';
    await play(t, {}, host);
    await host.pass(5_000);
    assert.deepEqual(host.restarts, ['snmp']);
    assert.equal(host.ledger().fallbacks[0]?.isDone, true);
  });

  test('where the local image is outlives SONiC’s list of names and the container (H13)', async (t) => {
    const repository = 'docker-management-protocol';
    const host = new FakeHost();
    host.mapped.clear();
    for (const tag of ['latest', '1.0']) host.engine.removeReference(`${LOCAL}:${tag}`);
    const shipped = host.engine.putImage('1', [`${repository}:latest`, `${repository}:1.0`]);
    const local = host.engine.run({ name: 'snmp', image: `${repository}:latest` });
    host.engine.end(local, 0);
    await play(t, {}, host);
    host.deploy();
    await host.settle();
    await host.beatFor(70_000);
    await host.pass(1_000);
    assert.equal(host.engine.find(local), undefined, 'it would have started another image');
    assert.ok(tagsOf(host, host.image2).includes(`${repository}:latest`));
    await host.beatFor(130_000, SICK);
    await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp'], 'there is something to go back to');
    assert.ok(tagsOf(host, shipped).includes(`${repository}:latest`));
  });

  test('a repository that two features have is re-tagged for neither, and that is said (HF8)', async (t) => {
    const host = new FakeHost();
    host.mapped.set('lldp', LOCAL);
    await play(t, {}, host);
    host.deploy();
    await host.settle();
    await host.beatFor(70_000);
    await host.pass(1_000);
    assert.equal(host.status()['container_stable_version'], '2.0');
    assert.equal(localId(host), host.image1);
    assert.match(host.view?.features['snmp']?.problems?.join() ?? '', /repository of lldp too/);
    await host.beatFor(130_000, SICK);
    await host.pass(1_000);
    assert.deepEqual(host.restarts, ['snmp'], 'the shipped image is the local one for both');
    assert.equal(localId(host), host.image1);
  });
});
