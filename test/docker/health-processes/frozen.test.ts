import assert from 'node:assert/strict';
import { bootMs } from '../../support/boot-clock.ts';
import { checkIn } from '../support/checks.ts';
import { assertUnbroken, probeAll } from '../support/health-view.ts';
import { signalApplication } from '../support/signals.ts';
import { probe, scenario } from '../support/switch.ts';

const HOOK = 'required.d/snmp-get';

scenario(
  'snmpd frozen: noticed by the hook, not ready and to be restarted, healthy when it goes on (D13)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const recorder = await here.record();
    const container = await here.startRunning('1.0.0');
    const healthy = await here.untilStatus(container, 'healthy');
    assert.deepEqual(await probeAll(container), [0, 0, 0]);

    await signalApplication(container, 'snmp', 'STOP');
    const frozenMs = bootMs();
    const unhealthy = await here.untilStatus(container, 'unhealthy');
    const noticedMs = Number(unhealthy['beat_ms']) - frozenMs;
    t.diagnostic(`a frozen snmpd is recorded as unhealthy after ${noticedMs} ms`);
    assert.match(unhealthy['reason'] ?? '', /^required\.d\/snmp-get: snmpd does not answer: /);
    assert.equal(unhealthy['healthy_since_ms'], '');
    assert.equal(checkIn(unhealthy, HOOK)?.result, 'failing');
    // Its process is there: only who asks it finds out.
    assert.equal(checkIn(unhealthy, 'critical-processes')?.result, 'ok');
    assert.deepEqual(await probeAll(container), [0, 3, 3]);
    const { stdout } = await probe(container, 'readiness');
    assert.match(stdout, /^not ready \(3\): required\.d\/snmp-get: snmpd does not answer: [^\n]*\n$/);

    await signalApplication(container, 'snmp', 'CONT');
    const mended = await here.untilStatus(container, 'healthy');
    assert.ok(Number(mended['healthy_since_ms']) > Number(unhealthy['beat_ms']), 'the healthy clock went on');
    assert.deepEqual([mended['restarts'], mended['token']], ['0', healthy['token']]);
    assertUnbroken(recorder);
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    assert.deepEqual(await probe(container, 'readiness'), { code: 0, stdout: '' });
  },
);
