import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readClusterSettings } from '../../../src/host/daemon/settings.ts';

describe('the settings of the cluster', () => {
  test('kubelet’s own kubeconfig is the only one, never the admin’s; one that is named is in its place; none is none', () => {
    const found = (env: Readonly<Record<string, string>>) => readClusterSettings(env).kubeconfigs;
    assert.deepEqual(found({}), ['/etc/kubernetes/kubelet.conf']);
    assert.deepEqual(found({ CTRKIT_KUBELET_CONF: '/a', CTRKIT_KUBE_ADMIN_CONF: '/b' }), ['/a']);
    assert.deepEqual(found({ CTRKIT_KUBECONFIG: '/x' }), ['/x']);
    assert.deepEqual(found({ CTRKIT_KUBECONFIG: 'none' }), []);
  });
});

describe('who joins and leaves', () => {
  test('is another program where the kubeconfig is not the one by which joining is told', () => {
    const isOurs = (env: Readonly<Record<string, string>>) => readClusterSettings(env).isJoinedByUs;
    assert.equal(isOurs({}), true);
    assert.equal(isOurs({ CTRKIT_KUBELET_CONF: '/a' }), true);
    assert.equal(isOurs({ CTRKIT_KUBECONFIG: '/etc/kubernetes/kubelet.conf' }), true);
    assert.equal(isOurs({ CTRKIT_KUBECONFIG: '/a', CTRKIT_KUBELET_CONF: '/a' }), true);
    assert.equal(isOurs({ CTRKIT_KUBECONFIG: '/var/lib/rancher/k3s/agent/kubelet.kubeconfig' }), false);
    assert.equal(
      isOurs({ CTRKIT_KUBECONFIG: '/etc/kubernetes/kubelet.conf', CTRKIT_KUBELET_CONF: 'none' }),
      false,
    );
  });
});
