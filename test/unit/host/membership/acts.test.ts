import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { masterConfigRow } from '../../../../src/contract/cluster/master-config.ts';
import { featureConfigRow, featureStatusRow } from '../../../../src/contract/rows.ts';
import { masterStatusRow } from '../../../../src/contract/cluster/master-status.ts';
import { joinCluster } from '../../../../src/host/membership/join.ts';
import { leaveCluster } from '../../../../src/host/membership/leave.ts';
import { listEveryFeature } from '../../../../src/host/membership/list-features.ts';
import type { MembershipPorts } from '../../../../src/host/membership/membership-ports.ts';
import { ADMIN_CONFIG } from '../../../support/fake-cluster-tools.ts';
import { FakeCtrkit } from '../../../support/fake-ctrkit.ts';

const METHODS = [
  'join',
  'reset',
  'enableKubelet',
  'writeAdminConfig',
  'removeAdminConfig',
  'fetchAdminConfig',
] as const;
const NODE_STAYS =
  'the server still has the node switch-1, and counts its pods as unavailable, until somebody removes it there: kubectl delete node switch-1';
const RUN_BY_KUBE = {
  system_state: 'up',
  current_owner: 'kube',
  docker_id: 'abcdefabcdef',
  container_id: 'abcdefabcdef',
  remote_state: 'running',
};

let kit = new FakeCtrkit();
let said: string[] = [];
let stop = new AbortController();

/** As `container stop` and `container start` do it, by the rows alone. */
const startLocal = (feature: string): void => {
  const { remote_state, system_state } = kit.databases.row(featureStatusRow(feature)) ?? {};
  const { connected } = kit.databases.row(masterStatusRow) ?? {};
  assert.deepEqual([remote_state, system_state, connected], ['none', 'down', 'false'], feature);
  kit.databases.put(featureStatusRow(feature), {
    system_state: 'up',
    current_owner: 'local',
    docker_id: '111111111111',
    container_id: feature,
  });
};

beforeEach(() => {
  kit = new FakeCtrkit();
  said = [];
  stop = new AbortController();
  kit.addFeatures('lldp', 'snmp');
  for (const feature of ['lldp', 'snmp']) kit.databases.put(featureStatusRow(feature), RUN_BY_KUBE);
  kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
  kit.onRestart = startLocal;
});

const joined = (): void => {
  kit.databases.put(masterStatusRow, { connected: 'true' });
  kit.cluster.isJoined = true;
  kit.cluster.adminConfig = ADMIN_CONFIG;
};

async function act<T>(work: (ports: MembershipPorts) => Promise<T>): Promise<T> {
  const { store, tables, close } = kit.ports.openDatabases('');
  const { tools, files, adminConfigs, service } = await kit.ports.openMembership(stop.signal);
  const { clock, locks } = kit;
  const ports: MembershipPorts = {
    tools,
    files,
    adminConfigs,
    service,
    store,
    listFeatures: () => listEveryFeature(tables),
    clock,
    locks,
    report: (text) => said.push(text),
    warn: (text) => said.push(`warning: ${text}`),
    signal: stop.signal,
  };
  try {
    return await work(ports);
  } finally {
    close();
  }
}
const runLeave = (options = {}) =>
  act((ports) => leaveCluster({ isForced: false, disable: true, ...options }, ports));
const runJoin = (options = {}) =>
  act((ports) => joinCluster({ isForced: false, configPath: undefined, ...options }, ports));
const owners = () =>
  ['lldp', 'snmp'].map((name) => kit.databases.row(featureStatusRow(name))?.['current_owner']);
const lock = (feature: string): void =>
  kit.locks.add({ feature, owner: 'bob', reason: 'bug', sinceTs: 0, forMs: 0, bootId: '', bootMs: 0 });

describe('leaving', () => {
  beforeEach(joined);

  test('lets every feature fall back, one after the other, before the node is taken out', async () => {
    assert.deepEqual(await runLeave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['restart lldp', 'restart snmp', 'reset', 'disable', 'remove']);
    assert.deepEqual(owners(), ['local', 'local']);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    assert.equal(kit.databases.row(masterStatusRow)?.['connected'], 'false');
    assert.deepEqual(said, [
      'restarted, to run locally: lldp, snmp',
      'lldp: its local image runs',
      'snmp: its local image runs',
      NODE_STAYS,
    ]);
  });

  test('has said that it is disconnected and disabled before the first restart', async () => {
    kit.onRestart = (feature) => {
      assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
      startLocal(feature);
    };
    await runLeave();
    kit.databases.put(masterConfigRow, { disable: 'False' });
    joined();
    await runLeave({ disable: false });
    assert.equal(
      kit.databases.row(masterConfigRow)?.['disable'],
      'False',
      'the daemon writes no configuration',
    );
  });

  test('says disconnected again with each feature: the daemon may have seen the node meanwhile', async () => {
    kit.onRestart = (feature) => {
      startLocal(feature);
      kit.databases.put(masterStatusRow, { connected: 'true' });
    };
    assert.deepEqual(await runLeave(), { kind: 'left', left: [] });
    assert.deepEqual(owners(), ['local', 'local']);
  });

  test('names what goes down, and leaves alone what runs locally or is stopped', async () => {
    kit.databases.put(featureConfigRow('lldp'), { no_fallback_to_local: 'true' });
    kit.databases.put(featureStatusRow('snmp'), {
      current_owner: 'none',
      docker_id: '',
      container_id: '',
      system_state: 'down',
    });
    kit.unit = 'inactive';
    assert.deepEqual(await runLeave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['reset', 'disable', 'remove']);
    assert.deepEqual(said, [
      'no feature has to be restarted',
      'they go down, as no_fallback_to_local is true: lldp',
      NODE_STAYS,
    ]);
  });

  test('tells of a restart that fails, and the rest goes on', async () => {
    kit.onRestart = (feature) => {
      if (feature === 'lldp')
        throw new CtrkitError('service', '"systemctl restart lldp" ended with 1: no such unit');
      startLocal(feature);
    };
    const outcome = await runLeave();
    assert.equal(outcome.kind === 'left' && outcome.left.length, 1);
    assert.deepEqual(owners(), ['kube', 'local']);
    assert.deepEqual(kit.cluster.effects.slice(1), ['restart snmp', 'reset', 'disable', 'remove']);
    assert.match(
      said.join('\n'),
      /warning: lldp: "systemctl restart lldp" ended with 1.*systemctl restart lldp/,
    );
  });

  test('waits 60 s for a local container, and goes on with a warning', async () => {
    const fromMs = kit.clock.bootMs();
    kit.onRestart = (feature) => {
      if (feature === 'snmp') startLocal(feature);
    };
    const outcome = await runLeave();
    assert.ok(kit.clock.bootMs() - fromMs >= 60_000);
    assert.match(
      outcome.kind === 'left' ? outcome.left.join() : '',
      /^lldp: no local container.*60 s.*ctrkit explain lldp$/,
    );
    assert.deepEqual(owners(), ['kube', 'local']);
    assert.ok(!kit.cluster.isJoined);
  });

  test('is refused while a feature that it changes is locked, unless forced', async () => {
    lock('snmp');
    const outcome = await runLeave();
    assert.match(
      outcome.kind === 'refused' ? outcome.text : '',
      /^snmp is locked by bob.*ctrkit lock rm snmp.*--force$/,
    );
    assert.deepEqual(kit.cluster.effects, []);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
    assert.equal(kit.databases.row(masterStatusRow)?.['connected'], 'true');
    assert.equal((await runLeave({ isForced: true })).kind, 'left');
  });

  test('is not refused for a lock on a feature that stays as it is', async () => {
    startLocalNow('snmp');
    lock('snmp');
    assert.equal((await runLeave()).kind, 'left');
  });

  test('is refused where the locks can’t be read', async () => {
    kit.locks.breakDown('EIO');
    const outcome = await runLeave();
    assert.match(outcome.kind === 'refused' ? outcome.text : '', /locks can't be read: EIO/);
  });

  test('restarts nothing where the tool is missing', async () => {
    kit.cluster.obstacle = '"kubeadm" is not installed';
    await assert.rejects(runLeave(), { code: 'cluster', message: /not installed/ });
    assert.deepEqual([kit.cluster.effects, owners()], [[], ['kube', 'kube']]);
  });

  test('that the tool fails can be done again', async () => {
    kit.cluster.failures.set('reset', '"kubeadm reset" ended with 1: busy');
    await assert.rejects(runLeave(), { code: 'cluster' });
    assert.ok(kit.cluster.hasJoined() && kit.cluster.isUnfinished());
    kit.cluster.failures.clear();
    kit.cluster.effects.length = 0;
    assert.deepEqual(await runLeave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['reset', 'disable', 'remove'], 'nothing is restarted twice');
  });

  test('tells of a tool that ends well and has done nothing', async () => {
    kit.cluster.isIdle = true;
    await assert.rejects(runLeave(), { code: 'cluster', message: /kubelet\.conf is still there/ });
    assert.notEqual(kit.cluster.adminConfig, undefined);
  });

  test('where it has not joined does nothing', async () => {
    await runLeave();
    kit.cluster.effects.length = 0;
    assert.deepEqual(await runLeave(), { kind: 'not-joined', isDisabled: false });
    assert.deepEqual(kit.cluster.effects, []);
  });

  test('where it has not joined still keeps it away from a server that is configured', async () => {
    kit.cluster.isJoined = false;
    kit.databases.put(masterStatusRow, { connected: 'false' });
    assert.deepEqual(await runLeave({ disable: false }), { kind: 'not-joined', isDisabled: false });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
    assert.deepEqual(await runLeave(), { kind: 'not-joined', isDisabled: true });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    kit.databases.put(masterConfigRow, { ip: '', disable: 'False' });
    assert.deepEqual(await runLeave(), { kind: 'not-joined', isDisabled: false });
    assert.deepEqual(kit.cluster.effects, [], 'a configuration alone, which somebody has put there, stays');
    assert.notEqual(kit.cluster.adminConfig, undefined);
  });

  test('in the middle of a config reload lets what Kubernetes runs fall back all the same', async () => {
    kit.databases.put(featureStatusRow('radv'), RUN_BY_KUBE);
    assert.deepEqual(await runLeave(), { kind: 'left', left: [] });
    assert.ok(kit.cluster.effects.includes('restart radv'));
    assert.equal(kit.databases.row(featureStatusRow('radv'))?.['current_owner'], 'local');
  });

  test('asks for its own tool alone', async () => {
    kit.cluster.missing = 'join';
    assert.equal((await runLeave()).kind, 'left');
    joined();
    kit.cluster.missing = 'reset';
    await assert.rejects(runLeave(), { code: 'cluster', message: 'no tool to reset' });
  });

  test('killed at any effect goes on with the next one, to the same end', async () => {
    await runLeave();
    const names = [...kit.cluster.effects];
    // A database's write is one too: before the first, and between all others.
    for (let kill = 0; kill < names.length; kill += 1)
      for (const when of ['before', 'after'] as const) {
        reset();
        joined();
        killAt(kill, when);
        await assert.rejects(runLeave(), /killed/);
        revive();
        // systemd goes on with the restart that it was asked for, or was not asked.
        kit.unit = 'active';
        const outcome = await runLeave();
        const isOver = kill === names.length - 1 && when === 'after';
        assert.equal(outcome.kind, isOver ? 'not-joined' : 'left', `${when} ${names[kill]}`);
        if (outcome.kind === 'left') assert.deepEqual(outcome.left, []);
        assert.deepEqual(owners(), ['local', 'local'], `${when} ${names[kill]}`);
        assert.ok(!kit.cluster.isJoined && kit.cluster.adminConfig === undefined);
      }
  });

  test('interrupted begins nothing more', async () => {
    kit.onRestart = (feature) => {
      startLocal(feature);
      stop.abort();
    };
    await assert.rejects(runLeave(), { code: 'cluster', message: 'interrupted' });
    assert.deepEqual(kit.cluster.effects, ['restart lldp']);
    assert.ok(kit.cluster.isJoined);
  });
});

describe('joining', () => {
  test('fetches, keeps and joins, in this order', async () => {
    const outcome = await runJoin();
    assert.deepEqual(outcome, {
      kind: 'joined',
      text: 'joined https://10.10.10.10:6443 as node switch-1',
      left: [],
    });
    assert.deepEqual(kit.cluster.effects, ['fetch', 'write', 'enable', 'join']);
    assert.equal(kit.cluster.findJoinedServer(), '10.10.10.10:6443');
    assert.ok(!kit.cluster.isUnfinished());
    assert.ok(kit.cluster.secrets.includes('c2VjcmV0LWtleQ=='));
    assert.deepEqual(said, []);
  });

  test('by a file asks no server', async () => {
    await runJoin({ configPath: '/tmp/admin.conf' });
    assert.deepEqual(kit.cluster.effects, ['read /tmp/admin.conf', 'write', 'enable', 'join']);
  });

  test('insecurely is told', async () => {
    kit.databases.put(masterConfigRow, { insecure: 'True' });
    await runJoin();
    assert.equal(kit.cluster.asked?.isInsecure, true);
    assert.match(said.join(), /^warning: insecure is on: whoever answers at 10\.10\.10\.10:6443/);
  });

  test('touches nothing where it is refused, the tool is missing, or the answer is none', async () => {
    kit.databases.put(masterConfigRow, { disable: 'True' });
    assert.equal((await runJoin()).kind, 'refused');
    kit.databases.put(masterConfigRow, { disable: 'False' });
    kit.cluster.obstacle = '"kubeadm" is not installed';
    await assert.rejects(runJoin(), { code: 'cluster' });
    assert.deepEqual(kit.cluster.effects, []);
    kit.cluster.obstacle = undefined;
    kit.cluster.answer = '<html>';
    joined();
    await assert.rejects(runJoin({ isForced: true }), { code: 'cluster' });
    assert.deepEqual([kit.cluster.effects, owners()], [['fetch'], ['kube', 'kube']]);
  });

  test('by force leaves first, disabled meanwhile, and is enabled afterwards', async () => {
    joined();
    kit.onRestart = (feature) => {
      assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
      startLocal(feature);
    };
    assert.equal((await runJoin({ isForced: true })).kind, 'joined');
    const { effects } = kit.cluster;
    assert.deepEqual(effects, [
      'fetch',
      'restart lldp',
      'restart snmp',
      'reset',
      'disable',
      'remove',
      'write',
      'enable',
      'join',
    ]);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'False');
  });

  test('by force that is cut short while it leaves is enabled again, or says that it is not', async () => {
    joined();
    kit.cluster.failures.set('reset', '"kubeadm reset" ended with 1: busy');
    await assert.rejects(runJoin({ isForced: true }), { code: 'cluster', message: /busy/ });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'False');
    kit.onRestart = () => undefined;
    kit.cluster.onEffect = (name) => {
      if (name === 'reset') kit.databases.goDown();
    };
    await assert.rejects(runJoin({ isForced: true }), { code: 'cluster', message: /busy/ });
    kit.databases.comeBack();
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    assert.match(said.join('\n'), /warning: the server stays disabled \(.*disable off$/);
  });

  test('by force respects locks, and touches nothing then', async () => {
    joined();
    lock('snmp');
    const outcome = await runJoin({ isForced: true });
    assert.match(outcome.kind === 'refused' ? outcome.text : '', /^snmp is locked by bob/);
    assert.deepEqual(kit.cluster.effects, ['fetch']);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
  });

  test('takes nothing away for a configuration alone, which somebody has put there', async () => {
    kit.cluster.adminConfig = ADMIN_CONFIG;
    kit.cluster.missing = 'reset';
    assert.equal((await runJoin()).kind, 'joined');
    assert.deepEqual(kit.cluster.effects, ['fetch', 'write', 'enable', 'join']);
  });

  test('takes nothing away where somebody’s static pods would go with it', async () => {
    kit.cluster.unfinished = true;
    kit.cluster.staticPod = '/etc/kubernetes/manifests/snmp.yaml';
    await assert.rejects(runJoin(), {
      code: 'cluster',
      message: /without \/etc\/kubernetes\/manifests\/snmp\.yaml, .*: move it away first$/,
    });
    assert.deepEqual(kit.cluster.effects, ['fetch']);
    kit.cluster.staticPod = undefined;
    kit.cluster.missing = 'reset';
    await assert.rejects(runJoin(), { code: 'cluster', message: 'no tool to reset' });
  });

  test('that the tool fails is done again from the start, what it left taken away first', async () => {
    kit.cluster.failures.set('join', '"kubeadm join" ended with 1: timed out');
    await assert.rejects(runJoin(), { code: 'cluster' });
    kit.cluster.failures.clear();
    kit.cluster.effects.length = 0;
    assert.equal((await runJoin()).kind, 'joined');
    assert.deepEqual(kit.cluster.effects, ['fetch', 'reset', 'write', 'enable', 'join']);
  });

  test('tells of a tool that ends well and has done nothing', async () => {
    kit.cluster.isIdle = true;
    await assert.rejects(runJoin(), { code: 'cluster', message: /no \/etc\/kubernetes\/kubelet\.conf/ });
  });

  test('tells of a kubelet that would not come back with the boot', async () => {
    kit.cluster.failures.set('enable', 'no such unit');
    const outcome = await runJoin();
    assert.match(
      outcome.kind === 'joined' ? outcome.left.join() : '',
      /does not start with the next boot: no such unit/,
    );
    assert.ok(kit.cluster.isJoined);
  });

  test('killed at any effect can be done again', async () => {
    await runJoin();
    const names = [...kit.cluster.effects];
    for (let kill = 0; kill < names.length; kill += 1)
      for (const when of ['before', 'after'] as const) {
        reset();
        killAt(kill, when);
        await assert.rejects(runJoin(), /killed/);
        revive();
        const outcome = await runJoin();
        const has = names.slice(0, kill + (when === 'after' ? 1 : 0)).includes('join');
        assert.equal(outcome.kind, has ? 'refused' : 'joined', `${when} ${names[kill]}`);
        assert.ok(kit.cluster.isJoined);
      }
  });
});

function startLocalNow(feature: string): void {
  kit.databases.put(featureStatusRow(feature), {
    current_owner: 'local',
    docker_id: '111111111111',
    container_id: feature,
    remote_state: 'none',
  });
}

/** The switch as each test finds it. */
function reset(): void {
  kit = new FakeCtrkit();
  kit.addFeatures('lldp', 'snmp');
  for (const feature of ['lldp', 'snmp']) kit.databases.put(featureStatusRow(feature), RUN_BY_KUBE);
  kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
  kit.onRestart = startLocal;
}

/** As by SIGKILL: before the effect number `index` has happened, or right after it, before anything else is done. */
function killAt(index: number, when: 'before' | 'after'): void {
  const die = (): never => {
    throw new Error('killed');
  };
  kit.cluster.onEffect = () => {
    const { length } = kit.cluster.effects;
    if (length === index && when === 'before') die();
    if (length > index) die();
  };
  if (when === 'before') return;
  const { cluster } = kit;
  const isDone = (): boolean => cluster.effects.length > index;
  for (const method of METHODS) {
    const real = cluster[method].bind(cluster) as (...args: unknown[]) => unknown;
    Object.assign(cluster, {
      [method]: (...args: unknown[]) => {
        const result = real(...args);
        if (!isDone()) return result;
        return result instanceof Promise ? result.then(die) : die();
      },
    });
  }
  kit.onRestart = (feature) => {
    startLocal(feature);
    if (isDone()) die();
  };
}

/** The next process, on what that one has left. */
function revive(): void {
  for (const method of METHODS) Reflect.deleteProperty(kit.cluster, method);
  kit.cluster.onEffect = () => undefined;
  kit.onRestart = startLocal;
}
