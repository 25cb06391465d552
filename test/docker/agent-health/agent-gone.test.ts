import assert from 'node:assert/strict';
import type { ProbeAnswers } from '../../../src/contract/health/health-line.ts';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertCountsOn, inspectAgent } from '../support/agent.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { putHook } from '../support/checks.ts';
import { askAll, ProbeWatch, readStaleAtMs } from '../support/probe-watch.ts';
import { signalApplication, signalKit } from '../support/signals.ts';
import { probe, scenario, type Switch } from '../support/switch.ts';

const WELL = { startup: 0, readiness: 0, liveness: 0 };

async function startHealthy(here: Switch, interval = '1s'): Promise<Container> {
  await here.startDatabase();
  const container = await here.start('local', {
    env: { CTRKIT_HEARTBEAT_INTERVAL: interval },
    mounts: await mountTexts(EACH_SECOND),
  });
  await here.untilStatus(container, 'healthy');
  return container;
}

/** A critical process ends, is reported, and is started again: `restarts` is 1. */
async function restartOnce(here: Switch, container: Container): Promise<void> {
  await dockerOutput(['exec', container.id, 'supervisorctl', 'signal', 'KILL', 'snmpd']);
  await here.untilStatus(container, 'unhealthy');
  await dockerOutput(['exec', container.id, 'supervisorctl', 'start', 'snmpd']);
  await here.untilStatus(container, 'healthy');
  assert.equal((await here.health())['restarts'], '1');
}

scenario(
  'an agent that is killed is started again, keeps the claim and counts on: nobody sees the container stop',
  async (here, t) => {
    const container = await startHealthy(here);
    // An agent that spoke before its checks have would have to say that it does not know.
    await putHook(container, 'required.d/slow', 'exec sleep 0.5');
    await restartOnce(here, container);
    const claimed = await here.status();
    const agent = await inspectAgent(container);
    const recorder = await here.record();
    const watch = new ProbeWatch(container);
    await here.until('it beats', async () => recorder.heartbeats.length > 1);

    const beats = recorder.heartbeats.length;
    await signalKit(container, 'ctrkit_agent', 'KILL');
    await here.until('the next one beats', async () => recorder.heartbeats.length >= beats + 5);
    assert.notEqual((await inspectAgent(container)).pid, agent.pid);
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/0/0']);

    await recorder.settle();
    const { heartbeats } = recorder;
    assertCountsOn(heartbeats);
    const said = new Set(heartbeats.map(({ token, status, restarts }) => `${token} ${status} ${restarts}`));
    assert.deepEqual([...said], [`${claimed['claim_token']} healthy 1`]);
    assert.deepEqual(recorder.statusWrites, [], 'the record was written');
    assert.deepEqual(await here.status(), claimed);
    const beatMs = heartbeats.map((beat) => Number(beat['beat_ms']));
    const gaps = beatMs.slice(1).map((ms, i) => ms - (beatMs[i] ?? NaN));
    t.diagnostic(`longest time without a heartbeat: ${Math.max(...gaps)} ms`);
  },
);

function assertAllAre(code: number, answers: readonly ProbeAnswers[]): void {
  assert.ok(answers.length > 0, `nobody asked while it should be ${code}`);
  const others = answers.filter((each) =>
    [each.startup, each.readiness, each.liveness].some((one) => one !== code),
  );
  assert.deepEqual(others, [], `not ${code}`);
}

scenario(
  'an agent that is killed while a check fails is started again, and nobody hears in between that it does not',
  async (here) => {
    // Longer than the hook takes to find that snmpd does not answer.
    const container = await startHealthy(here, '3s');
    await signalApplication(container, 'snmp', 'STOP');
    await here.untilStatus(container, 'unhealthy');
    const recorder = await here.record();
    const watch = new ProbeWatch(container);
    const agent = await inspectAgent(container);
    await signalKit(container, 'ctrkit_agent', 'KILL');
    await here.until('the next ones beat', async () => recorder.heartbeats.length > 2);
    assert.notEqual((await inspectAgent(container)).pid, agent.pid);
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/3/3']);
    assertCountsOn(recorder.heartbeats);
    assert.deepEqual([...new Set(recorder.heartbeats.map(({ status }) => status))], ['unhealthy']);
  },
);

/** What is done to the agent so that there is none, and what brings it back. */
const ENDS = [
  {
    title: 'an agent that is stuck',
    end: (container: Container) => signalKit(container, 'ctrkit_agent', 'STOP'),
    mend: (container: Container) => signalKit(container, 'ctrkit_agent', 'CONT'),
  },
  {
    title: 'an agent that was killed and can’t be started again',
    end: async (container: Container) => {
      const kit = '/usr/lib/ctrkit/load.cjs';
      await dockerOutput(['exec', container.id, 'mv', kit, `${kit}.away`]);
      await signalKit(container, 'ctrkit_agent', 'KILL');
    },
    mend: async (container: Container) => {
      const kit = '/usr/lib/ctrkit/load.cjs';
      await dockerOutput(['exec', container.id, 'mv', `${kit}.away`, kit]);
    },
  },
];

for (const { title, end, mend } of ENDS) {
  scenario(
    `${title} is no answer from the deadline of its last one, not before, and goes on with its claim when it is back`,
    async (here, t) => {
      const container = await startHealthy(here);
      const claimed = await here.status();
      const recorder = await here.record();
      const watch = new ProbeWatch(container);
      await here.until('it beats', async () => recorder.heartbeats.length > 0);
      await end(container);
      const staleAtMs = await readStaleAtMs(container);
      t.diagnostic(`the answers are good for ${staleAtMs - bootMs()} ms more`);

      const isStale = async () => watch.answers.filter(({ startup }) => startup === 11).length > 2;
      await here.until('the answers are stale', isStale);
      const { stdout } = await probe(container, 'liveness');
      assert.match(stdout, /^not live \(11\): no fresh answer for \d+ s: ctrkit_agent is dead or stuck/);
      assert.equal(await readStaleAtMs(container), staleAtMs);
      const mendedMs = bootMs();
      await mend(container);
      await here.until('it answers again', async () => watch.answers.at(-1)?.liveness === 0);
      const beats = recorder.heartbeats.length;
      await here.until('it beats on', async () => recorder.heartbeats.length > beats + 1);
      assert.equal((await here.health())['status'], 'healthy');
      assert.deepEqual(await askAll(container), WELL);
      await watch.end();

      assertAllAre(
        0,
        watch.answers.filter(({ toMs }) => toMs < staleAtMs),
      );
      assertAllAre(
        11,
        watch.answers.filter(({ fromMs, toMs }) => fromMs >= staleAtMs && toMs < mendedMs),
      );
      await recorder.settle();
      assertCountsOn(recorder.heartbeats);
      assert.deepEqual(recorder.statusWrites, [], 'the record was written');
      assert.deepEqual(await here.status(), claimed);
      assert.equal((await here.health())['token'], claimed['claim_token']);
    },
  );
}
