import assert from 'node:assert/strict';
import { readLogs } from '../../support/images.ts';
import { BOOT_ID, bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning } from '../support/assertions.ts';
import { scenario } from '../support/switch.ts';

scenario(
  'owner local: snmpd does not run before go, answers after it, and the record has its own container id (D2, D4, D25)',
  async (here) => {
    const fromMs = bootMs();
    const container = await here.start('local');
    await here.untilLogs(container, "can't be used");
    await assertNotRunning(container);

    await here.startDatabase();
    await here.untilRuns(container);
    await assertClaimed(here, container, { owner: 'local', version: '1.0.0', fromMs });
    assert.deepEqual(await here.state.hgetall('KUBE_LABELS|SET'), { snmp_local: '1.0.0' });
  },
);

scenario(
  'owner local goes whatever the switch wants, in a container with a terminal, and leaves the fields of the host alone',
  async (here, t) => {
    await here.startDatabase();
    await here.config.hset('FEATURE|snmp', { set_owner: 'kube', state: 'disabled' });
    const others = { system_state: 'down', remote_state: 'none' };
    await here.state.hset('FEATURE|snmp', others);
    const fromMs = bootMs();
    const container = await here.start('local', { tag: '2.0.0', args: ['-t'] });
    await here.untilRuns(container, '2.0.0');
    t.diagnostic(`docker run to the first answer of snmpd: ${bootMs() - fromMs} ms`);
    await assertClaimed(here, container, { owner: 'local', version: '2.0.0', fromMs, others });
    assert.deepEqual(await here.state.hgetall('KUBE_LABELS|SET'), { snmp_local: '2.0.0' });

    // The agent renews it, and both log where `docker logs` looks.
    const beat = await here.untilStatus(container, 'healthy');
    const { claim_token: token } = await here.status();
    assert.deepEqual(
      [beat['token'], beat['docker_id'], beat['owner'], beat['version'], beat['boot_id']],
      [token, container.id, 'local', '2.0.0', BOOT_ID],
    );
    await here.untilLogs(container, `container ${container.id}`);
    assert.match(await readLogs(container), /ctrkit_agent: snmp: .*local, version 2\.0\.0/);
  },
);
