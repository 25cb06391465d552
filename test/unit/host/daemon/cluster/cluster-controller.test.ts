import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
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

/** A switch with a node, and its keeper; time stands still but for `pass`. */
class Scene {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(() => this.clock.bootMs());
  readonly log = new FakeLog();
  readonly node: FakeClusterNode;
  ledger: Ledger = {};
  readonly keeper: ClusterController;
  shown: readonly string[] = [];
  masterWrites = 0;
  #connection: Connection | undefined;

  constructor(t: TestContext, node = new FakeClusterNode({ foreign: 'x' })) {
    this.node = node;
    const { clock, log } = this;
    this.keeper = new ClusterController({
      node,
      clock,
      log,
      random: () => 0,
      ledger: () => this.ledger,
      readSonicVersion: async () => '202311',
      onProblems: () => (this.shown = this.keeper.problems),
    });
    this.databases.listen((keys) => {
      if (keys === 'all') return;
      for (const key of keys) {
        const [db, table, row] = JSON.parse(key) as [RowAddress['db'], string, string];
        if (db === 'state' && table === 'KUBERNETES_MASTER') this.masterWrites += 1;
        this.keeper.observeChange({ db, table, row });
      }
    });
    const running = this.keeper.run();
    t.after(async () => {
      this.keeper.close();
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
    this.keeper.connect(this.#connection);
    await this.settle();
  }

  async wish(labels: Readonly<Record<string, string>>): Promise<void> {
    this.databases.put(LABELS, labels);
    await this.settle();
  }

  async unwish(...remove: string[]): Promise<void> {
    await this.databases.open().write([], [{ kind: 'set', address: LABELS, values: {}, remove }]);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 60; turns += 1) await turn();
  }

  /** In steps, as a loop that looks when it is time. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.clock.advance(Math.min(left, 1_000));
      this.keeper.wake();
      await this.settle();
    }
  }

  master(...fields: readonly string[]): (string | undefined)[] {
    const row = this.databases.row(masterStatusRow) ?? {};
    return (fields.length === 0 ? ['connected', 'server_reachability'] : fields).map((field) => row[field]);
  }
}

describe('ClusterController', () => {
  test('brings wishes, golden versions and the description, leaves others’ labels alone, and says it is connected', async (t) => {
    const scene = new Scene(t);
    scene.ledger = {
      snmp: {
        ...EMPTY_FEATURE_LEDGER,
        golden: { imageId: 'sha256:1', references: [], version: '1.0', source: 'shipped', sinceTs: 1 },
      },
    };
    scene.databases.put(DEVICE, { hwsku: 'S6000' });
    scene.databases.put(LABELS, { snmp_enabled: 'true' });
    await scene.connect();
    assert.deepEqual(scene.node.labels, {
      foreign: 'x',
      hwsku: 'S6000',
      snmp_enabled: 'true',
      snmp_golden: '1.0',
      sonic_version: '202311',
      'worker.sonic/hwsku': 'S6000',
    });
    assert.deepEqual(scene.master('connected', 'server_reachability', 'ip', 'server_ip', 'port'), [
      'true',
      'true',
      '10.0.0.1',
      '10.0.0.1',
      '6443',
    ]);
    assert.deepEqual(scene.keeper.problems, []);
  });

  test('nothing is asked and nothing written while nothing changes, but one reading every few minutes', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    const { reads } = scene.node;
    const writes = scene.node.writes.length;
    for (let minutes = 0; minutes < 4; minutes += 1) {
      scene.node.bookmark();
      await scene.pass(60_000);
    }
    assert.equal(scene.node.reads, reads);
    assert.equal(scene.node.writes.length, writes);
    assert.equal(scene.masterWrites, 1);
    assert.deepEqual(scene.node.watches, [240]);
    scene.node.endWatch();
    await scene.settle();
    assert.equal(scene.node.reads, reads + 1);
    assert.equal(scene.node.isWatched, true);
  });

  test('a wish that is taken back goes; one that a flush took stays for ten minutes (D23)', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { snmp_enabled: 'true', 'snmp_1.0_enabled': 'false', rack: 'r7' });
    await scene.connect();
    await scene.unwish('rack');
    assert.equal(scene.node.labels?.['rack'], undefined);
    scene.databases.flush();
    scene.keeper.wake();
    await scene.pass(599_000);
    assert.equal(scene.node.labels?.['snmp_enabled'], 'true');
    assert.equal(scene.node.labels?.['snmp_1.0_enabled'], 'false');
    await scene.pass(2_000);
    assert.equal('snmp_enabled' in (scene.node.labels ?? {}), false);
    assert.equal(scene.node.labels?.['foreign'], 'x');
  });

  test('a daemon that starts after a cold boot leaves the labels of the boot before until features have started', async (t) => {
    const node = new FakeClusterNode();
    node.create({ snmp_enabled: 'true', lldp_enabled: 'true' }, ['snmp_enabled', 'lldp_enabled']);
    const scene = new Scene(t, node);
    await scene.connect();
    await scene.wish({ lldp_enabled: 'false' });
    assert.equal(node.labels?.['snmp_enabled'], 'true');
    assert.equal(node.labels?.['lldp_enabled'], 'false');
    await scene.pass(601_000);
    assert.equal('snmp_enabled' in (node.labels ?? {}), false);
  });

  test('while the master is away nothing is lost; what is wished when it is back is brought', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.failure = AWAY;
    scene.node.endWatch();
    await scene.pass(5_000);
    assert.deepEqual(scene.master(), ['true', 'true'], 'a server that is restarted is no outage');
    await scene.pass(10_000);
    assert.deepEqual(scene.master(), ['true', 'false']);
    await scene.wish({ rack: 'r1', row: '2' });
    await scene.wish({ rack: 'r7' });
    assert.match(scene.shown[0] ?? '', /connect ECONNREFUSED; what runs goes on; labels that wait: 2$/);
    const { reads } = scene.node;
    await scene.pass(300_000);
    assert.ok(scene.node.reads - reads <= 21, `${scene.node.reads - reads} tries in 5 min`);
    scene.node.failure = '';
    await scene.pass(30_000);
    assert.equal(scene.node.labels?.['rack'], 'r7');
    assert.equal(scene.node.labels?.['row'], '2');
    assert.deepEqual(scene.master(), ['true', 'true']);
    assert.deepEqual(scene.shown, []);
    assert.equal(scene.log.lines.filter((line) => line.includes('answers again')).length, 1);
  });

  test('wishes that change while it is away ask it no sooner', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.failure = AWAY;
    scene.node.endWatch();
    await scene.pass(120_000);
    const { reads } = scene.node;
    for (let i = 0; i < 50; i += 1) await scene.wish({ rack: `r${i}` });
    assert.equal(scene.node.reads, reads);
  });

  test('a start while the master is away keeps what the row said of joining', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(masterStatusRow, { connected: 'true', server_reachability: 'true', ip: '10.0.0.1' });
    scene.node.failure = AWAY;
    await scene.connect();
    assert.deepEqual(scene.master(), ['true', 'true']);
    await scene.pass(15_000);
    assert.deepEqual(scene.master(), ['true', 'false']);
  });

  test('a label that the server refuses is told once and stops no other (D23)', async (t) => {
    const scene = new Scene(t);
    scene.node.refusals.set('b', 'denied by policy');
    scene.databases.put(LABELS, { a: '1', b: '2', c: '3', d: 'not legal' });
    await scene.connect();
    assert.deepEqual([scene.node.labels?.['a'], scene.node.labels?.['c']], ['1', '3']);
    assert.deepEqual(
      scene.shown.map((text) => /^label (\S+)=/.exec(text)?.[1]),
      ['d', 'b'],
    );
    await scene.pass(250_000);
    assert.equal(scene.node.writes.filter((write) => write === 'b=2').length, 1);
    assert.equal(scene.log.lines.filter((line) => line.includes('denied by policy')).length, 1);
    await scene.wish({ b: '4' });
    assert.equal(scene.node.writes.includes('b=4'), true);
    scene.node.refusals.clear();
    await scene.pass(310_000);
    assert.equal(scene.node.labels?.['b'], '4');
    await scene.unwish('d');
    assert.deepEqual(scene.shown, []);
  });

  test('somebody who writes a wished label over is answered, less and less often', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    const before = scene.node.writes.length;
    for (let seconds = 0; seconds < 120; seconds += 1) {
      scene.node.relabel({ rack: 'theirs' });
      await scene.pass(1_000);
    }
    const count = scene.node.writes.length - before;
    assert.ok(count >= 3 && count <= 8, `${count} writes in two minutes`);
  });

  test('a server that takes a label and forgets it is no hot loop', async (t) => {
    const scene = new Scene(t);
    scene.node.isForgetful = true;
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    await scene.pass(60_000);
    assert.ok(scene.node.writes.filter((write) => write === 'rack=r7').length <= 7);
  });

  test('a label that somebody takes over at that moment is not taken away (409)', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { rack: 'r7', other: '1' });
    await scene.connect();
    scene.node.beforeWrite = () => void scene.node.relabelUnseen({ rack: 'theirs' });
    await scene.unwish('rack');
    await scene.pass(5_000);
    assert.equal(scene.node.labels?.['rack'], 'theirs');
  });

  test('a node that is deleted is not connected, and is found again when it is back (404)', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    scene.node.delete();
    await scene.pass(2_000);
    assert.deepEqual(scene.master(), ['false', 'true']);
    assert.match(scene.shown[0] ?? '', /has no node switch-1/);
    const { reads } = scene.node;
    await scene.pass(600_000);
    assert.ok(scene.node.reads - reads <= 25, `${scene.node.reads - reads} readings in 10 min`);
    scene.node.create({});
    await scene.pass(60_000);
    assert.deepEqual(scene.master(), ['true', 'true']);
    assert.equal(scene.node.labels?.['rack'], 'r7');
  });

  test('a watch that says nothing is checked once; if it has missed something it is begun anew', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    const { reads } = scene.node;
    await scene.pass(74_000);
    assert.equal(scene.node.reads, reads);
    await scene.pass(2_000);
    assert.equal(scene.node.reads, reads + 1);
    assert.equal(scene.node.watches.length, 1);
    await scene.node.relabelUnseen({ rack: 'theirs' });
    await scene.pass(151_000);
    assert.equal(scene.node.reads, reads + 2);
    assert.equal(scene.node.watches.length, 2);
    assert.equal(scene.node.labels?.['rack'], 'r7');
  });

  test('a server that ends every watch at once is asked less and less often (410)', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    const { reads } = scene.node;
    for (let seconds = 0; seconds < 300; seconds += 1) {
      scene.node.endWatch('too old resource version');
      await scene.pass(1_000);
    }
    assert.ok(scene.node.reads - reads <= 20, `${scene.node.reads - reads} readings in 5 min`);
  });

  test('while leaving nothing is let in and the row says not connected', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { snmp_enabled: 'true', rack: 'r7' });
    await scene.connect();
    scene.databases.put(CONFIG, { disable: 'True' });
    await scene.settle();
    assert.equal(scene.node.labels?.['snmp_enabled'], 'false');
    assert.deepEqual(scene.master(), ['false', 'true']);
    scene.databases.put(CONFIG, { disable: 'False' });
    await scene.settle();
    assert.equal(scene.node.labels?.['snmp_enabled'], 'true');
    assert.deepEqual(scene.master(), ['true', 'true']);
  });

  test('while leaving, what Kubernetes runs keeps its label until its owner is another', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { snmp_enabled: 'true', lldp_enabled: 'true' });
    scene.databases.put(featureStatusRow('snmp'), { current_owner: 'kube' });
    scene.databases.put(featureStatusRow('lldp'), { current_owner: 'local' });
    await scene.connect();
    scene.databases.put(CONFIG, { disable: 'True' });
    await scene.settle();
    assert.equal(scene.node.labels?.['snmp_enabled'], 'true');
    assert.equal(scene.node.labels?.['lldp_enabled'], 'false');
    scene.databases.put(featureStatusRow('snmp'), { current_owner: 'none' });
    await scene.settle();
    assert.equal(scene.node.labels?.['snmp_enabled'], 'false');
  });

  test('while leaving, the label of the version that runs stays with it; a feature of CONFIG_DB alone is shut', async (t) => {
    const scene = new Scene(t);
    const labels = { snmp_enabled: 'true', 'snmp_1.0_enabled': 'true', snmp_trap_enabled: 'true' };
    // Wished no more, and Kubernetes runs it.
    scene.node.create({ bgp_enabled: 'true' }, ['bgp_enabled']);
    scene.databases.put(featureConfig('bgp'), { set_owner: 'kube' });
    scene.databases.put(featureStatusRow('bgp'), { current_owner: 'kube' });
    scene.databases.put(LABELS, labels);
    scene.databases.put(featureStatusRow('snmp'), { current_owner: 'kube' });
    scene.databases.put(featureConfig('snmp_trap'), { set_owner: 'kube' });
    await scene.connect();
    scene.databases.put(CONFIG, { disable: 'True' });
    await scene.settle();
    const { node } = scene;
    assert.equal(node.labels?.['snmp_enabled'], 'true');
    assert.equal(node.labels?.['snmp_1.0_enabled'], 'true');
    assert.equal(node.labels?.['snmp_trap_enabled'], 'false');
    assert.equal(node.labels?.['bgp_enabled'], 'true');
  });

  test('a server that answers and can’t write is not away: it is told, and tried less and less often', async (t) => {
    const scene = new Scene(t);
    const { node } = scene;
    await scene.connect();
    for (const isBusy of [false, true]) {
      node.writeFault = { kind: 'failed', text: 'it answers 500: failed calling webhook', isBusy };
      const before = [node.reads, node.writes.length] as const;
      await scene.wish({ a: String(isBusy), b: String(isBusy) });
      assert.equal(node.writes.length - before[1], isBusy ? 1 : 2);
      await scene.pass(120_000);
      assert.deepEqual(scene.master(), ['true', 'true']);
      assert.ok(
        scene.shown.some((text) => /^label a=.*failed calling webhook$/.test(text)),
        scene.shown.join('; '),
      );
      const [reads, writes] = [node.reads - before[0], node.writes.length - before[1]];
      assert.ok(writes >= 4 && writes <= 18, `${writes} writes in two minutes`);
      assert.ok(reads <= 20, `${reads} readings in two minutes`);
    }
    node.writeFault = undefined;
    await scene.pass(310_000);
    assert.deepEqual([node.labels?.['a'], scene.shown.length], ['true', 0]);
  });

  test('one that can’t be read any more either is away, though nothing that is followed has said so', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.writeFault = { kind: 'failed', text: 'it answers 500: etcd is away', isBusy: false };
    scene.node.failure = AWAY;
    await scene.wish({ rack: 'r7' });
    await scene.pass(15_000);
    assert.deepEqual(scene.master(), ['true', 'false']);
  });

  test('a server that lets nobody follow is not away: its node is read now and then, and it is told', async (t) => {
    const scene = new Scene(t);
    const { node } = scene;
    node.watchFailure = 'it answers 403: cannot watch resource "nodes"';
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    assert.equal(node.labels?.['rack'], 'r7');
    const { reads } = node;
    await scene.pass(300_000);
    assert.deepEqual(scene.master(), ['true', 'true']);
    assert.match(scene.shown[0] ?? '', /^the node can't be followed.*cannot watch/);
    assert.ok(node.reads - reads <= 20, `${node.reads - reads} readings in 5 min`);
    node.relabel({ rack: 'theirs' });
    await scene.pass(62_000);
    assert.equal(node.labels?.['rack'], 'r7');
    node.watchFailure = '';
    await scene.pass(62_000);
    assert.deepEqual([node.isWatched, scene.shown.length], [true, 0]);
    assert.ok(scene.log.lines.some((line) => line.includes('is followed again')));
  });

  test('an error of the cluster’s is an outage wherever it comes from', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.failure = AWAY;
    scene.node.endWatch();
    await scene.pass(15_000);
    const { ledger } = scene;
    let asked = 0;
    Object.defineProperty(scene, 'ledger', {
      get: () => {
        asked += 1;
        if (asked === 1) throw new CtrkitError('cluster', 'it can’t be asked');
        return ledger;
      },
    });
    scene.node.failure = '';
    await scene.wish({ rack: 'r7' });
    await scene.pass(62_000);
    assert.ok(asked > 1);
    assert.equal(scene.node.labels?.['rack'], 'r7');
  });

  test('a name that can be no node’s ends nothing', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.delete();
    scene.node.nameFault = '"a_b" can’t be a node’s name';
    await scene.pass(5_000);
    assert.match(scene.shown[0] ?? '', /has no node of this switch's name \("a_b"/);
    scene.node.nameFault = '';
    scene.node.create({});
    await scene.pass(62_000);
    assert.deepEqual(scene.master(), ['true', 'true']);
  });

  test('leaving is written while the master is away, too', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.failure = AWAY;
    scene.node.endWatch();
    await scene.pass(30_000);
    scene.databases.put(CONFIG, { disable: 'true' });
    await scene.settle();
    assert.deepEqual(scene.master(), ['false', 'false']);
  });

  test('a switch that has not joined says so and nothing else; it notices when it has', async (t) => {
    const scene = new Scene(t);
    scene.node.server = undefined;
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    assert.deepEqual(scene.master(), ['false', 'false']);
    assert.deepEqual([scene.node.reads, scene.keeper.problems.length], [0, 0]);
    scene.node.server = { host: '10.0.0.2', port: 443 };
    await scene.pass(10_000);
    assert.deepEqual(scene.master('connected', 'server_ip', 'port'), ['true', '10.0.0.2', '443']);
    assert.equal(scene.node.labels?.['rack'], 'r7');
    scene.node.server = undefined;
    await scene.pass(61_000);
    assert.deepEqual(scene.master(), ['false', 'false']);
    assert.equal(scene.node.isWatched, false);
  });

  test('a kubeconfig that is broken for a moment is nothing; for longer it is told', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.node.configFailure = '/etc/kubernetes/kubelet.conf can’t be used: it is no kubeconfig';
    await scene.pass(1_000);
    assert.deepEqual(scene.master(), ['true', 'true']);
    await scene.pass(20_000);
    assert.deepEqual(scene.master(), ['true', 'false']);
    assert.match(scene.shown[0] ?? '', /it is no kubeconfig/);
    scene.node.configFailure = '';
    await scene.pass(31_000);
    assert.deepEqual(scene.master(), ['true', 'true']);
  });

  test('what somebody else writes into the row is put right', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.databases.put(masterStatusRow, { connected: 'false' });
    await scene.settle();
    assert.deepEqual(scene.master(), ['true', 'true']);
  });

  test('its own end leaves the row and the labels as they are, and ends the watch', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { rack: 'r7' });
    await scene.connect();
    scene.keeper.close();
    await scene.settle();
    assert.deepEqual(scene.master(), ['true', 'true']);
    assert.equal(scene.node.labels?.['rack'], 'r7');
    assert.equal(scene.node.isClosed, true);
  });

  test('databases that go and come back empty take no label away', async (t) => {
    const scene = new Scene(t);
    scene.databases.put(LABELS, { snmp_enabled: 'true', rack: 'r7' });
    await scene.connect();
    scene.keeper.disconnect();
    scene.databases.flush();
    scene.databases.put(LABELS, { other: '1' });
    await scene.connect();
    await scene.pass(60_000);
    assert.equal(scene.node.labels?.['snmp_enabled'], 'true');
    assert.equal(scene.node.labels?.['other'], '1');
    assert.deepEqual(scene.master(), ['true', 'true']);
  });

  test('a golden image that changes is a label at once', async (t) => {
    const scene = new Scene(t);
    await scene.connect();
    scene.ledger = {
      snmp: {
        ...EMPTY_FEATURE_LEDGER,
        golden: { imageId: 'sha256:2', references: [], version: '2.0', source: 'certified', sinceTs: 2 },
      },
    };
    scene.keeper.wake();
    await scene.settle();
    assert.equal(scene.node.labels?.['snmp_golden'], '2.0');
  });
});
