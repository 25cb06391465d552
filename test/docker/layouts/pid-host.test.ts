import assert from 'node:assert/strict';
import { makeDirectory, stopContainer } from '../../support/images.ts';
import { readClaimFile } from '../support/assertions.ts';
import { probeAll } from '../support/health-view.ts';
import { kill, scenario, type Switch } from '../support/switch.ts';
import { lift, playKube, startLayout, untilHeld, untilWell } from './course.ts';
import { asksInEntrypoint, asksInStart, gatedEntrypoint, type Layout } from './layout-images.ts';

/** The container's processes are among the host's: process 1 is none of its own. */
const PID_HOST = ['--pid', 'host'];

/** A run folder that outlives the container: a volume, or an emptyDir. */
const startWithFolder = async (here: Switch, layout: Layout, folder: string) =>
  startLayout(here, layout, { owner: 'kube', args: [...PID_HOST, '-v', `${folder}:/run/ctrkit`] });

for (const layout of [asksInStart, gatedEntrypoint])
  scenario(
    `${layout.title}, among the host's processes: a claim of an earlier start with the same run folder is not taken up (G5)`,
    async (here) => {
      await here.startDatabaseForKube();
      here.startHost();
      const folder = await makeDirectory();
      const first = await startWithFolder(here, layout, folder);
      await untilWell(here, first);
      const { token } = await readClaimFile(first);
      await kill(first);
      here.stopHost();
      await here.state.del('FEATURE|snmp', 'CONTAINER_HEALTH|snmp');
      await here.config.hset('FEATURE|snmp', 'state', 'disabled');

      const recorder = await here.record();
      const second = await startWithFolder(here, layout, folder);
      await untilHeld(here, second);
      await recorder.settle();
      const written = recorder.writes.filter(({ isByScript }) => isByScript).map(({ key }) => key);
      assert.deepEqual([...new Set(written)], [`CONTAINER_HOLD|snmp|${second.id}`]);

      await here.wantKube();
      await lift(here);
      await untilWell(here, second);
      assert.notEqual((await readClaimFile(second))['token'], token);
      await here.stop(second);
    },
  );

scenario(
  "a killed container's answers are not those of the next one with the same run folder (G11)",
  async (here) => {
    await here.startDatabaseForKube();
    here.startHost();
    const folder = await makeDirectory();
    const first = await startWithFolder(here, asksInStart, folder);
    await untilWell(here, first);
    await kill(first);
    // Of the next one only what is before its agent and its gate.
    const mute: Layout = { ...asksInStart, name: 'mute', entrypoint: 'ENTRYPOINT ["sleep", "infinity"]' };
    const second = await startWithFolder(here, mute, folder);
    assert.deepEqual(await probeAll(second), [11, 11, 11]);
  },
);

scenario(
  `${asksInEntrypoint.title}, among the host's processes: stopped while held, it ends at once (G6)`,
  async (here) => {
    await here.startDatabaseForKube();
    await here.config.hset('FEATURE|snmp', 'state', 'disabled');
    const container = await startLayout(here, asksInEntrypoint, { owner: 'kube', args: PID_HOST });
    await untilHeld(here, container);
    // Its bash is not process 1 here, and a SIGTERM ends it.
    assert.equal((await stopContainer(container)).exitCode, 143);
  },
);

playKube({ ...gatedEntrypoint, title: `${gatedEntrypoint.title}, among the host's processes` }, PID_HOST);
