import assert from 'node:assert/strict';
import { execIn, type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { CRITICAL_FILE, EACH_SECOND, MORE_PROGRAMS_FILE, mountTexts } from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { probeAll, untilCheckSays } from '../support/health-view.ts';
import { scenario, type Row, type Switch } from '../support/switch.ts';

const PAIR = `[program:left]
command=sleep infinity
[program:right]
command=sleep infinity
[group:pair]
programs=left,right
`;

const MISTAKES = [
  { text: 'program:snmpd\n\nsnmpd\n', says: /critical_processes, line 3: "snmpd" is not "program:<name>"/ },
  { text: 'group:snmpd:x\n', says: /critical_processes, line 1: "group:snmpd:x" is not "program:<name>"/ },
];

const write = (container: Container, text: string) =>
  execIn(container, ['sh', '-c', 'printf %s "$1" >"$2"', 'sh', text, CRITICAL_FILE]);

async function assertDegraded(here: Switch, container: Container, healthy: Row, says: RegExp): Promise<void> {
  await untilCheckSays(here, 'configuration', says);
  const row = await here.untilStatus(container, 'degraded');
  assert.deepEqual(
    [checkIn(row, 'configuration')?.kind, checkIn(row, 'critical-processes')?.result],
    ['wanted', 'ok'],
  );
  assert.match(row['reason'] ?? '', /^configuration: /);
  assert.equal(row['healthy_since_ms'], healthy['healthy_since_ms']);
  assert.deepEqual(await probeAll(container), [0, 0, 0]);
}

scenario(
  'critical_processes with a mistake degrades and does nothing else, mended or gone it is well, a group counts with each member',
  async (here) => {
    await here.startDatabase();
    const mounts = await mountTexts({ ...EACH_SECOND, [MORE_PROGRAMS_FILE]: PAIR });
    const env = { CTRKIT_HEARTBEAT_INTERVAL: '500ms' };
    const container = await here.start('local', { mounts, env });
    const healthy = await here.untilStatus(container, 'healthy');

    for (const { text, says } of MISTAKES) {
      await write(container, text);
      await assertDegraded(here, container, healthy, says);
    }
    // Legal, both: nothing is critical.
    for (const command of [`: >${CRITICAL_FILE}`, `rm ${CRITICAL_FILE}`]) {
      await execIn(container, ['sh', '-c', command]);
      const row = await here.untilStatus(container, 'healthy');
      assert.equal(row['healthy_since_ms'], healthy['healthy_since_ms']);
      await write(container, 'mistake\n');
      await here.untilStatus(container, 'degraded');
    }

    await write(container, 'program:snmpd\ngroup:pair\n');
    await here.untilStatus(container, 'healthy');
    const stoppedMs = bootMs();
    await execIn(container, ['supervisorctl', 'stop', 'pair:right']);
    const down = await here.untilStatus(container, 'unhealthy');
    assert.match(down['reason'] ?? '', /^critical-processes: pair:right is STOPP(?:ED|ING)/);
    // Somebody has stopped it: that is no crash, and a restart is not asked for.
    assert.deepEqual(await probeAll(container), [0, 10, 0]);
    await execIn(container, ['supervisorctl', 'start', 'pair:right']);
    const mended = await here.untilStatus(container, 'healthy');
    assert.ok(Number(mended['healthy_since_ms']) > stoppedMs, 'the healthy clock went on');
    assert.equal(mended['restarts'], '0');
  },
);
