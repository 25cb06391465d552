import assert from 'node:assert/strict';
import { NO_FACTS } from '../../../../../src/decide/images/ladder.ts';
import { describe, test, type TestContext } from 'node:test';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import { EMPTY_FEATURE_LEDGER, type Ledger } from '../../../../../src/contract/images/ledger.ts';
import { featureStatusRow, type RowAddress } from '../../../../../src/contract/rows.ts';
import { labelsRow } from '../../../../../src/contract/cluster/feature-labels.ts';
import { masterStatusRow } from '../../../../../src/contract/cluster/master-status.ts';
import { ClusterController } from '../../../../../src/host/daemon/cluster/cluster-controller.ts';
import type { Connection } from '../../../../../src/host/daemon/watch/daemon-component.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeClusterNode } from '../../../../support/fake-cluster-node.ts';
import { FakeLog } from '../../../../support/fake-log.ts';
import { FakeDatabases } from '../../../../support/fake-row-store.ts';
import { FakeSwitchTables } from '../../../../support/fake-switch-tables.ts';

const LABELS = labelsRow('state');
const featureConfig = (row: string): RowAddress => ({ db: 'config', table: 'FEATURE', row });
const CONFIG: RowAddress = { db: 'config', table: 'KUBERNETES_MASTER', row: 'SERVER' };
const DEVICE: RowAddress = { db: 'config', table: 'DEVICE_METADATA', row: 'localhost' };
const AWAY = 'the Kubernetes master at 10.0.0.1:6443 can’t be used: connect ECONNREFUSED';

/** A switch with a node, and its controller; time stands still but for `pass`. */
class TestSwitch {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(() => this.clock.bootMs());
  readonly log = new FakeLog();
  readonly node: FakeClusterNode;
  ledger: Ledger = {};
  readonly controller: ClusterController;
  problems: readonly string[] = [];
  masterWrites = 0;
  #connection: Connection | undefined;

  constructor(t: TestContext, node = new FakeClusterNode({ foreign: 'x' })) {
    this.node = node;
    const { clock, log } = this;
    this.controller = new ClusterController({
      node,
      clock,
      log,
      random: () => 0,
      ledger: () => this.ledger,
      findLadderFacts: () => NO_FACTS,
      readSonicVersion: async () => '202311',
      onProblems: () => (this.problems = this.controller.problems),
    });
    this.databases.listen((keys) => {
      if (keys === 'all') return;
      for (const key of keys) {
        const [db, table, row] = JSON.parse(key) as [RowAddress['db'], string, string];
        if (db === 'state' && table === 'KUBERNETES_MASTER') this.masterWrites += 1;
        this.controller.observeChange({ db, table, row });
      }
    });
    const running = this.controller.run();
    t.after(async () => {
      this.controller.close();
      await running;
    });
  }

  async connect(): Promise<void> {
    const store = this.databases.open();
    this.#connection = {
      store,
      tables: new FakeSwitchTables(this.databases),
      listFields: async (address) => {
        this.databases.assertUp();
        return Object.keys(this.databases.row(address) ?? {});
      },
      close: () => store.close(),
    };
    this.controller.connect(this.#connection);
    await this.settle();
  }

  async desire(labels: Readonly<Record<string, string>>): Promise<void> {
    this.databases.put(LABELS, labels);
    await this.settle();
  }

  async withdraw(...remove: string[]): Promise<void> {
    await this.databases.open().write([], [{ kind: 'set', address: LABELS, values: {}, remove }]);
    await this.settle();
  }

  async settle(): Promise<void> {
    await this.clock.pass(0);
  }

  /** Milliseconds, in which the controller does by itself what is due. */
  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
  }

  master(...fields: readonly string[]): (string | undefined)[] {
    const row = this.databases.row(masterStatusRow) ?? {};
    return (fields.length === 0 ? ['connected', 'server_reachability'] : fields).map((field) => row[field]);
  }
}

describe('ClusterController', () => {
  test('brings desired labels, golden versions and the description, leaves others’ labels alone, and says it is connected', async (t) => {
    const fake = new TestSwitch(t);
    fake.ledger = {
      snmp: {
        ...EMPTY_FEATURE_LEDGER,
        golden: { imageId: 'sha256:1', references: [], version: '1.0', source: 'shipped', sinceTs: 1 },
      },
    };
    fake.databases.put(DEVICE, { hwsku: 'S6000' });
    fake.databases.put(LABELS, { snmp_enabled: 'true' });
    await fake.connect();
    assert.deepEqual(fake.node.labels, {
      foreign: 'x',
      hwsku: 'S6000',
      snmp_enabled: 'true',
      snmp_golden: '1.0',
      sonic_version: '202311',
      'worker.sonic/hwsku': 'S6000',
    });
    assert.deepEqual(fake.master('connected', 'server_reachability', 'ip', 'server_ip', 'port'), [
      'true',
      'true',
      '10.0.0.1',
      '10.0.0.1',
      '6443',
    ]);
    assert.deepEqual(fake.controller.problems, []);
  });

  test('nothing is asked and nothing written while nothing changes, but one reading every few minutes', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    const { reads } = fake.node;
    const writes = fake.node.writes.length;
    for (let minutes = 0; minutes < 4; minutes += 1) {
      fake.node.bookmark();
      await fake.pass(60_000);
    }
    assert.equal(fake.node.reads, reads);
    assert.equal(fake.node.writes.length, writes);
    assert.equal(fake.masterWrites, 1);
    assert.deepEqual(fake.node.watches, [240]);
    fake.node.endWatch();
    await fake.settle();
    assert.equal(fake.node.reads, reads + 1);
    assert.equal(fake.node.isWatched, true);
  });

  test('a label that is withdrawn goes; one that a flush took stays for ten minutes (D23)', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { snmp_enabled: 'true', 'snmp_1.0_enabled': 'false', rack: 'r7' });
    await fake.connect();
    await fake.withdraw('rack');
    assert.equal(fake.node.labels?.['rack'], undefined);
    fake.databases.flush();
    fake.controller.wake();
    await fake.pass(599_000);
    assert.equal(fake.node.labels?.['snmp_enabled'], 'true');
    assert.equal(fake.node.labels?.['snmp_1.0_enabled'], 'false');
    await fake.pass(2_000);
    assert.equal('snmp_enabled' in (fake.node.labels ?? {}), false);
    assert.equal(fake.node.labels?.['foreign'], 'x');
  });

  test('a daemon that starts after a cold boot leaves the labels of the boot before until features have started', async (t) => {
    const node = new FakeClusterNode();
    node.create({ snmp_enabled: 'true', lldp_enabled: 'true' }, ['snmp_enabled', 'lldp_enabled']);
    const fake = new TestSwitch(t, node);
    await fake.connect();
    await fake.desire({ lldp_enabled: 'false' });
    assert.equal(node.labels?.['snmp_enabled'], 'true');
    assert.equal(node.labels?.['lldp_enabled'], 'false');
    await fake.pass(601_000);
    assert.equal('snmp_enabled' in (node.labels ?? {}), false);
  });

  test('while the master is away nothing is lost; what is desired when it is back is brought', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.failure = AWAY;
    fake.node.endWatch();
    await fake.pass(5_000);
    assert.deepEqual(fake.master(), ['true', 'true'], 'a server that is restarted is no outage');
    await fake.pass(10_000);
    assert.deepEqual(fake.master(), ['true', 'false']);
    await fake.desire({ rack: 'r1', row: '2' });
    await fake.desire({ rack: 'r7' });
    assert.match(fake.problems[0] ?? '', /connect ECONNREFUSED; what runs goes on; labels that wait: 2$/);
    const { reads } = fake.node;
    await fake.pass(300_000);
    assert.ok(fake.node.reads - reads <= 21, `${fake.node.reads - reads} tries in 5 min`);
    fake.node.failure = '';
    await fake.pass(30_000);
    assert.equal(fake.node.labels?.['rack'], 'r7');
    assert.equal(fake.node.labels?.['row'], '2');
    assert.deepEqual(fake.master(), ['true', 'true']);
    assert.deepEqual(fake.problems, []);
    assert.equal(fake.log.lines.filter((line) => line.includes('answers again')).length, 1);
  });

  test('desired labels that change while it is away ask it no sooner', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.failure = AWAY;
    fake.node.endWatch();
    await fake.pass(120_000);
    const { reads } = fake.node;
    for (let i = 0; i < 50; i += 1) await fake.desire({ rack: `r${i}` });
    assert.equal(fake.node.reads, reads);
  });

  test('a start while the master is away keeps what the row said of joining', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(masterStatusRow, { connected: 'true', server_reachability: 'true', ip: '10.0.0.1' });
    fake.node.failure = AWAY;
    await fake.connect();
    assert.deepEqual(fake.master(), ['true', 'true']);
    await fake.pass(15_000);
    assert.deepEqual(fake.master(), ['true', 'false']);
  });

  test('a label that the server refuses is told once and stops no other (D23)', async (t) => {
    const fake = new TestSwitch(t);
    fake.node.refusals.set('b', 'denied by policy');
    fake.databases.put(LABELS, { a: '1', b: '2', c: '3', d: 'not legal' });
    await fake.connect();
    assert.deepEqual([fake.node.labels?.['a'], fake.node.labels?.['c']], ['1', '3']);
    assert.deepEqual(
      fake.problems.map((text) => /^label (\S+)=/.exec(text)?.[1]),
      ['d', 'b'],
    );
    await fake.pass(250_000);
    assert.equal(fake.node.writes.filter((write) => write === 'b=2').length, 1);
    assert.equal(fake.log.lines.filter((line) => line.includes('denied by policy')).length, 1);
    await fake.desire({ b: '4' });
    assert.equal(fake.node.writes.includes('b=4'), true);
    fake.node.refusals.clear();
    await fake.pass(310_000);
    assert.equal(fake.node.labels?.['b'], '4');
    await fake.withdraw('d');
    assert.deepEqual(fake.problems, []);
  });

  test('somebody who writes a desired label over is answered, less and less often', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    const before = fake.node.writes.length;
    for (let seconds = 0; seconds < 120; seconds += 1) {
      fake.node.relabel({ rack: 'theirs' });
      await fake.pass(1_000);
    }
    const count = fake.node.writes.length - before;
    assert.ok(count >= 3 && count <= 8, `${count} writes in two minutes`);
  });

  test('a server that takes a label and forgets it is no hot loop', async (t) => {
    const fake = new TestSwitch(t);
    fake.node.isForgetful = true;
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    await fake.pass(60_000);
    assert.ok(fake.node.writes.filter((write) => write === 'rack=r7').length <= 7);
  });

  test('a label that somebody takes over at that moment is not taken away (409)', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { rack: 'r7', other: '1' });
    await fake.connect();
    fake.node.beforeWrite = () => void fake.node.relabelUnseen({ rack: 'theirs' });
    await fake.withdraw('rack');
    await fake.pass(5_000);
    assert.equal(fake.node.labels?.['rack'], 'theirs');
  });

  test('a node that is deleted is not connected, and is found again when it is back (404)', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    fake.node.delete();
    await fake.pass(2_000);
    assert.deepEqual(fake.master(), ['false', 'true']);
    assert.match(fake.problems[0] ?? '', /has no node switch-1/);
    const { reads } = fake.node;
    await fake.pass(600_000);
    assert.ok(fake.node.reads - reads <= 25, `${fake.node.reads - reads} readings in 10 min`);
    fake.node.create({});
    await fake.pass(60_000);
    assert.deepEqual(fake.master(), ['true', 'true']);
    assert.equal(fake.node.labels?.['rack'], 'r7');
  });

  test('a watch that says nothing is checked once; if it has missed something it is begun anew', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    const { reads } = fake.node;
    await fake.pass(74_000);
    assert.equal(fake.node.reads, reads);
    await fake.pass(2_000);
    assert.equal(fake.node.reads, reads + 1);
    assert.equal(fake.node.watches.length, 1);
    await fake.node.relabelUnseen({ rack: 'theirs' });
    await fake.pass(151_000);
    assert.equal(fake.node.reads, reads + 2);
    assert.equal(fake.node.watches.length, 2);
    assert.equal(fake.node.labels?.['rack'], 'r7');
  });

  test('a server that ends every watch at once is asked less and less often (410)', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    const { reads } = fake.node;
    for (let seconds = 0; seconds < 300; seconds += 1) {
      fake.node.endWatch('too old resource version');
      await fake.pass(1_000);
    }
    assert.ok(fake.node.reads - reads <= 20, `${fake.node.reads - reads} readings in 5 min`);
  });

  test('while leaving nothing is let in and the row says not connected', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { snmp_enabled: 'true', rack: 'r7' });
    await fake.connect();
    fake.databases.put(CONFIG, { disable: 'True' });
    await fake.settle();
    assert.equal(fake.node.labels?.['snmp_enabled'], 'false');
    assert.deepEqual(fake.master(), ['false', 'true']);
    fake.databases.put(CONFIG, { disable: 'False' });
    await fake.settle();
    assert.equal(fake.node.labels?.['snmp_enabled'], 'true');
    assert.deepEqual(fake.master(), ['true', 'true']);
  });

  test('while leaving, what Kubernetes runs keeps its label until its owner is another', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { snmp_enabled: 'true', lldp_enabled: 'true' });
    fake.databases.put(featureStatusRow('snmp'), { current_owner: 'kube' });
    fake.databases.put(featureStatusRow('lldp'), { current_owner: 'local' });
    await fake.connect();
    fake.databases.put(CONFIG, { disable: 'True' });
    await fake.settle();
    assert.equal(fake.node.labels?.['snmp_enabled'], 'true');
    assert.equal(fake.node.labels?.['lldp_enabled'], 'false');
    fake.databases.put(featureStatusRow('snmp'), { current_owner: 'none' });
    await fake.settle();
    assert.equal(fake.node.labels?.['snmp_enabled'], 'false');
  });

  test('while leaving, the label of the version that runs stays with it; a feature of CONFIG_DB alone is shut', async (t) => {
    const fake = new TestSwitch(t);
    const labels = { snmp_enabled: 'true', 'snmp_1.0_enabled': 'true', snmp_trap_enabled: 'true' };
    // Desired no more, and Kubernetes runs it.
    fake.node.create({ bgp_enabled: 'true' }, ['bgp_enabled']);
    fake.databases.put(featureConfig('bgp'), { set_owner: 'kube' });
    fake.databases.put(featureStatusRow('bgp'), { current_owner: 'kube' });
    fake.databases.put(LABELS, labels);
    fake.databases.put(featureStatusRow('snmp'), { current_owner: 'kube' });
    fake.databases.put(featureConfig('snmp_trap'), { set_owner: 'kube' });
    await fake.connect();
    fake.databases.put(CONFIG, { disable: 'True' });
    await fake.settle();
    const { node } = fake;
    assert.equal(node.labels?.['snmp_enabled'], 'true');
    assert.equal(node.labels?.['snmp_1.0_enabled'], 'true');
    assert.equal(node.labels?.['snmp_trap_enabled'], 'false');
    assert.equal(node.labels?.['bgp_enabled'], 'true');
  });

  test('a server that answers and can’t write is not away: it is told, and tried less and less often', async (t) => {
    const fake = new TestSwitch(t);
    const { node } = fake;
    await fake.connect();
    for (const isBusy of [false, true]) {
      node.writeFault = { kind: 'failed', text: 'it answers 500: failed calling webhook', isBusy };
      const before = [node.reads, node.writes.length] as const;
      await fake.desire({ a: String(isBusy), b: String(isBusy) });
      assert.equal(node.writes.length - before[1], isBusy ? 1 : 2);
      await fake.pass(120_000);
      assert.deepEqual(fake.master(), ['true', 'true']);
      assert.ok(
        fake.problems.some((text) => /^label a=.*failed calling webhook$/.test(text)),
        fake.problems.join('; '),
      );
      const [reads, writes] = [node.reads - before[0], node.writes.length - before[1]];
      assert.ok(writes >= 4 && writes <= 18, `${writes} writes in two minutes`);
      assert.ok(reads <= 20, `${reads} readings in two minutes`);
    }
    node.writeFault = undefined;
    await fake.pass(310_000);
    assert.deepEqual([node.labels?.['a'], fake.problems.length], ['true', 0]);
  });

  test('one that can’t be read any more either is away, though nothing that is followed has said so', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.writeFault = { kind: 'failed', text: 'it answers 500: etcd is away', isBusy: false };
    fake.node.failure = AWAY;
    await fake.desire({ rack: 'r7' });
    await fake.pass(15_000);
    assert.deepEqual(fake.master(), ['true', 'false']);
  });

  test('a server that lets nobody follow is not away: its node is read now and then, and it is told', async (t) => {
    const fake = new TestSwitch(t);
    const { node } = fake;
    node.watchFailure = 'it answers 403: cannot watch resource "nodes"';
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    assert.equal(node.labels?.['rack'], 'r7');
    const { reads } = node;
    await fake.pass(300_000);
    assert.deepEqual(fake.master(), ['true', 'true']);
    assert.match(fake.problems[0] ?? '', /^the node can't be followed.*cannot watch/);
    assert.ok(node.reads - reads <= 20, `${node.reads - reads} readings in 5 min`);
    node.relabel({ rack: 'theirs' });
    await fake.pass(62_000);
    assert.equal(node.labels?.['rack'], 'r7');
    node.watchFailure = '';
    await fake.pass(62_000);
    assert.deepEqual([node.isWatched, fake.problems.length], [true, 0]);
    assert.ok(fake.log.lines.some((line) => line.includes('is followed again')));
  });

  test('an error of the cluster’s is an outage wherever it comes from', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.failure = AWAY;
    fake.node.endWatch();
    await fake.pass(15_000);
    const { ledger } = fake;
    let asked = 0;
    Object.defineProperty(fake, 'ledger', {
      get: () => {
        asked += 1;
        if (asked === 1) throw new CtrkitError('cluster', 'it can’t be asked');
        return ledger;
      },
    });
    fake.node.failure = '';
    await fake.desire({ rack: 'r7' });
    await fake.pass(62_000);
    assert.ok(asked > 1);
    assert.equal(fake.node.labels?.['rack'], 'r7');
  });

  test('a name that can be no node’s ends nothing', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.delete();
    fake.node.nameFault = '"a_b" can’t be a node’s name';
    await fake.pass(5_000);
    assert.match(fake.problems[0] ?? '', /has no node of this switch's name \("a_b"/);
    fake.node.nameFault = '';
    fake.node.create({});
    await fake.pass(62_000);
    assert.deepEqual(fake.master(), ['true', 'true']);
  });

  test('leaving is written while the master is away, too', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.failure = AWAY;
    fake.node.endWatch();
    await fake.pass(30_000);
    fake.databases.put(CONFIG, { disable: 'true' });
    await fake.settle();
    assert.deepEqual(fake.master(), ['false', 'false']);
  });

  test('a switch that has not joined says so and nothing else; it notices when it has', async (t) => {
    const fake = new TestSwitch(t);
    fake.node.server = undefined;
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    assert.deepEqual(fake.master(), ['false', 'false']);
    assert.deepEqual([fake.node.reads, fake.controller.problems.length], [0, 0]);
    fake.node.server = { host: '10.0.0.2', port: 443 };
    await fake.pass(10_000);
    assert.deepEqual(fake.master('connected', 'server_ip', 'port'), ['true', '10.0.0.2', '443']);
    assert.equal(fake.node.labels?.['rack'], 'r7');
    fake.node.server = undefined;
    await fake.pass(61_000);
    assert.deepEqual(fake.master(), ['false', 'false']);
    assert.equal(fake.node.isWatched, false);
  });

  test('a kubeconfig that is broken for a moment is nothing; for longer it is told', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.node.configFailure = '/etc/kubernetes/kubelet.conf can’t be used: it is no kubeconfig';
    // It is read when something happens, and every so often.
    fake.controller.wake();
    await fake.pass(1_000);
    assert.deepEqual(fake.master(), ['true', 'true']);
    await fake.pass(20_000);
    assert.deepEqual(fake.master(), ['true', 'false']);
    assert.match(fake.problems[0] ?? '', /it is no kubeconfig/);
    fake.node.configFailure = '';
    await fake.pass(31_000);
    assert.deepEqual(fake.master(), ['true', 'true']);
  });

  test('what somebody else writes into the row is put right', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.databases.put(masterStatusRow, { connected: 'false' });
    await fake.settle();
    assert.deepEqual(fake.master(), ['true', 'true']);
  });

  test('its own end leaves the row and the labels as they are, and ends the watch', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { rack: 'r7' });
    await fake.connect();
    fake.controller.close();
    await fake.settle();
    assert.deepEqual(fake.master(), ['true', 'true']);
    assert.equal(fake.node.labels?.['rack'], 'r7');
    assert.equal(fake.node.isClosed, true);
  });

  test('databases that go and come back empty take no label away', async (t) => {
    const fake = new TestSwitch(t);
    fake.databases.put(LABELS, { snmp_enabled: 'true', rack: 'r7' });
    await fake.connect();
    fake.controller.disconnect();
    fake.databases.flush();
    fake.databases.put(LABELS, { other: '1' });
    await fake.connect();
    await fake.pass(60_000);
    assert.equal(fake.node.labels?.['snmp_enabled'], 'true');
    assert.equal(fake.node.labels?.['other'], '1');
    assert.deepEqual(fake.master(), ['true', 'true']);
  });

  test('a golden image that changes is a label at once', async (t) => {
    const fake = new TestSwitch(t);
    await fake.connect();
    fake.ledger = {
      snmp: {
        ...EMPTY_FEATURE_LEDGER,
        golden: { imageId: 'sha256:2', references: [], version: '2.0', source: 'certified', sinceTs: 2 },
      },
    };
    fake.controller.wake();
    await fake.settle();
    assert.equal(fake.node.labels?.['snmp_golden'], '2.0');
  });
});
