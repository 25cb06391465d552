import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readMembershipSettings, readMembershipTiming } from '../../../../src/host/membership/settings.ts';

describe('how a switch joins', () => {
  test('is as SONiC does it where nothing else is said', () => {
    const { nodeName, findNameFault, ...rest } = readMembershipSettings({}, () => 'Switch-1');
    assert.equal(nodeName(), 'switch-1');
    assert.equal(findNameFault(), undefined);
    assert.deepEqual(rest, {
      namedAdminConfigPath: '',
      kubeletConfigPath: '/etc/kubernetes/kubelet.conf',
      adminConfigUrl: 'https://{ip}:{port}/admin.conf',
      caPath: '',
      joinCommand: ['kubeadm', 'join', '--discovery-file', '{config}', '--node-name', '{node}'],
      resetCommand: ['kubeadm', 'reset', '--force'],
      kubeletUnit: 'kubelet',
    });
  });

  test('is refused where it could only fail, or mean something else', () => {
    for (const env of [
      { CTRKIT_ADMIN_CONF_URL: 'http://{ip}/admin.conf' },
      { CTRKIT_ADMIN_CONF_URL: 'https://' },
      { CTRKIT_JOIN_COMMAND: 'kubeadm join' },
      { CTRKIT_JOIN_COMMAND: '{config}' },
      { CTRKIT_NODE_NAME: 'a_b' },
      { CTRKIT_KUBELET_UNIT: '--now' },
    ]) {
      const [name = ''] = Object.keys(env);
      assert.throws(() => readMembershipSettings(env, () => 'switch-1'), {
        code: 'usage',
        message: new RegExp(`^${name} `),
      });
    }
    assert.equal(readMembershipSettings({ CTRKIT_KUBELET_UNIT: 'none' }, () => 'a').kubeletUnit, '');
  });
});

describe('SONiC’s timers', () => {
  test('count where they make sense, else those that SONiC ships, and it is told', () => {
    assert.deepEqual(readMembershipTiming({}), {
      timing: { joinLatencyOnBootMs: 300_000, retryJoinMs: 30_000 },
      warnings: [],
    });
    const read = readMembershipTiming({ join_latency_on_boot_seconds: '5', retry_join_interval_seconds: 7 });
    assert.deepEqual(read.timing, { joinLatencyOnBootMs: 5_000, retryJoinMs: 7_000 });
    const wrong = readMembershipTiming({
      join_latency_on_boot_seconds: 'soon',
      retry_join_interval_seconds: -1,
    });
    assert.deepEqual(wrong.timing, readMembershipTiming({}).timing);
    assert.equal(wrong.warnings.length, 2);
    assert.match(wrong.warnings[0] ?? '', /^join_latency_on_boot_seconds is "soon": write seconds/);
  });

  test('never try without a pause', () => {
    assert.equal(readMembershipTiming({ retry_join_interval_seconds: 0 }).timing.retryJoinMs, 1_000);
  });
});
