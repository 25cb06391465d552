import assert from 'node:assert/strict';
import {
  alterSnmp,
  alterSnmpd,
  CHECKS_FILE,
  EACH_SECOND,
  mountTexts,
  PROGRAMS_FILE,
  START_FILE,
} from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { probeAll, ProbeLines, statusCourse, untilCheckSays } from '../support/health-view.ts';
import { kill, probe, scenario } from '../support/switch.ts';

const SHORT_GRACE = `startupGraceSeconds = 4\n${EACH_SECOND[CHECKS_FILE]}`;

scenario(
  'start.sh ends with a failure: neither started nor ready nor ever healthy, though snmpd runs and answers (D13)',
  async (here, t) => {
    await here.startDatabase();
    const recorder = await here.record();
    const lines = await ProbeLines.watch(t);
    const start = await alterSnmp('start.sh', /$/, 'exit 3\n');
    const mounts = await mountTexts({ ...EACH_SECOND, [START_FILE]: start });
    const container = await here.start('local', { mounts: [...mounts, lines.mount] });
    await here.untilRuns(container);
    const row = await here.until('all else is well', async () => {
      const health = await here.health();
      const others = ['critical-processes', 'required.d/snmp-get'];
      return others.every((name) => checkIn(health, name)?.result === 'ok') && health;
    });
    assert.deepEqual([row['status'], row['reason']], ['unhealthy', 'start: start exited with 3']);
    // What a restart would mend is not known as long as kubelet's own patience with the start lasts.
    assert.deepEqual(await probeAll(container), [2, 2, 0]);
    const { stdout } = await probe(container, 'startup');
    assert.equal(stdout, 'not started (2): start: start exited with 3\n');
    await recorder.settle();
    assert.deepEqual(statusCourse(recorder), ['starting', 'unhealthy']);
    for (const answers of lines.answers) assert.match(answers, /^([1-9]\d*) [1-9]\d* 0$/);
  },
);

scenario(
  'start.sh hangs: starting and no reason for a restart, until the patience with the start-up is over (D13)',
  async (here) => {
    await here.startDatabase();
    const recorder = await here.record();
    const start = await alterSnmp('start.sh', /$/, 'exec sleep infinity\n');
    const mounts = await mountTexts({ [CHECKS_FILE]: SHORT_GRACE, [START_FILE]: start });
    const container = await here.start('local', { mounts });
    await here.untilRuns(container);
    const starting = await untilCheckSays(here, 'start', /^start has not finished: it is RUNNING$/);
    assert.equal(starting['status'], 'starting');
    assert.deepEqual(await probeAll(container), [2, 2, 0]);
    const late = await here.untilStatus(container, 'unhealthy');
    assert.ok(Number(late['beat_ms']) >= Number(late['started_ms']) + 4_000, 'no patience');
    await here.until('a restart is asked for', async () => (await probe(container, 'liveness')).code === 2);
    await recorder.settle();
    assert.deepEqual(statusCourse(recorder), ['starting', 'unhealthy']);
  },
);

scenario(
  'an image without a program start: there is no such check; one that checks.toml names has to be there (D13)',
  async (here) => {
    await here.startDatabase();
    const programs = await alterSnmpd('[program:start]', '[program:boot]');
    const mounts = await mountTexts({ ...EACH_SECOND, [PROGRAMS_FILE]: programs });
    const container = await here.start('local', { mounts });
    await here.untilStatus(container, 'healthy');
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    assert.equal(checkIn(await here.health(), 'start'), undefined);
    await kill(container);

    const config = `startProgram = "start"\n${EACH_SECOND[CHECKS_FILE]}`;
    const told = await mountTexts({ [CHECKS_FILE]: config, [PROGRAMS_FILE]: programs });
    const ill = await here.start('local', { mounts: told });
    await here.until('the others are well', async () => {
      const row = await here.health();
      return checkIn(row, 'required.d/snmp-get')?.result === 'ok';
    });
    // The image's mistake: no restart would mend it, and so no start-up probe may ask for one.
    await here.untilStatus(ill, 'unhealthy');
    assert.deepEqual(await probeAll(ill), [0, 2, 0]);
    const { stdout } = await probe(ill, 'readiness');
    assert.match(stdout, /^not ready \(2\): start: supervisord has no program "start", .*checks\.toml .*\n$/);
  },
);
