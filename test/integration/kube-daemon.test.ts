import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const built = fileURLToPath(new URL('../../dist/host', import.meta.url));
const NODE = 'switch-1';
const MASTER = 'KUBERNETES_MASTER|SERVER';
/** Without a master it has 20 to 25 MB of its own. */
const MOST_KB = 40_000;

function createNode(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/api/v1/nodes`, { method: 'POST', rejectUnauthorized: false, agent: false });
    asked.on('response', (answer) => answer.resume().on('end', resolve));
    asked.on('error', reject);
    asked.end(JSON.stringify({ metadata: { name: NODE, labels: { foreign: 'x' } } }));
  });
}

async function prepare(t: TestContext) {
  const kit = new Kit(t);
  const redis = await PrivateRedis.start(t, { socketPath: join(kit.folder, 'redis.sock') });
  const api = await FakeApiServer.start(t);
  await createNode(api.url);
  const overlay = join(kit.folder, 'host');
  cpSync(built, overlay, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(kit.folder, 'version.yml'), "build_version: '20231110.12'\n");
  const run = join(kit.folder, 'run');
  const env = {
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: join(kit.folder, 'state'),
    CTRKIT_RUN_DIR: run,
    CTRKIT_KUBECONFIG: join(api.folder, 'kubelet.conf'),
    CTRKIT_NODE_NAME: NODE,
    CTRKIT_SONIC_VERSION_FILE: join(kit.folder, 'version.yml'),
    DOCKER_HOST: `unix://${kit.folder}/no-docker.sock`,
  };
  const start = (...args: string[]) => kit.run([join(overlay, 'usr/bin/ctrkitd'), ...args], env);
  const untilMaster = (field: string, value: string) =>
    until(`${field} is ${value}`, async () => (await redis.state.hget(MASTER, field)) === value);
  const untilLabel = (key: string, value: string | undefined) =>
    until(
      () => `${key} is ${value}: ${JSON.stringify(api.readLabels(NODE))}`,
      () => api.readLabels(NODE)?.[key] === value,
    );
  const problems = (): readonly string[] => {
    const path = join(run, 'ctrkitd.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DaemonView).problems : [];
  };
  return { redis, api, start, untilMaster, untilLabel, problems };
}

describe('ctrkitd and its master', { timeout: 600_000, skip: noNamespaces }, () => {
  test('labels of the switch’s databases are on the node, one that is illegal is told and stops no other (D23)', async (t) => {
    const { redis, api, start, untilMaster, untilLabel, problems } = await prepare(t);
    api.writeKubeconfig();
    await redis.config.hset('DEVICE_METADATA|localhost', { hwsku: 'S6000', type: 'ToRRouter' });
    await redis.state.hset('KUBE_LABELS|SET', { snmp_enabled: 'true', bad: '1.0.0+1', rack: 'r7' });
    const daemon = start();
    await untilMaster('connected', 'true');
    await untilMaster('server_reachability', 'true');
    assert.match(daemon.said, /joining and leaving are left to others/, 'the kubeconfig is not kubelet.conf');
    for (const [key, value] of [
      ['snmp_enabled', 'true'],
      ['rack', 'r7'],
      ['hwsku', 'S6000'],
      ['worker.sonic/device-type', 'ToRRouter'],
      ['sonic_version', '20231110.12'],
      ['foreign', 'x'],
    ] as const)
      await untilLabel(key, value);
    await until('the view tells', () => problems().some((text) => text.startsWith('label bad=')));
    assert.equal(api.readLabels(NODE)?.['bad'], undefined);
    await redis.state.hdel('KUBE_LABELS|SET', 'rack');
    await untilLabel('rack', undefined);
    const memory = readFileSync(`/proc/${daemon.pid}/smaps_rollup`, 'latin1');
    const dirtyKb = Number(/^Private_Dirty:\s+(\d+)/m.exec(memory)?.[1]);
    assert.ok(dirtyKb > 5_000 && dirtyKb < MOST_KB, `${dirtyKb} kB`);
    t.diagnostic(`private dirty memory: ${dirtyKb} kB`);

    // Leaving: nothing is let in from here on, and who reads the row knows.
    await redis.config.hset(MASTER, { disable: 'true' });
    await untilLabel('snmp_enabled', 'false');
    await untilMaster('connected', 'false');
    await redis.config.hdel(MASTER, 'disable');
    await untilMaster('connected', 'true');

    await api.close();
    await untilMaster('server_reachability', 'false');
    await redis.state.hset('KUBE_LABELS|SET', { rack: 'r8', snmp_enabled: 'false' });
    await until('the view tells', () => problems().some((text) => text.includes('what runs goes on')));
    assert.equal(await redis.state.hget(MASTER, 'connected'), 'true');
    await api.listen();
    await untilLabel('rack', 'r8');
    await untilLabel('snmp_enabled', 'false');
    await untilMaster('server_reachability', 'true');

    daemon.signal('SIGTERM');
    assert.deepEqual(await daemon.waitForEnd(), { code: 0, signal: null }, daemon.said);
    assert.equal(await redis.state.hget(MASTER, 'connected'), 'true', 'its own end disconnects nobody');
  });

  test('a switch without a kubeconfig is not connected; with one it is, within seconds', async (t) => {
    const { api, start, untilMaster } = await prepare(t);
    start();
    await untilMaster('connected', 'false');
    assert.equal(api.requests.length, 1, 'but the one that made the node');
    api.writeKubeconfig();
    await untilMaster('connected', 'true');
  });

  test('a row that is no hash is told, and what can be read again is brought', async (t) => {
    const { redis, api, start, untilLabel } = await prepare(t);
    api.writeKubeconfig();
    await redis.state.set('KUBE_LABELS|SET', 'nonsense');
    const daemon = start();
    await until('it says so', () => /no label is brought to the node: .*WRONGTYPE/.test(daemon.said));
    await redis.state.del('KUBE_LABELS|SET');
    await redis.state.hset('KUBE_LABELS|SET', { rack: 'r7' });
    await untilLabel('rack', 'r7');
  });

  test('a shadow asks no master and writes neither row nor label', async (t) => {
    const { redis, api, start } = await prepare(t);
    api.writeKubeconfig();
    await redis.state.hset('KUBE_LABELS|SET', { rack: 'r7' });
    await redis.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled' });
    const before = await redis.dump();
    const daemon = start('--shadow');
    await until('it runs', () => daemon.said.includes('touches nothing'));
    daemon.signal('SIGTERM');
    await daemon.waitForEnd();
    assert.deepEqual(await redis.dump(), before);
    assert.equal(api.requests.length, 1);
  });
});
