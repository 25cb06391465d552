import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { readLogs, stopContainer, type Container } from '../../support/images.ts';
import type { Write } from '../support/recorder.ts';
import { signalKit } from '../support/signals.ts';
import { scenario } from '../support/switch.ts';

const env = { CTRKIT_HEARTBEAT_INTERVAL: '1s' };

const FREEZERS = [
  {
    title: 'its agent stopped by SIGSTOP',
    freeze: (container: Container) => signalKit(container, 'ctrkit_agent', 'STOP'),
    thaw: (container: Container) => signalKit(container, 'ctrkit_agent', 'CONT'),
  },
  {
    title: 'the whole of it paused',
    freeze: (container: Container) => dockerOutput(['pause', container.id]),
    thaw: (container: Container) => dockerOutput(['unpause', container.id]),
  },
];

for (const { title, freeze, thaw } of FREEZERS) {
  scenario(
    `a container that wakes up after another one has taken over writes nothing: ${title} (D5)`,
    async (here) => {
      await here.startDatabaseForKube();
      const late = await here.startRunning('1.0.0', env);
      await here.until('it beats', async () => (await here.health())['docker_id'] === late.id);
      await freeze(late);
      const holder = await here.start('kube', { env });
      await here.untilRuns(holder);
      const claimed = await here.status();
      await here.until('the new one beats', async () => (await here.health())['docker_id'] === holder.id);

      const recorder = await here.record();
      await thaw(late);
      await here.untilLogs(late, 'superseded');
      const { seq } = await here.health();
      await here.until('the holder beats on', async () => Number((await here.health())['seq']) > Number(seq));
      const { exitCode } = await stopContainer(late);
      assert.equal(exitCode, 0);
      assert.match(await readLogs(late), /ctrkit_agent: snmp: not released/);

      await recorder.settle();
      const ofHolder = ({ key, fields }: Write) =>
        key === 'CONTAINER_HEALTH|snmp' && fields['token'] === claimed['claim_token'];
      // Whether the server takes writes is tried on a row of its own, which is as it was afterwards.
      const isTry = ({ key }: Write) => key.startsWith(`CONTAINER_HOLD|snmp|${late.id}`);
      assert.equal(await here.state.exists(`CONTAINER_HOLD|snmp|${late.id}`), 0);
      assert.deepEqual(
        recorder.writes.filter((write) => !ofHolder(write) && !isTry(write)),
        [],
        'more was written than the heartbeats of the holder',
      );
      assert.ok(recorder.writes.length > 0, 'nothing was recorded');
      assert.deepEqual(await here.status(), claimed);
      await here.untilAnswers(holder);
    },
  );
}
