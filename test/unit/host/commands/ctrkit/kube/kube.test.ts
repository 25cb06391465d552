import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { masterConfigRow } from '../../../../../../src/contract/cluster/master-config.ts';
import { featureConfigRow, featureStatusRow } from '../../../../../../src/contract/rows.ts';
import { masterStatusRow } from '../../../../../../src/contract/cluster/master-status.ts';
import { runCtrkit } from '../../../../../../src/host/commands/ctrkit/program.ts';
import { ADMIN_CONFIG } from '../../../../../support/fake-cluster-tools.ts';
import { FakeCtrkit } from '../../../../../support/fake-ctrkit.ts';
import { until } from '../../../../../support/until.ts';
import { lockOf } from '../../../../../support/locks.ts';

let kit = new FakeCtrkit();
beforeEach(() => {
  kit = new FakeCtrkit();
  kit.addFeatures('lldp', 'snmp');
  kit.databases.put(masterConfigRow, { ip: '10.10.10.10' });
  kit.onRestart = (feature) =>
    kit.databases.put(featureStatusRow(feature), {
      current_owner: 'local',
      docker_id: '111111111111',
      container_id: feature,
    });
});
const run = (...args: readonly string[]): Promise<number> => runCtrkit(['kube', ...args], kit.ports);
const joined = (): void => {
  kit.cluster.isJoined = true;
  kit.cluster.adminConfig = ADMIN_CONFIG;
};
const isClean = (): boolean => !kit.isLockTaken && !kit.isCatchingSignals && kit.openDatabases === 0;

describe('ctrkit kube join', () => {
  test('joins, and says what comes next', async () => {
    assert.equal(await run('join'), 0);
    assert.deepEqual(kit.reported, [
      'joined https://10.10.10.10:6443 as node switch-1',
      'Features whose owner is kube are deployed as the master has them: ctrkit kube status',
    ]);
    assert.equal(kit.stdout, '');
    assert.ok(isClean());
  });

  test('is refused with 1 and what to do where it has joined, and joins anew with -f', async () => {
    joined();
    assert.equal(await run('join'), 1);
    assert.match(kit.reported.join(), /^the switch has joined already\. .*ctrkit kube reset/);
    assert.equal(await run('join', '-f'), 0);
    assert.ok(isClean());
  });

  test('takes a file, and an empty name for none', async () => {
    assert.equal(await run('join', '--kubeconfig', '/tmp/x'), 0);
    assert.equal(kit.cluster.effects[0], 'read /tmp/x');
    await assert.rejects(run('join', '--kubeconfig', ''), { code: 'usage' });
  });

  test('is refused while somebody else does', async () => {
    kit.isLockTaken = true;
    assert.equal(await run('join'), 1);
    assert.match(kit.reported.join(), /joins or leaves at this moment: try again/);
    assert.deepEqual([kit.cluster.effects, kit.isLockTaken, kit.openDatabases], [[], true, 0]);
  });

  test('interrupted ends the tool, and says what state things are in', async () => {
    kit.cluster.isHanging = true;
    const ended = run('join');
    await until('the tool runs', () => kit.cluster.effects.includes('join'));
    kit.interrupt(130);
    assert.equal(await ended, 130);
    assert.match(
      kit.reported.at(-1) ?? '',
      /^interrupted\. The switch has not joined\. To go on: ctrkit kube join;/,
    );
    assert.ok(isClean());
  });

  test('by force interrupted says that it may be a node of either', async () => {
    joined();
    kit.cluster.isHanging = true;
    const ended = run('join', '--force');
    await until('the tool runs', () => kit.cluster.effects.includes('reset'));
    kit.interrupt(130);
    assert.equal(await ended, 130);
    assert.match(kit.reported.at(-1) ?? '', /is a node, of the master before or of the new one.*--force$/);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'False');
  });

  test('closes all it has opened when it fails', async () => {
    kit.cluster.failures.set('join', '"kubeadm join" ended with 1: no');
    await assert.rejects(run('join'), { code: 'cluster' });
    assert.ok(isClean());
    kit.databases.goDown();
    await assert.rejects(run('join'), { code: 'database' });
    await assert.rejects(run('reset'), { code: 'database' });
    assert.ok(isClean());
  });
});

describe('ctrkit kube reset', () => {
  test('leaves, says what restarts, and how to lift it', async () => {
    joined();
    assert.equal(await run('reset'), 0);
    assert.deepEqual(kit.reported.slice(0, 3), [
      'restarted, to run locally: lldp, snmp',
      'lldp: its local image runs',
      'snmp: its local image runs',
    ]);
    assert.match(
      kit.reported[4] ?? '',
      /^left the master; the server is disabled now.*config save.*disable off$/,
    );
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
    assert.ok(isClean());
    kit.reported.length = 0;
    assert.equal(await run('reset'), 0);
    assert.deepEqual(kit.reported, ['the switch has not joined']);
    kit.reported.length = 0;
    assert.equal(await run('join'), 1);
    assert.match(
      kit.reported.join(),
      /^the server is disabled\. To enable it: config kubernetes server disable off$/,
    );
  });

  test('of a switch that is about to join keeps it away, and says so', async () => {
    assert.equal(await run('reset'), 0);
    assert.match(kit.reported.join(), /has not joined; the server is disabled now, .*disable off$/);
    assert.equal(kit.databases.row(masterConfigRow)?.['disable'], 'True');
  });

  test('ends with 1 where something is left, and where a lock forbids it', async () => {
    joined();
    kit.unit = 'active';
    kit.onRestart = () => undefined;
    assert.equal(await run('reset'), 1);
    assert.match(kit.reported.at(-1) ?? '', /^2 to be done by hand, see above$/);
    joined();
    kit.databases.put(masterConfigRow, { disable: 'False' });
    kit.locks.add(lockOf());
    kit.reported.length = 0;
    assert.equal(await run('reset'), 1);
    assert.match(kit.reported.join(), /^snmp is locked by bob .*--force$/);
    assert.equal(await run('reset', '--force'), 1);
  });

  test('interrupted says what goes on', async () => {
    joined();
    kit.cluster.isHanging = true;
    const ended = run('reset');
    await until('the tool runs', () => kit.cluster.effects.includes('reset'));
    kit.interrupt(143);
    assert.equal(await ended, 143);
    assert.match(
      kit.reported.at(-1) ?? '',
      /^interrupted\. The switch is still a node.*run locally\. To go on: ctrkit kube reset/,
    );
    assert.ok(isClean());
  });
});

describe('ctrkit kube status', () => {
  test('shows what is configured, and how that stands', async () => {
    joined();
    kit.view = {
      pid: 1,
      isShadow: false,
      bootId: 'boot-1',
      startedMs: 1,
      problems: ['label x is illegal'],
      features: {},
    };
    kit.databases.put(masterStatusRow, {
      connected: 'true',
      server_reachability: 'false',
      update_time: '2026-01-02 03:04:05',
    });
    kit.databases.put(featureConfigRow('radv'), { set_owner: 'local' });
    kit.databases.put(featureConfigRow('lldp'), { no_fallback_to_local: 'true' });
    kit.databases.put(featureStatusRow('snmp'), {
      current_owner: 'kube',
      container_version: '2.0',
      remote_state: 'running',
    });
    assert.equal(await run('status'), 0);
    assert.equal(
      kit.stdout,
      [
        'server     10.10.10.10:6443, disable false, insecure false',
        'node       switch-1',
        'joined     yes, by /etc/kubernetes/kubelet.conf',
        'connected  yes',
        'reachable  no, last change 2026-01-02 03:04:05',
        'features   lldp: run by nobody, no_fallback_to_local',
        '           snmp: run by kube, version 2.0, remote_state running',
        '',
      ].join('\n'),
    );
    assert.deepEqual(kit.reported, ['label x is illegal']);
    kit.stdout = '';
    await run('status', '--json');
    assert.deepEqual(JSON.parse(kit.stdout), {
      server: { ip: '10.10.10.10', port: 6443, is_disabled: false, is_insecure: false },
      node_name: 'switch-1',
      is_joined: true,
      is_connected: true,
      is_reachable: false,
      last_update_ts: null,
      features: [
        {
          feature: 'lldp',
          set_owner: 'kube',
          current_owner: '',
          version: '',
          remote_state: '',
          no_fallback_to_local: true,
        },
        {
          feature: 'snmp',
          set_owner: 'kube',
          current_owner: 'kube',
          version: '2.0',
          remote_state: 'running',
          no_fallback_to_local: false,
        },
      ],
      is_database_read: true,
      is_daemon_running: true,
      problems: ['label x is illegal'],
    });
  });

  test('tells of the other features where the key of one is no hash, which is named (F8)', async () => {
    kit.databases.put(featureConfigRow('lldp'), { set_owner: 'kube' });
    kit.databases.putText(featureStatusRow('snmp'));
    assert.equal(await run('status'), 0);
    assert.match(kit.stdout, /features +lldp/);
    assert.match(kit.reported.join('\n'), /^WRONGTYPE FEATURE\|snmp is a string/m);
  });

  test('answers while the database and the daemon are away, and says so', async () => {
    joined();
    kit.databases.goDown();
    assert.equal(await run('status'), 0);
    assert.match(
      kit.stdout,
      /^server +unknown\nnode +switch-1\njoined +yes.*\nconnected +unknown\nreachable +unknown\nfeatures +unknown\n$/,
    );
    assert.deepEqual(kit.reported, [
      "Redis at fake:// can't be used: connect ECONNREFUSED",
      'ctrkitd does not run: systemctl start ctrkitd starts it',
    ]);
    kit.stdout = '';
    await run('status', '--json');
    const { server, features, is_joined, is_connected } = JSON.parse(kit.stdout) as Record<string, unknown>;
    assert.deepEqual([server, features, is_joined, is_connected], [null, null, true, null]);
    assert.ok(isClean());
  });

  test('of nothing configured says so, and of a server that makes no sense what is wrong', async () => {
    kit.databases.put(masterConfigRow, { ip: 'a/b' });
    await run('status');
    assert.match(kit.stdout, /^server +none, disable false/);
    assert.match(kit.reported.join(), /its ip "a\/b" is neither/);
  });
});
