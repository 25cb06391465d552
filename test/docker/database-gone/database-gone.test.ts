import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { docker } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning, listCommands, readClaimFile } from '../support/assertions.ts';
import { scenario, type Switch } from '../support/switch.ts';

/** Starts the database again, empty; the record of `container` is there again. */
async function assertRecordedAgain(
  t: TestContext,
  what: string,
  by: { readonly here: Switch; readonly container: Container },
): Promise<void> {
  const { here, container } = by;
  const startedMs = performance.now();
  await here.restartDatabase();
  const fromMs = performance.now();
  assert.equal(await here.config.exists('FEATURE|snmp'), 0, 'the database is not empty');
  await here.until(
    'the record is there again',
    async () => (await here.state.hget('FEATURE|snmp', 'docker_id')) === container.id,
    5,
  );
  const doneMs = performance.now();
  const tookMs = Math.round(doneMs - fromMs);
  t.diagnostic(
    `${what}: recorded ${tookMs} ms after the database answered, ${Math.round(doneMs - startedMs)} ms after its start`,
  );
}

for (const owner of ['local', 'kube'] as const) {
  scenario(
    `the record of owner ${owner} is made again when the database came back empty at once`,
    async (here, t) => {
      await here.startDatabaseForKube();
      // An interval that nobody waits for: the agent must not wait for its next heartbeat.
      const container = await here.start(owner, { env: { CTRKIT_HEARTBEAT_INTERVAL: '600s' } });
      here.startHost();
      await here.untilRuns(container);
      await here.until('it beats', async () => (await here.health())['docker_id'] === container.id);
      const token = (await here.status())['claim_token'];
      const isSnmpd = (line: string) => line.includes('/usr/sbin/snmpd');
      const running = (await listCommands(container)).filter(isSnmpd);
      here.stopHost();

      const fromMs = bootMs();
      await here.killDatabase();
      await assertRecordedAgain(t, `${owner}, back at once`, { here, container });
      await assertClaimed(here, container, { owner, version: '1.0.0', fromMs });
      assert.equal((await here.status())['claim_token'], token);
      assert.equal((await here.health())['token'], token);
      assert.deepEqual(
        await here.state.hgetall('KUBE_LABELS|SET'),
        owner === 'local' ? { snmp_local: '1.0.0' } : {},
      );
      assert.deepEqual((await listCommands(container)).filter(isSnmpd), running, 'not the same snmpd');
      await here.untilAnswers(container);
    },
  );
}

scenario(
  'the record is made again when the database came back empty after the agent has missed it',
  async (here, t) => {
    await here.startDatabaseForKube();
    const container = await here.startRunning('1.0.0', { CTRKIT_HEARTBEAT_INTERVAL: '1s' });
    await here.killDatabase();
    await here.untilLogs(container, "can't be used");
    const fromMs = bootMs();
    await assertRecordedAgain(t, 'kube, back late', { here, container });
    await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs });
    await here.untilLogs(container, 'recorded');
  },
);

scenario(
  'kube waits for a database that died before the gate began, and goes on when it is back (D2)',
  async (here) => {
    await here.startDatabaseForKube();
    await here.killDatabase();
    const container = await here.start('kube');
    await here.untilLogs(container, 'snmp: waiting, not started: Redis at');
    await assertNotRunning(container);

    await here.restartDatabase();
    // Back, and empty: nobody has said that Kubernetes may run it.
    await here.untilHeld(container, 'owner-is-local');
    await assertNotRunning(container);
    const fromMs = bootMs();
    await here.wantKube();
    here.startHost();
    await here.untilRuns(container);
    const others = { system_state: 'up' };
    await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs, others });
  },
);

/** When a line of a container's log was written, wall clock, milliseconds. */
async function readLogTime(here: Switch, container: Container, text: string): Promise<number> {
  await here.untilLogs(container, text);
  const { stdout, stderr } = await docker(['logs', '--timestamps', container.id]);
  return Date.parse(
    (stdout + stderr)
      .split('\n')
      .find((line) => line.includes(text))
      ?.split(' ')[0] ?? '',
  );
}

scenario(
  'owner local starts without a database after its limit, not before, and is recorded when it is back (D2)',
  async (here, t) => {
    await here.startDatabase();
    await here.killDatabase();
    const container = await here.start('local', {
      env: { CTRKIT_LOCAL_DB_WAIT: '3s', CTRKIT_HEARTBEAT_INTERVAL: '1s' },
    });
    const waitsFromMs = await readLogTime(here, container, 'Waiting for it');
    await assertNotRunning(container);
    await here.untilAnswers(container);
    const waitedMs = (await readLogTime(here, container, 'Starting without a record')) - waitsFromMs;
    t.diagnostic(`local without a database started after ${waitedMs} ms of 3000`);
    assert.ok(waitedMs > 2_500, `waited ${waitedMs} ms`);
    assert.equal((await readClaimFile(container))['recorded'], false);

    const fromMs = bootMs();
    await assertRecordedAgain(t, 'local, never recorded', { here, container });
    await assertClaimed(here, container, { owner: 'local', version: '1.0.0', fromMs });
    assert.deepEqual(await here.state.hgetall('KUBE_LABELS|SET'), { snmp_local: '1.0.0' });
    await here.until(
      'the claim file says so',
      async () => (await readClaimFile(container))['recorded'] === true,
    );
  },
);
