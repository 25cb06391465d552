import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import type { Container } from '../../support/images.ts';
import { listCommands } from '../support/assertions.ts';
import { probeAll } from '../support/health-view.ts';
import { ProbeWatch, readStaleAtMs } from '../support/probe-watch.ts';
import { scenario } from '../support/switch.ts';
import { startLayout, untilHeld, untilWell } from './course.ts';
import {
  asksInEntrypoint,
  asksLongBefore,
  gatedEntrypoint,
  GO_ON_FILE,
  withoutSupervisord,
} from './layout-images.ts';

for (const layout of [asksInEntrypoint, gatedEntrypoint, withoutSupervisord])
  scenario(
    `${layout.title}: held without an agent, it answers the probes for as long as it is held (G6)`,
    async (here) => {
      await here.startDatabaseForKube();
      await here.config.hset('FEATURE|snmp', 'state', 'disabled');
      const container = await startLayout(here, layout, { owner: 'kube' });
      await untilHeld(here, container);
      assert.ok(
        !(await listCommands(container)).some((line) => line.includes('python3 /usr/bin/supervisord')),
      );
      const watch = new ProbeWatch(container);
      // A line is good for 30 s: one that is written again and again is good for ever.
      for (const round of ['first', 'second']) {
        const staleAtMs = await readStaleAtMs(container);
        await here.until(
          `the ${round} renewal`,
          async () => (await readStaleAtMs(container)) > staleAtMs,
          500,
        );
      }
      await watch.end();
      assert.deepEqual(watch.kinds, ['0/12/0']);
    },
  );

scenario(
  `${asksLongBefore.title}: its claim is renewed and its probes are answered until the agent takes over (G6)`,
  async (here) => {
    await here.startDatabaseForKube();
    here.startHost();
    const container = await startLayout(here, asksLongBefore, { owner: 'kube' });
    // More than a lease of three intervals.
    const { token, reason } = await here.until('it beats', async () => {
      const row = await here.health();
      return row['docker_id'] === container.id && Number(row['seq']) > 4 && row;
    });
    assert.match(reason ?? '', /no agent/);
    assert.deepEqual(await probeAll(container), [0, 2, 0]);
    const watch = new ProbeWatch(container);
    await dockerOutput(['exec', container.id, 'touch', GO_ON_FILE]);
    assert.equal(await untilWell(here, container), token);
    await watch.end();
    assert.deepEqual([...new Set(watch.answers.map(({ liveness }) => liveness))], [0]);
    await here.until('there is no keeper any more', async () => !(await hasKeeper(container)));
    await here.stop(container);
  },
);

const hasKeeper = async (container: Container): Promise<boolean> =>
  (await listCommands(container)).some((line) => line.includes('ctrkit_agent keep'));
