import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readSonicVersion } from '../../../src/host/adapters/kubernetes/sonic-version.ts';
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

describe('the version of SONiC', () => {
  test('is build_version as it is written, also where it looks like a number', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctrkit-version-'));
    const path = join(folder, 'sonic_version.yml');
    try {
      for (const [text, version] of [
        ["build_version: 'master.921927-18199d73f'\ndebian_version: '12'\n", 'master.921927-18199d73f'],
        ['build_version: 20220531.10\n', '20220531.10'],
        ['build_version: 1e3\n', '1e3'],
      ] as const) {
        writeFileSync(path, text);
        assert.deepEqual(await readSonicVersion(path), { version, warning: undefined });
      }
      for (const text of ['', 'build_version: {}\n', 'a: [', 'x'.repeat(70_000)]) {
        writeFileSync(path, text);
        const { version, warning } = await readSonicVersion(path);
        assert.equal(version, '');
        assert.match(warning ?? '', /^\S+ can't be used: [^\n]+$/);
      }
      rmSync(path);
      assert.deepEqual(await readSonicVersion(path), { version: '', warning: undefined });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
