import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_CONTROL, startParts, stopPart } from '../support/cluster.ts';
import { clusterScenario } from '../support/cluster-switch.ts';

const KUBEADM = fileURLToPath(new URL('../support/kubeadm.sh', import.meta.url));

clusterScenario(
  'standalone to cluster and back while it runs: the application never runs twice at one instant, and local takes over before the node is taken out (D4, D5)',
  { skip: NO_CONTROL, policy: {} },
  async (here, t) => {
    const kubeletConf = `${here.directory}/kubelet.conf`;
    Object.assign(here.hostEnv, {
      CTRKIT_KUBECONFIG: kubeletConf,
      CTRKIT_KUBELET_CONF: kubeletConf,
      CTRKIT_KUBE_ADMIN_CONF: `${here.directory}/kube_admin.conf`,
      CTRKIT_KUBELET_UNIT: 'none',
      CTRKIT_JOIN_COMMAND: `${KUBEADM} join --discovery-file {config} --node-name {node}`,
      CTRKIT_RESET_COMMAND: `${KUBEADM} reset --force`,
    });
    await stopPart('kubelet');
    const watch = here.watchApplications();
    try {
      await here.config.hset('KUBERNETES_MASTER|SERVER', { ip: '127.0.0.1', port: '6443' });
      await here.startLocal('1.0.0');
      await here.buildImage('2.0.0');
      here.startDaemon();
      await here.setConfig({ set_owner: 'kube' });
      await here.deploy('2.0.0');
      await here.untilRuns('local', '1.0.0');

      const joining = performance.now();
      const joined = await here.command(
        'ctrkit',
        'kube',
        'join',
        '--kubeconfig',
        process.env['KUBECONFIG'] ?? '',
      );
      assert.equal(joined.code, 0, joined.stderr);
      await here.untilReady('2.0.0');
      await here.untilRuns('kube', '2.0.0');
      t.diagnostic(`standalone to cluster: ${Math.round(performance.now() - joining)} ms`);
      const shown = await here.command('ctrkit', 'kube', 'status');
      assert.match(shown.stdout, /connected/i);
      assert.equal(await here.readVersion(), '2.0.0');

      const leaving = performance.now();
      const left = await here.command('ctrkit', 'kube', 'reset');
      assert.equal(left.code, 0, left.stderr);
      assert.equal((await here.status())['current_owner'], 'local', left.stderr);
      assert.equal(existsSync(kubeletConf), false);
      await here.untilRuns('local', '1.0.0');
      t.diagnostic(`cluster to standalone: ${Math.round(performance.now() - leaving)} ms`);
      assert.equal(await here.readVersion(), '1.0.0');
      assert.equal(await here.state.hget('KUBERNETES_MASTER|SERVER', 'connected'), 'false');
      const again = await here.command('ctrkit', 'kube', 'reset');
      assert.equal(again.code, 0, again.stderr);
      t.diagnostic(`looked ${watch.looks} times; longest without the application: ${watch.longestGapMs} ms`);
      assert.equal(watch.most, 1, 'it ran twice at one instant');
      assert.ok(watch.looks > 0);
    } finally {
      watch.stop();
      await here.stopDaemon();
      await startParts();
    }
  },
);
