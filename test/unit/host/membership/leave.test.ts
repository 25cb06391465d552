import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { masterConfigRow } from '../../../../src/contract/cluster/master-config.ts';
import { masterStatusRow } from '../../../../src/contract/cluster/master-status.ts';
import { featureConfigRow, featureStatusRow } from '../../../../src/contract/rows.ts';
import { MembershipSwitch } from '../../../support/membership-switch.ts';
import { RUN_BY_KUBE } from '../../../support/status-rows.ts';

const NODE_STAYS =
  'the server still has the node switch-1, and counts its pods as unavailable, until somebody removes it there: kubectl delete node switch-1';

let kit = new MembershipSwitch();
beforeEach(() => {
  kit = new MembershipSwitch();
});

describe('leaving', () => {
  beforeEach(() => kit.markJoined());

  test('lets every feature fall back, one after the other, before the node is taken out', async () => {
    assert.deepEqual(await kit.leave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['restart lldp', 'restart snmp', 'reset', 'disable', 'remove']);
    assert.deepEqual(kit.owners, ['local', 'local']);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    assert.equal(kit.databases.row(masterStatusRow)?.['connected'], 'false');
    assert.deepEqual(kit.messages, [
      'restarted, to run locally: lldp, snmp',
      'lldp: its local image runs',
      'snmp: its local image runs',
      NODE_STAYS,
    ]);
  });

  test('has kit.messages that it is disconnected and disabled before the first restart', async () => {
    kit.onRestart = (feature) => {
      assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
      kit.startLocal(feature);
    };
    await kit.leave();
    kit.databases.put(masterConfigRow, { disable: 'False' });
    kit.markJoined();
    await kit.leave({ disable: false });
    assert.equal(
      kit.databases.row(masterConfigRow)?.['disable'],
      'False',
      'the daemon writes no configuration',
    );
  });

  test('says disconnected again with each feature: the daemon may have seen the node meanwhile', async () => {
    kit.onRestart = (feature) => {
      kit.startLocal(feature);
      kit.databases.put(masterStatusRow, { connected: 'true' });
    };
    assert.deepEqual(await kit.leave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.owners, ['local', 'local']);
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
    assert.deepEqual(await kit.leave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['reset', 'disable', 'remove']);
    assert.deepEqual(kit.messages, [
      'no feature has to be restarted',
      'they go down, as no_fallback_to_local is true: lldp',
      NODE_STAYS,
    ]);
  });

  test('tells of a restart that fails, and the rest goes on', async () => {
    kit.onRestart = (feature) => {
      if (feature === 'lldp')
        throw new CtrkitError('service', '"systemctl restart lldp" ended with 1: no such unit');
      kit.startLocal(feature);
    };
    const outcome = await kit.leave();
    assert.equal(outcome.kind === 'left' && outcome.left.length, 1);
    assert.deepEqual(kit.owners, ['kube', 'local']);
    assert.deepEqual(kit.cluster.effects.slice(1), ['restart snmp', 'reset', 'disable', 'remove']);
    assert.match(
      kit.messages.join('\n'),
      /warning: lldp: "systemctl restart lldp" ended with 1.*systemctl restart lldp/,
    );
  });

  test('waits 60 s for a local container, and goes on with a warning', async () => {
    const fromMs = kit.clock.bootMs();
    kit.onRestart = (feature) => {
      if (feature === 'snmp') kit.startLocal(feature);
    };
    const outcome = await kit.leave();
    assert.ok(kit.clock.bootMs() - fromMs >= 60_000);
    assert.match(
      outcome.kind === 'left' ? outcome.left.join() : '',
      /^lldp: no local container.*60 s.*ctrkit explain lldp$/,
    );
    assert.deepEqual(kit.owners, ['kube', 'local']);
    assert.ok(!kit.cluster.isJoined);
  });

  test('is refused while a feature that it changes is locked, unless forced', async () => {
    kit.lock('snmp');
    const outcome = await kit.leave();
    assert.match(
      outcome.kind === 'refused' ? outcome.text : '',
      /^snmp is locked by bob.*ctrkit lock rm snmp.*--force$/,
    );
    assert.deepEqual(kit.cluster.effects, []);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
    assert.equal(kit.databases.row(masterStatusRow)?.['connected'], 'true');
    assert.equal((await kit.leave({ isForced: true })).kind, 'left');
  });

  test('is not refused for a lock on a feature that stays as it is', async () => {
    kit.recordLocal('snmp');
    kit.lock('snmp');
    assert.equal((await kit.leave()).kind, 'left');
  });

  test('is refused where the locks can’t be read', async () => {
    kit.locks.breakDown('EIO');
    const outcome = await kit.leave();
    assert.match(outcome.kind === 'refused' ? outcome.text : '', /locks can't be read: EIO/);
  });

  test('restarts nothing where the tool is missing', async () => {
    kit.cluster.obstacle = '"kubeadm" is not installed';
    await assert.rejects(kit.leave(), { code: 'cluster', message: /not installed/ });
    assert.deepEqual([kit.cluster.effects, kit.owners], [[], ['kube', 'kube']]);
  });

  test('that the tool fails can be done again', async () => {
    kit.cluster.failures.set('reset', '"kubeadm reset" ended with 1: busy');
    await assert.rejects(kit.leave(), { code: 'cluster' });
    assert.ok(kit.cluster.hasJoined() && kit.cluster.isUnfinished());
    kit.cluster.failures.clear();
    kit.cluster.effects.length = 0;
    assert.deepEqual(await kit.leave(), { kind: 'left', left: [] });
    assert.deepEqual(kit.cluster.effects, ['reset', 'disable', 'remove'], 'nothing is restarted twice');
  });

  test('tells of a tool that ends well and has done nothing', async () => {
    kit.cluster.isIdle = true;
    await assert.rejects(kit.leave(), { code: 'cluster', message: /kubelet\.conf is still there/ });
    assert.notEqual(kit.cluster.adminConfig, undefined);
  });

  test('where it has not joined does nothing', async () => {
    await kit.leave();
    kit.cluster.effects.length = 0;
    assert.deepEqual(await kit.leave(), { kind: 'not-joined', isDisabled: false });
    assert.deepEqual(kit.cluster.effects, []);
  });

  test('where it has not joined still keeps it away from a server that is configured', async () => {
    kit.cluster.isJoined = false;
    kit.databases.put(masterStatusRow, { connected: 'false' });
    assert.deepEqual(await kit.leave({ disable: false }), { kind: 'not-joined', isDisabled: false });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], undefined);
    assert.deepEqual(await kit.leave(), { kind: 'not-joined', isDisabled: true });
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    kit.databases.put(masterConfigRow, { ip: '', disable: 'False' });
    assert.deepEqual(await kit.leave(), { kind: 'not-joined', isDisabled: false });
    assert.deepEqual(kit.cluster.effects, [], 'a configuration alone, which somebody has put there, stays');
    assert.notEqual(kit.cluster.adminConfig, undefined);
  });

  test('in the middle of a config reload lets what Kubernetes runs fall back all the same', async () => {
    kit.databases.put(featureStatusRow('radv'), RUN_BY_KUBE);
    assert.deepEqual(await kit.leave(), { kind: 'left', left: [] });
    assert.ok(kit.cluster.effects.includes('restart radv'));
    assert.equal(kit.databases.row(featureStatusRow('radv'))?.['current_owner'], 'local');
  });

  test('asks for its own tool alone', async () => {
    kit.cluster.missing = 'join';
    assert.equal((await kit.leave()).kind, 'left');
    kit.markJoined();
    kit.cluster.missing = 'reset';
    await assert.rejects(kit.leave(), { code: 'cluster', message: 'no tool to reset' });
  });

  test('killed at any effect goes on with the next one, to the same end', async () => {
    await kit.leave();
    const names = [...kit.cluster.effects];
    // A database's write is one too: before the first, and between all others.
    for (let kill = 0; kill < names.length; kill += 1)
      for (const when of ['before', 'after'] as const) {
        kit = new MembershipSwitch();
        kit.markJoined();
        kit.killAt(kill, when);
        await assert.rejects(kit.leave(), /killed/);
        kit.revive();
        // systemd goes on with the restart that it was asked for, or was not asked.
        kit.unit = 'active';
        const outcome = await kit.leave();
        const isOver = kill === names.length - 1 && when === 'after';
        assert.equal(outcome.kind, isOver ? 'not-joined' : 'left', `${when} ${names[kill]}`);
        if (outcome.kind === 'left') assert.deepEqual(outcome.left, []);
        assert.deepEqual(kit.owners, ['local', 'local'], `${when} ${names[kill]}`);
        assert.ok(!kit.cluster.isJoined && kit.cluster.adminConfig === undefined);
      }
  });

  test('interrupted begins nothing more', async () => {
    kit.onRestart = (feature) => {
      kit.startLocal(feature);
      kit.stop.abort();
    };
    await assert.rejects(kit.leave(), { code: 'cluster', message: 'interrupted' });
    assert.deepEqual(kit.cluster.effects, ['restart lldp']);
    assert.ok(kit.cluster.isJoined);
  });
});
