import assert from 'node:assert/strict';
import type { Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning, assertReleased } from '../support/assertions.ts';
import { signalApplication } from '../support/signals.ts';
import { probe, scenario, type Row } from '../support/switch.ts';

const HOOK = 'required.d/lldp-chassis';

interface CheckEntry {
  readonly name: string;
  readonly kind: string;
  readonly result: string;
  readonly message: string;
}

const hookIn = (health: Row): CheckEntry | undefined =>
  (JSON.parse(health['checks'] ?? '[]') as CheckEntry[]).find(({ name }) => name === HOOK);

const probeAll = async (container: Container): Promise<number[]> =>
  Promise.all(
    (['startup', 'readiness', 'liveness'] as const).map(async (name) => (await probe(container, name)).code),
  );

scenario(
  'lldp is let in, gets healthy, is not ready while lldpd is frozen though its processes run (D13), and is released',
  async (here, t) => {
    await here.startDatabaseForKube();
    const fromMs = bootMs();
    const container = await here.startRunning('2.0.0');
    const others = { system_state: 'up' };
    await assertClaimed(here, container, { owner: 'kube', version: '2.0.0', fromMs, others });

    const healthy = await here.untilStatus(container, 'healthy');
    assert.equal(healthy['reason'], '');
    assert.deepEqual(
      { ...hookIn(healthy), since_ms: 0 },
      { name: HOOK, kind: 'required', result: 'ok', since_ms: 0, message: '' },
    );
    assert.deepEqual(await probeAll(container), [0, 0, 0]);
    assert.deepEqual(await probe(container, 'readiness'), { code: 0, stdout: '' });

    const frozenMs = bootMs();
    await signalApplication(container, 'lldp', 'STOP');
    const unhealthy = await here.untilStatus(container, 'unhealthy');
    t.diagnostic(`frozen lldpd noticed after ${bootMs() - frozenMs} ms`);
    assert.match(unhealthy['reason'] ?? '', /lldpd does not answer: nothing within 2 s/);
    assert.equal(hookIn(unhealthy)?.result, 'failing');
    const { code, stdout } = await probe(container, 'readiness');
    assert.equal(code, 3, stdout);
    assert.match(
      stdout,
      /^not ready \(3\): required\.d\/lldp-chassis: lldpd does not answer: nothing within/,
    );
    assert.equal((await probe(container, 'startup')).code, 0);

    await signalApplication(container, 'lldp', 'CONT');
    const mended = await here.untilStatus(container, 'healthy');
    assert.ok(Number(mended['healthy_since_ms']) > frozenMs, 'the healthy clock went on');
    assert.deepEqual(await probeAll(container), [0, 0, 0]);

    const claimed = await here.status();
    await here.stop(container);
    await assertReleased(here, claimed, others);
  },
  { feature: 'lldp' },
);

scenario(
  'a held lldp has no lldpd, is not ready, and gives kubelet no reason to restart it (D7)',
  async (here) => {
    await here.startDatabaseForKube();
    await here.config.hset('FEATURE|lldp', 'state', 'disabled');
    const container = await here.start('kube');
    await here.untilHeld(container, 'feature-disabled');
    await assertNotRunning(container, 'lldp');
    await here.until('the probe says so', async () => (await probe(container, 'readiness')).code === 12);
    assert.match((await probe(container, 'readiness')).stdout, /^not ready \(12\): .*disabled/);
    assert.deepEqual(await probeAll(container), [0, 12, 0]);
  },
  { feature: 'lldp' },
);
