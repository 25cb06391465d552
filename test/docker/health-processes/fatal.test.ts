import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import {
  alterSnmp,
  alterSnmpd,
  EACH_SECOND,
  mountTexts,
  PROGRAMS_FILE,
  START_FILE,
} from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { heartbeats, probeAll, ProbeLines, statusCourse } from '../support/health-view.ts';
import { probe, scenario } from '../support/switch.ts';

/** When supervisord said so, wall clock. */
async function fatalMs(container: Container): Promise<number> {
  const log = await dockerOutput(['logs', '--timestamps', container.id]);
  const [time] = /^(\S+) .*gave up: snmpd entered FATAL state/m.exec(log)?.slice(1) ?? [];
  return Date.parse(time ?? '');
}

/** snmpd ends at once with 1, and start.sh does not mind. */
async function brokenSnmpd(): Promise<string[]> {
  const command = await alterSnmpd(
    /command=\/usr\/sbin\/snmpd .*/,
    // On a busy machine it may live for longer than supervisord's second.
    'command=/usr/sbin/snmpd -f -c /dev/null nonsense:1\nstartretries=1\nstartsecs=60',
  );
  const start = await alterSnmp('start.sh', /$/, 'exit 0\n');
  return mountTexts({ ...EACH_SECOND, [PROGRAMS_FILE]: command, [START_FILE]: start });
}

scenario(
  'snmpd FATAL: never healthy and never ready at any instant, and unhealthy at once, whatever start.sh ended with (D13)',
  async (here, t) => {
    await here.startDatabase();
    const recorder = await here.record();
    const lines = await ProbeLines.watch(t);
    const container = await here.start('local', { mounts: [...(await brokenSnmpd()), lines.mount] });
    const unhealthy = await here.untilStatus(container, 'unhealthy');
    await recorder.settle();
    const write = heartbeats(recorder).find(({ fields }) => fields['status'] === 'unhealthy');
    const noticedMs = (write?.atMs ?? NaN) - (await fatalMs(container));
    t.diagnostic(`FATAL is recorded as unhealthy after ${Math.round(noticedMs)} ms`);
    assert.match(unhealthy['reason'] ?? '', /critical-processes: snmpd is FATAL/);
    await here.until(
      'start.sh has ended with 0',
      async () => checkIn(await here.health(), 'start')?.result === 'ok',
    );
    assert.deepEqual(await probeAll(container), [10, 10, 10]);
    const { stdout } = await probe(container, 'startup');
    assert.match(stdout, /^not started \(10\): critical-processes: snmpd is FATAL[^\n]*\n$/);

    const seq = Number((await here.health())['seq']);
    await here.until('a heartbeat', async () => Number((await here.health())['seq']) > seq, 200);
    await recorder.settle();
    assert.deepEqual(statusCourse(recorder), ['starting', 'unhealthy']);
    for (const answers of lines.answers) assert.doesNotMatch(answers, /^0|^\d+ 0/, lines.answers.join(', '));
    assert.equal(lines.answers.at(-1), '10 10 10');
  },
);
