import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dockerOutput } from '../../support/docker.ts';
import { execIn, readLogs, type Container } from '../../support/images.ts';
import {
  alterSnmp,
  alterSnmpd,
  EACH_SECOND,
  mountTexts,
  PROGRAMS_FILE,
  START_FILE,
} from '../support/altered-files.ts';
import { assertReleased } from '../support/assertions.ts';
import { probeAll, statusCourse } from '../support/health-view.ts';
import { signalApplication } from '../support/signals.ts';
import { scenario, type Switch } from '../support/switch.ts';

const TERMINATION_LOG = '/dev/termination-log';
const KILLED = /^\d{4}-\d\d-\d\dT\S+Z critical process snmpd was ended by a signal\n$/;
const ENDED_BEFORE =
  /^ctrkit_agent: this container was ended before: .* critical process snmpd was ended by a signal$/m;

const wantRestart = (here: Switch, autoRestart: string) =>
  here.config.hset('FEATURE|snmp', 'auto_restart', autoRestart);

/** By itself, with the exit code of a supervisord that was told to end; how long it took from now. */
async function untilEnded(here: Switch, container: Container): Promise<number> {
  const sinceMs = performance.now();
  const format = '{{.State.Status}} {{.State.ExitCode}}';
  await here.until('the container has ended', async () => {
    const state = await dockerOutput(['inspect', '-f', format, container.id]);
    return state === 'exited 0';
  });
  return Math.round(performance.now() - sinceMs);
}

const startAgain = (container: Container) => dockerOutput(['start', container.id]);

for (const autoRestart of ['enabled', 'always_enabled']) {
  scenario(
    `snmpd killed, auto_restart ${autoRestart}: the container ends and releases its record, and the next start knows why (D14)`,
    async (here, t) => {
      await here.startDatabaseForKube();
      await wantRestart(here, autoRestart);
      const mounts = await mountTexts({ ...EACH_SECOND, [TERMINATION_LOG]: '' });
      const container = await here.start('kube', { mounts });
      here.startHost();
      const healthy = await here.untilStatus(container, 'healthy');
      const claimed = await here.status();

      await signalApplication(container, 'snmp', 'KILL');
      const tookMs = await untilEnded(here, container);
      t.diagnostic(`${autoRestart}: ended ${tookMs} ms after snmpd was killed`);
      await assertReleased(here, claimed, { system_state: 'up' });
      assert.match(await readLogs(container), /snmpd was ended by a signal: ending supervisord, so that/);
      const shown = mounts.find((mount) => mount.endsWith(TERMINATION_LOG))?.split(':')[0] ?? '';
      assert.match(await readFile(shown, 'utf8'), KILLED);

      await startAgain(container);
      const again = await here.untilStatus(container, 'healthy');
      assert.notEqual(again['token'], healthy['token']);
      // Its own restarts are counted by whoever starts containers; this start has had none.
      assert.equal(again['restarts'], '0');
      const { stdout: kept } = await execIn(container, ['cat', '/run/ctrkit/last-end']);
      assert.match(kept, KILLED);
      assert.match(await readLogs(container), ENDED_BEFORE);
      assert.deepEqual(await probeAll(container), [0, 0, 0]);
    },
  );
}

scenario(
  'snmpd killed, auto_restart enabled, CTRKIT_CRITICAL_EXIT=report: unhealthy and reported, another listener may end it',
  async (here) => {
    await here.startDatabase();
    await wantRestart(here, 'enabled');
    const env = { CTRKIT_CRITICAL_EXIT: 'report', CTRKIT_HEARTBEAT_INTERVAL: '500ms' };
    const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND), env });
    await here.untilStatus(container, 'healthy');
    await signalApplication(container, 'snmp', 'KILL');
    const { seq } = await here.untilStatus(container, 'unhealthy');
    await here.until('six heartbeats', async () => Number((await here.health())['seq']) >= Number(seq) + 6);
    const said = (await readLogs(container)).match(/left to another exit listener, by CTRKIT_CRITICAL_EXIT/g);
    assert.equal(said?.length, 1);
    assert.deepEqual(await probeAll(container), [0, 10, 10]);
    const { code } = await execIn(container, ['test', '-e', '/run/ctrkit/last-end']);
    assert.equal(code, 1, 'there is a last end');
  },
);

scenario(
  'snmpd killed while the database is away, auto_restart known from before: the container ends and knows why (D14)',
  async (here, t) => {
    await here.startDatabase();
    await wantRestart(here, 'enabled');
    const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND) });
    await here.untilStatus(container, 'healthy');
    await here.killDatabase();
    await signalApplication(container, 'snmp', 'KILL');
    const tookMs = await untilEnded(here, container);
    t.diagnostic(`without a database: ended ${tookMs} ms after snmpd was killed`);
    await here.restartDatabase();
    await startAgain(container);
    await here.untilStatus(container, 'healthy');
    assert.match(await readLogs(container), ENDED_BEFORE);
  },
);

scenario(
  'snmpd killed before any database has told of auto_restart: reported, and ended as soon as one says enabled (D14)',
  async (here) => {
    const mounts = await mountTexts(EACH_SECOND);
    const container = await here.start('local', { mounts, env: { CTRKIT_LOCAL_DB_WAIT: '0' } });
    await here.untilAnswers(container);
    await here.until('healthy', async () => (await probeAll(container)).join() === '0,0,0');
    await signalApplication(container, 'snmp', 'KILL');
    await here.untilLogs(container, 'the container is not ended, as auto_restart is not known yet');
    await here.until('the probe says so', async () => (await probeAll(container))[1] === 10);
    assert.deepEqual(await probeAll(container), [0, 10, 10]);
    await here.startDatabase();
    await wantRestart(here, 'enabled');
    await untilEnded(here, container);
    assert.match(await readLogs(container), /snmpd was ended by a signal: ending supervisord/);
  },
);

scenario(
  'snmpd FATAL, auto_restart enabled: the container ends, was never healthy, and the next start knows why (D13, D14)',
  async (here) => {
    await here.startDatabase();
    await wantRestart(here, 'enabled');
    const recorder = await here.record();
    const programs = await alterSnmpd(
      /command=\/usr\/sbin\/snmpd .*/,
      // On a busy machine it may live for longer than supervisord's second.
      'command=/usr/sbin/snmpd -f -c /dev/null nonsense:1\nstartretries=1\nstartsecs=60',
    );
    const start = await alterSnmp('start.sh', /$/, 'exit 0\n');
    const texts = { ...EACH_SECOND, [PROGRAMS_FILE]: programs, [START_FILE]: start };
    const container = await here.start('local', { mounts: await mountTexts(texts) });
    await untilEnded(here, container);
    assert.ok(!statusCourse(recorder).includes('healthy'), statusCourse(recorder).join());
    assert.equal((await here.status())['current_owner'], 'none');
    await startAgain(container);
    await here.untilLogs(container, 'this container was ended before: ');
    assert.match(await readLogs(container), /was ended before: \S+Z critical process snmpd is FATAL/);
  },
);
