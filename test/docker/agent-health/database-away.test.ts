import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed } from '../support/assertions.ts';
import { assertCountsOn } from '../support/agent.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { ProbeWatch } from '../support/probe-watch.ts';
import { signalApplication } from '../support/signals.ts';
import { scenario, type Row, type Switch } from '../support/switch.ts';

/** The agent gives a database 5 s to answer, and waits longer after each try: this is several of them. */
const OUTAGE_MS = 20_000;

async function startHealthy(here: Switch): Promise<Container> {
  await here.startDatabase();
  const mounts = await mountTexts(EACH_SECOND);
  const container = await here.start('local', { env: { CTRKIT_HEARTBEAT_INTERVAL: '1s' }, mounts });
  await here.untilStatus(container, 'healthy');
  return container;
}

/** A defect comes and goes while no database can be told of it; returns when, on the boot clock, it was mended. */
async function assertProbeSeesDefect(here: Switch, container: Container, watch: ProbeWatch): Promise<number> {
  await signalApplication(container, 'snmp', 'STOP');
  await here.until('the probe sees that snmpd is frozen', async () => watch.answers.at(-1)?.readiness === 3);
  const mendedMs = bootMs();
  await signalApplication(container, 'snmp', 'CONT');
  await here.until('the probe sees that it is mended', async () => watch.answers.at(-1)?.readiness === 0);
  return mendedMs;
}

/** Once it beats again: well since it was mended, and not since there is somebody to be told. */
async function assertWellSince(here: Switch, container: Container, from: { ms: number; toMs: number }) {
  const health = await here.untilStatus(container, 'healthy');
  const sinceMs = Number(health['healthy_since_ms']);
  assert.ok(sinceMs >= from.ms && sinceMs <= from.toMs, `${sinceMs} is not from ${from.ms} to ${from.toMs}`);
}

scenario(
  'the probe answers and sees a defect while the database hangs, and the heartbeats go on with the same claim afterwards',
  async (here, t) => {
    const container = await startHealthy(here);
    const claimed = await here.status();
    const before = await here.health();
    const watch = new ProbeWatch(container);
    await dockerOutput(['pause', here.database.id]);
    const pausedMs = bootMs();
    await here.untilLogs(container, "can't be used: no answer within");
    const mendedMs = await assertProbeSeesDefect(here, container, watch);
    const knownMs = bootMs();
    await here.until('the outage has lasted', async () => bootMs() > pausedMs + OUTAGE_MS);
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/0/0', '0/3/3']);
    t.diagnostic(`slowest answer of ${watch.answers.length}: ${watch.slowestMs} ms`);

    await dockerOutput(['unpause', here.database.id]);
    const recorder = await here.record();
    await here.until('it beats on', async () => recorder.heartbeats.length > 3);
    assert.ok(Number((await here.health())['seq']) > Number(before['seq']), 'it does not count on');
    assertCountsOn(recorder.heartbeats);
    assert.deepEqual(await here.status(), claimed);
    assert.equal((await here.health())['token'], claimed['claim_token']);
    await assertWellSince(here, container, { ms: mendedMs, toMs: knownMs });
  },
);

scenario(
  'the probe answers and sees a defect while there is no database, and the claim is recorded again in one that is empty',
  async (here) => {
    const container = await startHealthy(here);
    const { claim_token: token } = await here.status();
    const before: Row = await here.health();
    const fromMs = bootMs();
    const watch = new ProbeWatch(container);
    await here.killDatabase();
    await here.untilLogs(container, "can't be used");
    const mendedMs = await assertProbeSeesDefect(here, container, watch);
    const knownMs = bootMs();
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/0/0', '0/3/3']);

    await here.restartDatabase();
    const health = await here.untilStatus(container, 'healthy');
    assert.ok(Number(health['seq']) > Number(before['seq']), 'it counts anew');
    assert.equal(health['token'], token);
    await assertClaimed(here, container, { owner: 'local', version: '1.0.0', fromMs });
    assert.equal((await here.status())['claim_token'], token);
    await assertWellSince(here, container, { ms: mendedMs, toMs: knownMs });
  },
);
