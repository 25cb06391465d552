import assert from 'node:assert/strict';
import { docker } from '../../support/docker.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning } from '../support/assertions.ts';
import { elapsedMs, isClaim, isPending, isRelease } from '../support/recorder.ts';
import { signalKit } from '../support/signals.ts';
import { kill, scenario, SHIPPED_TIMES, type Switch } from '../support/switch.ts';

const others = { system_state: 'up' };

const untilPending = (here: Switch) =>
  here.until('the gate asks the host', async () => {
    const row = await here.status();
    return row['remote_state'] === 'pending' && row;
  });

scenario('kube asks the shipped host, waits for its ready, and runs only then (D8)', async (here, t) => {
  await here.startDatabaseForKube();
  const recorder = await here.record();
  const fromMs = bootMs();
  const container = await here.start('kube', { env: SHIPPED_TIMES });
  const asked = await untilPending(here);
  assert.equal(asked['container_version'], '1.0.0');
  assert.equal(asked['current_owner'], undefined);
  await assertNotRunning(container);

  here.startHost();
  await here.untilRuns(container);
  await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs, others });
  await recorder.settle();
  assert.deepEqual(recorder.remoteStates, ['pending', 'ready', 'running']);
  const ready = recorder.statusWrites.find(({ fields }) => fields['remote_state'] === 'ready');
  const tookMs = elapsedMs(ready, recorder.statusWrites.find(isClaim));
  t.diagnostic(`ready to running ${tookMs} ms; docker run to running ${bootMs() - fromMs} ms`);
});

scenario('a ready left behind by a killed container does not let the next one through (D6)', async (here) => {
  await here.startDatabaseForKube();
  const killed = await here.start('kube');
  const asked = await untilPending(here);
  // Killed between ready and running: stopped before the answer comes, so that it can't be quicker.
  await signalKit(killed, 'container_startup', 'STOP');
  await here.state.hset('FEATURE|snmp', 'remote_state', 'ready');
  await kill(killed);
  assert.deepEqual(await here.status(), { ...asked, remote_state: 'ready' });

  const recorder = await here.record();
  const fromMs = bootMs();
  const next = await here.start('kube');
  const { pending_token: token } = await untilPending(here);
  assert.notEqual(token, asked['pending_token']);
  await assertNotRunning(next);
  here.startHost();
  await here.untilRuns(next);
  await assertClaimed(here, next, { owner: 'kube', version: '1.0.0', fromMs, others });
  await recorder.settle();
  assert.deepEqual(recorder.remoteStates, ['pending', 'ready', 'running']);
});

scenario(
  'of two containers of one version started at once one goes, the other is held until that has stopped (D5)',
  async (here, t) => {
    await here.startDatabaseForKube();
    const recorder = await here.record();
    const both = await Promise.all([here.start('kube'), here.start('kube')]);
    // Both ask, so both hear the answer at the same moment.
    for (const one of both) await here.untilLogs(one, "snmp: waiting for the host's answer");
    here.startHost();
    const winnerId = await here.until('one of them goes', async () => (await here.status())['docker_id']);
    const [winner, loser] = winnerId === both[0].id ? both : [both[1], both[0]];
    assert.equal(winnerId, winner.id);
    await here.untilAnswers(winner);
    const { text } = await here.untilHeld(loser, 'superseded');
    assert.match(text ?? '', new RegExp(`container ${winner.id}, version 1\\.0\\.0, was let in first`));
    await assertNotRunning(loser);
    await recorder.settle();
    assert.equal(recorder.statusWrites.filter(isClaim).length, 1);

    const fromMs = bootMs();
    await here.stop(winner);
    await here.untilRuns(loser);
    await assertClaimed(here, loser, { owner: 'kube', version: '1.0.0', fromMs, others });
    await recorder.settle();
    const writes = recorder.statusWrites;
    const release = writes.findIndex(isRelease);
    const tookMs = elapsedMs(writes[release], writes.slice(release).find(isPending));
    t.diagnostic(`released to the other one's pending ${tookMs} ms`);
    assert.deepEqual(
      writes.filter((write) => isClaim(write) || isRelease(write)).map(({ fields }) => fields['docker_id']),
      [winner.id, '', loser.id],
    );
    assert.equal((await docker(['inspect', loser.id, '-f', '{{.RestartCount}}'])).stdout.trim(), '0');
  },
);
