import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { masterConfigRow } from '../../../../src/contract/cluster/master-config.ts';
import { ADMIN_CONFIG } from '../../../support/fake-cluster-tools.ts';
import { MembershipSwitch } from '../../../support/membership-switch.ts';

let kit = new MembershipSwitch();
beforeEach(() => {
  kit = new MembershipSwitch();
});

describe('joining', () => {
  test('fetches, keeps and joins, in this order', async () => {
    const outcome = await kit.join();
    assert.deepEqual(outcome, {
      kind: 'joined',
      text: 'joined https://10.10.10.10:6443 as node switch-1',
      left: [],
    });
    assert.deepEqual(kit.cluster.effects, ['fetch', 'write', 'enable', 'join']);
    assert.equal(kit.cluster.findJoinedServer(), '10.10.10.10:6443');
    assert.ok(!kit.cluster.isUnfinished());
    assert.ok(kit.cluster.secrets.includes('c2VjcmV0LWtleQ=='));
    assert.deepEqual(kit.messages, []);
  });

  test('by a file asks no server', async () => {
    await kit.join({ configPath: '/tmp/admin.conf' });
    assert.deepEqual(kit.cluster.effects, ['read /tmp/admin.conf', 'write', 'enable', 'join']);
  });

  test('insecurely is told', async () => {
    kit.databases.put(masterConfigRow, { insecure: 'True' });
    await kit.join();
    assert.equal(kit.cluster.asked?.isInsecure, true);
    assert.match(kit.messages.join(), /^warning: insecure is on: whoever answers at 10\.10\.10\.10:6443/);
  });

  test('touches nothing where it is refused, the tool is missing, or the answer is none', async () => {
    kit.databases.put(masterConfigRow, { disable: 'True' });
    assert.equal((await kit.join()).kind, 'refused');
    kit.databases.put(masterConfigRow, { disable: 'False' });
    kit.cluster.obstacle = '"kubeadm" is not installed';
    await assert.rejects(kit.join(), { code: 'cluster' });
    assert.deepEqual(kit.cluster.effects, []);
    kit.cluster.obstacle = undefined;
    kit.cluster.answer = '<html>';
    kit.markJoined();
    await assert.rejects(kit.join({ isForced: true }), { code: 'cluster' });
    assert.deepEqual([kit.cluster.effects, kit.owners], [['fetch'], ['kube', 'kube']]);
  });

  test('by force leaves first, disabled meanwhile, and is enabled afterwards', async () => {
    kit.markJoined();
    kit.onRestart = (feature) => {
      assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
      kit.startLocal(feature);
    };
    assert.equal((await kit.join({ isForced: true })).kind, 'joined');
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
    kit.markJoined();
    kit.cluster.failures.set('reset', '"kubeadm reset" ended with 1: busy');
    await assert.rejects(kit.join({ isForced: true }), { code: 'cluster', message: /busy/ });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'False');
    kit.onRestart = () => undefined;
    kit.cluster.onEffect = (name) => {
      if (name === 'reset') kit.databases.goDown();
    };
    await assert.rejects(kit.join({ isForced: true }), { code: 'cluster', message: /busy/ });
    kit.databases.comeBack();
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    assert.match(kit.messages.join('\n'), /warning: the server stays disabled \(.*disable off$/);
  });

  test('by force respects locks, and touches nothing then', async () => {
    kit.markJoined();
    kit.lock('snmp');
    const outcome = await kit.join({ isForced: true });
    assert.match(outcome.kind === 'refused' ? outcome.text : '', /^snmp is locked by bob/);
    assert.deepEqual(kit.cluster.effects, ['fetch']);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
  });

  test('takes nothing away for a configuration alone, which somebody has put there', async () => {
    kit.cluster.adminConfig = ADMIN_CONFIG;
    kit.cluster.missing = 'reset';
    assert.equal((await kit.join()).kind, 'joined');
    assert.deepEqual(kit.cluster.effects, ['fetch', 'write', 'enable', 'join']);
  });

  test('takes nothing away where somebody’s static pods would go with it', async () => {
    kit.cluster.unfinished = true;
    kit.cluster.staticPod = '/etc/kubernetes/manifests/snmp.yaml';
    await assert.rejects(kit.join(), {
      code: 'cluster',
      message: /without \/etc\/kubernetes\/manifests\/snmp\.yaml, .*: move it away first$/,
    });
    assert.deepEqual(kit.cluster.effects, ['fetch']);
    kit.cluster.staticPod = undefined;
    kit.cluster.missing = 'reset';
    await assert.rejects(kit.join(), { code: 'cluster', message: 'no tool to reset' });
  });

  test('that the tool fails is done again from the start, what it left taken away first', async () => {
    kit.cluster.failures.set('join', '"kubeadm join" ended with 1: timed out');
    await assert.rejects(kit.join(), { code: 'cluster' });
    kit.cluster.failures.clear();
    kit.cluster.effects.length = 0;
    assert.equal((await kit.join()).kind, 'joined');
    assert.deepEqual(kit.cluster.effects, ['fetch', 'reset', 'write', 'enable', 'join']);
  });

  test('tells of a tool that ends well and has done nothing', async () => {
    kit.cluster.isIdle = true;
    await assert.rejects(kit.join(), { code: 'cluster', message: /no \/etc\/kubernetes\/kubelet\.conf/ });
  });

  test('tells of a kubelet that would not come back with the boot', async () => {
    kit.cluster.failures.set('enable', 'no such unit');
    const outcome = await kit.join();
    assert.match(
      outcome.kind === 'joined' ? outcome.left.join() : '',
      /does not start with the next boot: no such unit/,
    );
    assert.ok(kit.cluster.isJoined);
  });

  test('killed at any effect can be done again', async () => {
    await kit.join();
    const names = [...kit.cluster.effects];
    for (let kill = 0; kill < names.length; kill += 1)
      for (const when of ['before', 'after'] as const) {
        kit = new MembershipSwitch();
        kit.killAt(kill, when);
        await assert.rejects(kit.join(), /killed/);
        kit.revive();
        const outcome = await kit.join();
        const has = names.slice(0, kill + (when === 'after' ? 1 : 0)).includes('join');
        assert.equal(outcome.kind, has ? 'refused' : 'joined', `${when} ${names[kill]}`);
        assert.ok(kit.cluster.isJoined);
      }
  });
});
