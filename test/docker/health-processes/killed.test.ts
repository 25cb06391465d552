import assert from 'node:assert/strict';
import { execIn, readLogs } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { alterSnmpd, CHECKS_FILE, EACH_SECOND, mountTexts, PROGRAMS_FILE } from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { assertUnbroken, probeAll } from '../support/health-view.ts';
import { signalApplication } from '../support/signals.ts';
import { probe, scenario } from '../support/switch.ts';

const REPORT = /ctrkit_agent: .*critical process snmpd .*the container is not ended/g;
/** Only the hook is asked: the end of a process is told by its event, or by nothing in the time of this test. */
const HOOK_ALONE =
  '[defaults]\nperiodSeconds = 3600\n[hooks]\n"required.d/snmp-get" = { periodSeconds = 1 }\n';

scenario(
  'snmpd killed, auto_restart disabled: told at once and said once, the container goes on, healthy when snmpd is started',
  async (here, t) => {
    await here.startDatabase();
    await here.config.hset('FEATURE|snmp', 'auto_restart', 'disabled');
    const recorder = await here.record();
    const mounts = await mountTexts({ [CHECKS_FILE]: HOOK_ALONE });
    const env = { CTRKIT_HEARTBEAT_INTERVAL: '500ms' };
    const container = await here.start('local', { mounts, env });
    const healthy = await here.untilStatus(container, 'healthy');

    await signalApplication(container, 'snmp', 'KILL');
    const killedMs = bootMs();
    const unhealthy = await here.untilStatus(container, 'unhealthy');
    t.diagnostic(
      `a killed snmpd is recorded as unhealthy after ${Number(unhealthy['beat_ms']) - killedMs} ms`,
    );
    assert.match(unhealthy['reason'] ?? '', /^critical-processes: snmpd was ended by a signal/);
    assert.equal(checkIn(unhealthy, 'critical-processes')?.result, 'failing');
    assert.deepEqual(await probeAll(container), [0, 10, 10]);
    const { stdout } = await probe(container, 'readiness');
    assert.match(stdout, /^not ready \(10\): critical-processes: snmpd was ended by a signal[^\n]*\n$/);

    // Some heartbeats later it has still been said once, and the container is still there.
    const seq = Number(unhealthy['seq']);
    await here.until('six heartbeats', async () => Number((await here.health())['seq']) >= seq + 6);
    const reports = (await readLogs(container)).match(REPORT) ?? [];
    assert.equal(reports.length, 1, reports.join('\n'));
    assert.match(reports[0] ?? '', /snmpd was ended by a signal|snmpd exited unexpectedly/);
    assert.equal((await here.health())['status'], 'unhealthy');

    const { stdout: started } = await execIn(container, ['supervisorctl', 'start', 'snmpd']);
    assert.equal(started, 'snmpd: started\n');
    const mended = await here.untilStatus(container, 'healthy');
    assert.ok(Number(mended['healthy_since_ms']) > killedMs, 'the healthy clock went on');
    assert.deepEqual([mended['restarts'], mended['token']], ['1', healthy['token']]);
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    assertUnbroken(recorder);
  },
);

scenario(
  'snmpd killed, which supervisord starts again: unhealthy in between, healthy afterwards, one restart counted',
  async (here) => {
    await here.startDatabase();
    const programs = await alterSnmpd(
      'autostart=false\nautorestart=false',
      'autostart=false\nautorestart=true',
    );
    const mounts = await mountTexts({ ...EACH_SECOND, [PROGRAMS_FILE]: programs });
    const recorder = await here.record();
    const container = await here.start('local', { mounts });
    await here.untilStatus(container, 'healthy');

    await signalApplication(container, 'snmp', 'KILL');
    const killedMs = bootMs();
    const mended = await here.until('healthy again', async () => {
      const row = await here.health();
      return row['status'] === 'healthy' && Number(row['healthy_since_ms']) > killedMs && row;
    });
    assert.equal(mended['restarts'], '1');
    await recorder.settle();
    const inBetween = recorder.writes.find(({ fields }) => fields['status'] === 'unhealthy');
    assert.match(inBetween?.fields['reason'] ?? '', /^critical-processes: snmpd (is|was) /);
    await here.untilAnswers(container);
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    assertUnbroken(recorder);
  },
);
