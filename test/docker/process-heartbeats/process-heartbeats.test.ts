import assert from 'node:assert/strict';
import { bootMs } from '../../support/boot-clock.ts';
import {
  alterSnmpd,
  EACH_SECOND,
  MORE_PROGRAMS_FILE,
  mountTexts,
  PROGRAMS_FILE,
} from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { probeAll, untilCheckSays } from '../support/health-view.ts';
import { signalApplication } from '../support/signals.ts';
import { probe, scenario, type Switch } from '../support/switch.ts';

const CHECK = 'process-heartbeats';
const HOOK_FILE = '/etc/ctrkit/checks/required.d/snmp-get';
const WATCHDOG_FILE = '/etc/supervisor/watchdog_processes';
const BEATING_FILE = '/usr/bin/beating-snmpd';

/** The emitter of docs/checks.md, for a program that can't be changed, four times a second. */
const BEATING_SNMPD = `#!/bin/sh
answers() { snmpget -v2c -c public -t 0.5 -r 0 -m '' udp:127.0.0.1:161 1.3.6.1.2.1.1.3.0 >/dev/null 2>&1; }
beat() { answers && printf '<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->'; }
while sleep 0.25 && kill -0 $$ 2>/dev/null; do beat; done &
exec /usr/sbin/snmpd "$@"
`;

const setIntervals = (here: Switch, process: string) =>
  here.config.hset(`HEARTBEAT|${process}`, { heartbeat_interval: '500', alert_interval: '4000' });

/** snmpd by way of the emitter; the image's own hook, which asks the same, is not there. */
async function mountBeatingSnmpd(): Promise<string[]> {
  const command = 'command=/usr/sbin/snmpd ';
  const beating = `stdout_capture_maxbytes=1KB\ncommand=${BEATING_FILE} `;
  return mountTexts({
    ...EACH_SECOND,
    [HOOK_FILE]: '#!/bin/sh\n',
    [PROGRAMS_FILE]: await alterSnmpd(command, beating),
    [BEATING_FILE]: BEATING_SNMPD,
    [WATCHDOG_FILE]: 'program:snmpd\n',
  });
}

scenario(
  'a process that beats and is frozen: late, then dead, not ready and to be restarted, healthy when it beats again (D15)',
  async (here, t) => {
    await here.startDatabase();
    await setIntervals(here, 'snmpd');
    const env = { CTRKIT_HEARTBEAT_INTERVAL: '200ms' };
    const container = await here.start('local', { mounts: await mountBeatingSnmpd(), env });
    const healthy = await here.untilStatus(container, 'healthy');
    assert.deepEqual(
      { ...checkIn(healthy, CHECK), since_ms: 0 },
      { name: CHECK, kind: 'required', result: 'ok', since_ms: 0, message: '' },
    );
    // Longer than it takes a process that never beats.
    const beganMs = Number(healthy['beat_ms']);
    await here.until('5 s', async () => Number((await here.health())['beat_ms']) > beganMs + 5_000, 200);
    assert.equal((await here.health())['healthy_since_ms'], healthy['healthy_since_ms']);

    await signalApplication(container, 'snmp', 'STOP');
    const frozenMs = bootMs();
    const late = await untilCheckSays(here, CHECK, /^snmpd beats late: the last was \d s ago$/);
    assert.deepEqual([late['status'], checkIn(late, CHECK)?.result], ['healthy', 'ok']);
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    const dead = await here.untilStatus(container, 'unhealthy');
    const tookMs = Number(dead['beat_ms']) - frozenMs;
    t.diagnostic(`a process frozen, alert_interval 4 s: dead after ${tookMs} ms`);
    assert.ok(tookMs > 2_500, `dead after ${tookMs} ms already`);
    assert.match(dead['reason'] ?? '', /^process-heartbeats: snmpd has not beaten for \d s$/);
    assert.deepEqual(await probeAll(container), [0, 10, 10]);
    const { stdout } = await probe(container, 'liveness');
    assert.match(stdout, /^not live \(10\): process-heartbeats: snmpd has not beaten for \d+ s\n$/);

    await signalApplication(container, 'snmp', 'CONT');
    const mended = await here.untilStatus(container, 'healthy');
    assert.equal(mended['restarts'], '0');
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
  },
);

scenario(
  'a process that promises to beat and never does: not ready, and says so, and no reason for a restart (D15)',
  async (here) => {
    await here.startDatabase();
    await setIntervals(here, 'mute');
    const container = await here.start('local', {
      mounts: await mountTexts({
        ...EACH_SECOND,
        [MORE_PROGRAMS_FILE]: '[program:mute]\ncommand=sleep infinity\n',
        [WATCHDOG_FILE]: 'program:mute\n',
      }),
    });
    const never = await here.untilStatus(container, 'unhealthy');
    assert.match(never['reason'] ?? '', /^process-heartbeats: mute has never beaten since it runs, \d+ s: /);
    assert.equal(checkIn(never, CHECK)?.result, 'failing');
    const [, ...answers] = await probeAll(container);
    assert.deepEqual(answers, [10, 0]);
  },
);
