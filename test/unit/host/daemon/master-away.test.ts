import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { masterStatusRow } from '../../../../src/contract/cluster/master-status.ts';
import { BEAT_EVERY_MS, CONFIG_ROW, FakeHost, STATUS_ROW } from '../../../support/fake-host.ts';

const CHANGES = [
  { server_reachability: 'false' },
  { server_reachability: 'true' },
  { connected: 'false' },
  { connected: 'true', server_reachability: 'false' },
  { server_reachability: 'true' },
];

describe('a master that comes and goes', () => {
  test('restarts nothing and blames nobody, whoever runs the feature', async () => {
    for (const owner of ['kube', 'local', 'none']) {
      const host = new FakeHost();
      const running = host.start();
      await host.settle();
      if (owner === 'kube') host.deploy();
      else
        host.databases.put(STATUS_ROW, {
          current_owner: owner,
          docker_id: owner === 'local' ? 'aaaaaaaaaaaa' : '',
          container_id: owner === 'local' ? 'snmp' : '',
          remote_state: 'none',
        });
      await host.settle();
      for (const change of CHANGES) {
        host.databases.put(masterStatusRow, change);
        await host.settle();
        if (owner === 'kube') await host.beatFor(BEAT_EVERY_MS);
        else await host.pass(BEAT_EVERY_MS);
      }
      assert.deepEqual(host.restarts, [], owner);
      assert.deepEqual(host.ledger().fallbacks, [], owner);
      host.stop();
      await running;
    }
  });

  test('nothing that is deployed is no failure while the master does not answer, and is one when it does', async () => {
    const host = new FakeHost();
    host.databases.put(CONFIG_ROW, { remote_fail_detection: '900' });
    host.databases.put(masterStatusRow, { connected: 'true', server_reachability: 'false' });
    const running = host.start();
    await host.settle();
    await host.pass(600_000);
    assert.notEqual(host.view?.features['snmp']?.fallback.kind, 'failing');
    host.databases.put(masterStatusRow, { server_reachability: 'true' });
    await host.pass(1_000);
    assert.equal(host.view?.features['snmp']?.fallback.kind, 'failing');
    host.stop();
    await running;
  });
});
