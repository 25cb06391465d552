import assert from 'node:assert/strict';
import { readLogs } from '../../support/images.ts';
import { scenario } from '../support/switch.ts';
import { countApps, playLocal, startLayout, untilEnded } from './course.ts';
import { neverAsks, neverAsksWithoutStart, type Layout } from './layout-images.ts';

for (const layout of [neverAsks, neverAsksWithoutStart]) {
  playLocal(layout);

  scenario(
    `${layout.title}, owner kube: it is ended, and says the one line that makes it gated, which does (G23)`,
    async (here) => {
      await here.startDatabaseForKube();
      await here.config.hset('FEATURE|snmp', 'state', 'disabled');
      const before = await here.status();
      const ungated = await startLayout(here, layout, { owner: 'kube' });
      await untilEnded(here, ungated);
      const said = await readLogs(ungated);
      const line = /ungated: .*(ENTRYPOINT \[.*\])/.exec(said)?.[1];
      assert.ok(line !== undefined, said);
      assert.deepEqual(await here.status(), before);

      const gated: Layout = { ...layout, name: `${layout.name}-gated`, line };
      const container = await startLayout(here, gated, { owner: 'kube' });
      await here.untilHeld(container, 'feature-disabled');
      assert.equal(await countApps(container), 0);
    },
  );
}
