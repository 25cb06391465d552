import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { docker, dockerOutput } from '../../support/docker.ts';
import { IMAGES, buildImage, readLogs, stopContainer } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertReleased, listCommands, readClaimFile } from '../support/assertions.ts';
import { isRelease, type Recorder } from '../support/recorder.ts';
import { kill, scenario, type Switch } from '../support/switch.ts';

/** supervisord's word for a program that it had to kill, after 10 s: it did not end by itself. */
const KILLING = /killing '/;
/** After it everything is killed. */
const GRACE_S = 30;

/** The application of a switch that takes its time: `count` programs, each needing so many seconds from its SIGTERM. */
const slowImage = (count: number, seconds: number): Promise<string> => {
  const programs = Array.from({ length: count }, (_, i) => [
    `[program:slow${i}]`,
    'command=/usr/bin/slow',
    `priority=${100 + i}`,
    `stopwaitsecs=${seconds + 60}`,
    'stdout_logfile=NONE',
    'stderr_logfile=NONE',
  ]);
  const quote = (lines: readonly string[]) => lines.map((line) => `'${line}'`).join(' ');
  const slow = [
    '#!/bin/sh',
    `trap "sleep ${seconds}; exit 0" TERM`,
    ': >/run/slow.$$',
    'while :; do sleep 1 & wait $!; done',
  ];
  return buildImage(
    `slow${count}-${seconds}`,
    [
      `FROM ${IMAGES.snmp}:1.0.0`,
      `RUN printf '%s\\n' ${quote(slow)} >/usr/bin/slow && chmod 755 /usr/bin/slow`,
      `RUN printf '%s\\n' ${quote(programs.flat())} >/etc/supervisor/conf.d/slow.conf`,
    ].join('\n'),
  );
};

/** `docker stop`, how long it took, and how long after its beginning the record was released. */
async function stopAndMeasure(
  t: TestContext,
  what: string,
  by: { readonly recorder: Recorder; readonly stop: () => Promise<{ tookMs: number; exitCode: number }> },
): Promise<{ releasedMs: number; tookMs: number; exitCode: number }> {
  const beganMs = Date.now();
  const { tookMs, exitCode } = await by.stop();
  await by.recorder.settle();
  const releases = by.recorder.statusWrites.filter(isRelease);
  assert.equal(releases.length, 1, `released ${releases.length} times by the end of docker stop`);
  const releasedMs = Math.round((releases[0]?.atMs ?? NaN) - beganMs);
  t.diagnostic(
    `${what}: released after ${releasedMs} ms, stopped after ${Math.round(tookMs)} ms, exit ${exitCode}`,
  );
  return { releasedMs, tookMs, exitCode };
}

for (const owner of ['local', 'kube'] as const) {
  const others: Record<string, string> =
    owner === 'kube' ? { system_state: 'up' } : { system_state: 'up', remote_state: 'none' };

  scenario(
    `docker stop releases the record of owner ${owner}, and the container starts again as a new one (D10)`,
    async (here, t) => {
      await here.startDatabaseForKube();
      if (owner === 'local') await here.state.hset('FEATURE|snmp', 'remote_state', 'none');
      const container = await here.start(owner);
      here.startHost();
      await here.untilRuns(container);
      const claimed = await here.status();
      const recorder = await here.record();
      // The wall clock's next second: the release shows its own time.
      await here.until('a second', async () => Date.now() > (Number(claimed['last_update_ts']) + 1) * 1000);
      const stop = () => stopContainer(container);
      const { exitCode } = await stopAndMeasure(t, owner, { recorder, stop });
      await assertReleased(here, claimed, others);
      const { last_update_ts } = await here.status();
      assert.ok(Number(last_update_ts) > Number(claimed['last_update_ts']), 'the time is that of the claim');
      assert.equal(exitCode, 0, 'it did not end by itself');
      assert.doesNotMatch(await readLogs(container), KILLING);

      const fromMs = bootMs();
      await dockerOutput(['start', container.id]);
      await here.untilRuns(container);
      await assertClaimed(here, container, { owner, version: '1.0.0', fromMs, others });
      assert.notEqual((await here.status())['claim_token'], claimed['claim_token']);
    },
  );

  scenario(
    `docker stop of owner ${owner} does not wait for a database that does not answer`,
    async (here, t) => {
      await here.startDatabaseForKube();
      const container = await here.start(owner);
      here.startHost();
      await here.untilRuns(container);
      await dockerOutput(['pause', here.database.id]);
      const { tookMs, exitCode } = await stopContainer(container);
      t.diagnostic(`${owner}, database paused: stopped after ${Math.round(tookMs)} ms, exit ${exitCode}`);
      assert.equal(exitCode, 0, 'it did not end by itself');
      assert.match(await readLogs(container), /ctrkit_agent: snmp: not released/);
      assert.doesNotMatch(await readLogs(container), KILLING);
      await docker(['unpause', here.database.id]);
    },
  );
}

scenario(
  'docker stop of a held container ends it, and leaves the record alone (D7, D12)',
  async (here, t) => {
    await here.startDatabaseForKube();
    await here.config.hset('FEATURE|snmp', 'state', 'disabled');
    const before = await here.status();
    const container = await here.start('kube');
    await here.untilHeld(container, 'feature-disabled');
    const { tookMs, exitCode } = await stopContainer(container);
    t.diagnostic(`held: stopped after ${Math.round(tookMs)} ms, exit ${exitCode}`);
    assert.equal(exitCode, 0, 'it did not end by itself');
    assert.doesNotMatch(await readLogs(container), KILLING);
    assert.deepEqual(await here.status(), before);
  },
);

const untilSlow = (here: Switch, id: string, count: number) =>
  here.until('the slow programs run', async () => {
    const { stdout } = await docker(['exec', id, 'sh', '-c', 'ls /run/slow.* | wc -l']);
    return stdout.trim() === String(count);
  });

scenario(
  'docker stop releases the record of an application that needs 6 s to stop (D11)',
  async (here, t) => {
    const image = await slowImage(1, 6);
    await here.startDatabaseForKube();
    const container = await here.start('kube', { image });
    here.startHost();
    await here.untilRuns(container);
    await untilSlow(here, container.id, 1);
    const claimed = await here.status();
    const recorder = await here.record();
    const stop = () => stopContainer(container);
    const { releasedMs, exitCode } = await stopAndMeasure(t, '6 s application', { recorder, stop });
    await assertReleased(here, claimed, { system_state: 'up' });
    assert.ok(releasedMs >= 6_000, `released after ${releasedMs} ms, while the application ran`);
    assert.equal(exitCode, 0, 'it did not end by itself');
  },
);

scenario(
  'docker stop releases the record also of an application that does not stop in time (D11)',
  async (here, t) => {
    const image = await slowImage(2, GRACE_S);
    await here.startDatabaseForKube();
    const container = await here.start('kube', { image });
    here.startHost();
    await here.untilRuns(container);
    await untilSlow(here, container.id, 2);
    const claimed = await here.status();
    const recorder = await here.record();
    const stop = () => stopContainer(container, GRACE_S);
    const { exitCode } = await stopAndMeasure(t, `application of ${2 * GRACE_S} s`, { recorder, stop });
    assert.equal(exitCode, 137, 'docker had no need to kill it: the application was not slow');
    await assertReleased(here, claimed, { system_state: 'up' });
    // In one step with the release comes the last heartbeat.
    const release = recorder.writes.findLastIndex(isRelease);
    const after = recorder.writes.slice(release + 1).filter(({ isByScript }) => isByScript);
    assert.deepEqual(
      after.map(({ key, fields }) => [key, fields['status']]),
      [['CONTAINER_HEALTH|snmp', 'stopping']],
      'more was written after the release',
    );
  },
);

scenario(
  'a claim left by an earlier start of the container is not taken up by the next one, which is held',
  async (here) => {
    await here.startDatabaseForKube();
    const container = await here.startRunning('1.0.0');
    const { token } = await readClaimFile(container);
    await kill(container);
    await here.state.del('FEATURE|snmp', 'CONTAINER_HEALTH|snmp');
    await here.config.hset('FEATURE|snmp', 'state', 'disabled');
    const recorder = await here.record();
    await dockerOutput(['start', container.id]);
    await here.untilHeld(container, 'feature-disabled');
    await here.until(
      'supervisord has seen the agent run',
      async () => (await readLogs(container)).split('ctrkit_agent entered RUNNING').length === 3,
    );
    assert.ok((await listCommands(container)).some((line) => line.includes('load.cjs ctrkit_agent')));
    const written = recorder.writes.filter(({ isByScript }) => isByScript).map(({ key }) => key);
    assert.deepEqual([...new Set(written)], [`CONTAINER_HOLD|snmp|${container.id}`]);

    await here.state.hset('FEATURE|snmp', 'system_state', 'up');
    await here.config.hset('FEATURE|snmp', 'state', 'enabled');
    await here.untilRuns(container);
    assert.notEqual((await readClaimFile(container))['token'], token);
  },
);
