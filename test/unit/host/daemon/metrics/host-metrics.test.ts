import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import { FEATURE_METRIC } from '../../../../../src/contract/metrics/feature-metrics.ts';
import { HOST_METRIC } from '../../../../../src/contract/metrics/host-metrics.ts';
import { HostMetrics } from '../../../../../src/host/daemon/metrics/host-metrics.ts';
import { CONFIG_ROW, FakeHost, STATUS_ROW } from '../../../../support/fake-host.ts';
import { parseExposition } from '../../../../support/exposition.ts';

type Labels = Readonly<Record<string, string>>;

async function startHost(t: TestContext, prepare: (host: FakeHost) => void = () => undefined) {
  const host = new FakeHost();
  const metrics = new HostMetrics(host.clock, { version: '0.1.0', nodeVersion: 'v24.0.0', isShadow: false });
  host.observe = (start) => ({ ...start, ...metrics.meter(start) });
  host.deploy();
  prepare(host);
  const ended = host.start();
  t.after(async () => {
    host.stop();
    await ended;
    assert.equal(host.usesAfterClose, 0);
  });
  // The ledger is written after a pause.
  await host.clock.pass(1_000);
  const scrape = () => parseExposition(metrics.render());
  const read = (name: string, labels: Labels = {}): number | undefined =>
    scrape()
      .get(name.replace(/(?<=seconds)_(?:sum|count)$/, ''))
      ?.samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      )?.value;
  return { host, metrics, scrape, read };
}

const HOLD = { owner: 'kube', version: '3.0', reason: 'version-blocked', text: 'a text', since_ts: '1' };
const holdRow = (row: string) => ({ db: 'state', table: 'CONTAINER_HOLD', row }) as const;

describe('the metrics of a daemon', () => {
  test('are there before anything is known, and say so', () => {
    const metrics = new HostMetrics(new FakeHost().clock, {
      version: '1',
      nodeVersion: 'v24',
      isShadow: true,
    });
    const found = parseExposition(metrics.render());
    const valueOf = (name: string) => found.get(name)?.samples[0]?.value;
    assert.equal(valueOf('ctrkit_host_engine_up'), 0);
    assert.equal(valueOf('ctrkit_host_databases_up'), 0);
    assert.equal(valueOf('ctrkit_host_shadow'), 1);
    assert.equal(valueOf('ctrkit_host_cluster_joined'), undefined);
    assert.equal(valueOf('ctrkit_feature_owner'), undefined);
  });

  test('are all that the contract has, once a feature is judged', async (t) => {
    const { host, scrape } = await startHost(t);
    host.databases.put(
      { db: 'state', table: 'KUBERNETES_MASTER', row: 'SERVER' },
      { server_reachability: 'true' },
    );
    await host.settle();
    const names = [...Object.values(HOST_METRIC), ...Object.values(FEATURE_METRIC)].map(({ name }) => name);
    assert.deepEqual([...scrape().keys()].toSorted(), names.toSorted());
  });

  test('follow a feature from its deployment to golden', async (t) => {
    const { host, read } = await startHost(t);
    assert.equal(read('ctrkit_feature_golden_info', { version: '1.0', source: 'shipped' }), 1);
    await host.beatFor(30_000);
    assert.equal(read('ctrkit_feature_certification', { state: 'counting' }), 1);
    assert.equal(read('ctrkit_feature_certification_earned_seconds'), 31);
    await host.beatFor(60_000);
    assert.equal(read('ctrkit_feature_golden_info', { version: '2.0', source: 'certified' }), 1);
    assert.equal(read('ctrkit_feature_golden_info', { version: '1.0' }), undefined, 'it is replaced');
    assert.equal(read('ctrkit_host_steps_total', { kind: 'certify' }), 1);
    assert.ok((read('ctrkit_host_reconciles_total') ?? 0) > 9);
  });

  test('count a fallback, its restart, and the open fallback that it leaves', async (t) => {
    const { host, read } = await startHost(t);
    await host.beatFor(130_000, { status: 'unhealthy', healthy_since_ms: '' });
    await host.clock.pass(5_000);
    assert.deepEqual(host.restarts, ['snmp']);
    assert.equal(read('ctrkit_feature_fallbacks_total'), 1);
    assert.equal(read('ctrkit_feature_service_restarts_total', { edge: 'fallback' }), 1);
    assert.equal(read('ctrkit_feature_open_fallbacks'), 1);
    assert.equal(read('ctrkit_feature_blocked_versions'), 1);
  });

  test('count a step that fails, and not as done', async (t) => {
    const { host, read } = await startHost(t);
    host.restartFailure = 'no such unit';
    host.databases.put(CONFIG_ROW, { set_owner: 'local' });
    await host.pass(1_000);
    assert.ok((read('ctrkit_host_step_failures_total', { kind: 'restart' }) ?? 0) >= 1);
    assert.equal(read('ctrkit_feature_service_restarts_total', { edge: 'kube-to-local' }), 0);
    host.restartFailure = '';
    await host.pass(40_000);
    assert.equal(read('ctrkit_feature_service_restarts_total', { edge: 'kube-to-local' }), 1);
  });

  test('tell an engine that is away, and count its calls', async (t) => {
    const { host, read } = await startHost(t);
    assert.equal(read('ctrkit_host_engine_up'), 1);
    const calls = read('ctrkit_host_engine_call_seconds_count', { call: 'list-images' }) ?? 0;
    assert.ok(calls > 0);
    host.engine.goDown();
    await host.pass(60_000);
    assert.equal(read('ctrkit_host_engine_up'), 0);
    assert.ok((read('ctrkit_host_problems') ?? 0) >= 1);
    host.engine.comeBack();
    await host.pass(60_000);
    assert.equal(read('ctrkit_host_engine_up'), 1);
    assert.equal(read('ctrkit_host_problems'), 0);
  });

  test('tell databases that are away, and read anew what they need when those are back', async (t) => {
    const { host, read } = await startHost(t);
    assert.equal(read('ctrkit_host_databases_up'), 1);
    assert.equal(read('ctrkit_host_cluster_joined'), 1);
    host.databases.goDown();
    await host.clock.pass(5_000);
    assert.equal(read('ctrkit_host_databases_up'), 0);
    assert.equal(read('ctrkit_host_cluster_joined'), undefined, 'nobody knows');
    assert.equal(read('ctrkit_feature_holds'), undefined);
    host.databases.comeBack();
    await host.clock.pass(30_000);
    assert.equal(read('ctrkit_host_databases_up'), 1);
    assert.equal(read('ctrkit_host_cluster_joined'), 1);
    assert.equal(read('ctrkit_feature_holds'), 0);
  });

  test('count held containers as they come and go, also those that end without a word', async (t) => {
    const { host, read } = await startHost(t, ({ databases, clock }) => {
      const renewed = { boot_id: clock.bootId(), renewed_ms: `${clock.bootMs()}` };
      databases.put(holdRow('snmp|aaaaaaaaaaaa'), { ...HOLD, ...renewed });
      databases.put(holdRow('lldp|bbbbbbbbbbbb'), { ...HOLD, ...renewed });
    });
    assert.equal(read('ctrkit_feature_holds', { feature: 'snmp' }), 1);
    const renewed = { boot_id: host.clock.bootId(), renewed_ms: `${host.clock.bootMs()}` };
    host.databases.put(holdRow('snmp|cccccccccccc'), { ...HOLD, ...renewed });
    await host.settle();
    assert.equal(read('ctrkit_feature_holds', { feature: 'snmp' }), 2);
    host.databases.apply([{ kind: 'delete', address: holdRow('snmp|cccccccccccc') }]);
    await host.settle();
    assert.equal(read('ctrkit_feature_holds', { feature: 'snmp' }), 1);
    await host.pass(180_000);
    assert.equal(read('ctrkit_feature_holds', { feature: 'snmp' }), 0);
  });

  test('count what could not be written', async (t) => {
    const { host, read } = await startHost(t);
    host.viewFailure = new CtrkitError('disk', 'full');
    await host.beatFor(20_000, { status: 'unhealthy' });
    assert.ok((read('ctrkit_host_write_failures_total', { file: 'view' }) ?? 0) >= 1);
    assert.equal(read('ctrkit_host_write_failures_total', { file: 'ledger' }), 0);
  });

  test('forget a feature that is gone', async (t) => {
    const { host, read } = await startHost(t);
    assert.equal(read('ctrkit_host_features'), 1);
    host.databases.apply([{ kind: 'delete', address: CONFIG_ROW }]);
    host.databases.apply([{ kind: 'delete', address: STATUS_ROW }]);
    await host.clock.pass(200_000);
    assert.equal(read('ctrkit_host_features'), 0);
    assert.equal(read('ctrkit_feature_owner'), undefined);
  });

  test('are named as Prometheus wants it: a prefix, the unit last, _total on counters and on nothing else', async (t) => {
    const { scrape } = await startHost(t);
    for (const [name, { type, help }] of scrape()) {
      assert.match(name, /^ctrkit_(?:host|feature)_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /_(ms|milliseconds|minutes|count|sum)$/);
      // One other character makes V8 keep the whole text in two bytes a character.
      assert.match(help, /^[ -~]+\.$/, name);
    }
  });
});

describe('ten thousand scrapes', () => {
  test('leave nothing behind', async (t) => {
    const { metrics } = await startHost(t);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const measure = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    for (let i = 0; i < 1_000; i++) metrics.render();
    const before = measure();
    for (let i = 0; i < 10_000; i++) metrics.render();
    // 200 bytes a scrape.
    assert.ok(measure() - before < 2_000_000, 'grows with each scrape');
  });
});
