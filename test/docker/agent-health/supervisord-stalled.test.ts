import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertCountsOn } from '../support/agent.ts';
import { EACH_SECOND, MORE_PROGRAMS_FILE, mountTexts } from '../support/altered-files.ts';
import { checkIn, SNMP_HOOK } from '../support/checks.ts';
import { ProbeWatch } from '../support/probe-watch.ts';
import { probe, scenario, type Row, type Switch } from '../support/switch.ts';

/** UNKNOWN_KEEPS_RESULT_MS of the agent, and for how long after its last answer supervisord may be taken to be well. */
const UNKNOWN_KEEPS_RESULT_MS = 30_000;
const PERIOD_MS = 1_000;

/** Beats each second, and whoever beats later than in 20 s is dead: the stall takes longer. */
const BEATER = `
[program:beater]
command=/bin/sh -c 'while sleep 1; do printf "<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->"; done'
stdout_capture_maxbytes=1KB
stdout_logfile=NONE
`;
const INTERVALS = { heartbeat_interval: '8000', alert_interval: '20000' };

/** Of supervisord: the checks that can't be told without it. */
const ASKED = ['start', 'critical-processes', 'process-heartbeats'];

const resultsIn = (health: Row, names: readonly string[]) =>
  names.map((name) => checkIn(health, name)?.result);

async function startBeating(here: Switch): Promise<Container> {
  await here.startDatabase();
  await here.config.hset('HEARTBEAT|beater', INTERVALS);
  const mounts = await mountTexts({
    ...EACH_SECOND,
    [MORE_PROGRAMS_FILE]: BEATER,
    '/etc/supervisor/watchdog_processes': 'program:beater\n',
  });
  return here.start('local', { env: { CTRKIT_HEARTBEAT_INTERVAL: '1s' }, mounts });
}

scenario(
  'a supervisord that does not answer is unknown, never unhealthy: not ready only when its last answer is stale, live all along',
  async (here, t) => {
    const container = await startBeating(here);
    await here.untilStatus(container, 'healthy');
    const recorder = await here.record();
    const watch = new ProbeWatch(container);

    await dockerOutput(['kill', '--signal', 'STOP', container.id]);
    const stalledMs = bootMs();
    const degraded = await here.untilStatus(container, 'degraded');
    assert.equal(degraded['healthy_since_ms'], '', 'the healthy clock goes on');
    await here.until('all that asks supervisord is unknown', async () =>
      resultsIn(await here.health(), ASKED).every((result) => result === 'unknown'),
    );
    assert.deepEqual(resultsIn(await here.health(), [SNMP_HOOK]), ['ok']);

    const isUnready = () => watch.answers.find(({ readiness }) => readiness !== 0);
    const unready = await here.until('not ready', async () => isUnready());
    const afterMs = unready.toMs - stalledMs;
    t.diagnostic(`not ready ${afterMs} ms after supervisord was stopped`);
    // Its last answer is up to a period older than the stall.
    assert.ok(afterMs > UNKNOWN_KEEPS_RESULT_MS - 2 * PERIOD_MS, `not ready after ${afterMs} ms already`);
    const { code, stdout } = await probe(container, 'readiness');
    assert.equal(code, 11);
    assert.match(stdout, /^not ready \(11\): start: /);

    await dockerOutput(['kill', '--signal', 'CONT', container.id]);
    const mended = await here.untilStatus(container, 'healthy');
    assert.ok(
      Number(mended['healthy_since_ms']) > stalledMs + UNKNOWN_KEEPS_RESULT_MS,
      'the healthy clock went on',
    );
    const beats = recorder.heartbeats.length;
    await here.until('it beats on', async () => recorder.heartbeats.length > beats + 8);
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/0/0', '0/11/0']);
    assert.equal(watch.answers.at(-1)?.readiness, 0);

    const { heartbeats } = recorder;
    assertCountsOn(heartbeats);
    assert.deepEqual(
      heartbeats.filter(({ status }) => status !== 'healthy' && status !== 'degraded'),
      [],
    );
    assert.deepEqual(
      heartbeats.filter((beat) => beat['checks']?.includes('"failing"')),
      [],
      'taken for dead',
    );
    assert.deepEqual(resultsIn(await here.health(), ASKED), ['ok', 'ok', 'ok']);
  },
);
