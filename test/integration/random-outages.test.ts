import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { noNamespaces } from '../support/kit.ts';
import { createRandom, pickOne } from '../support/outages/random-source.ts';
import { RealScene } from '../support/outages/real-scene.ts';
import { RealSwitch } from '../support/outages/real-switch.ts';

/** All of them; CTRKIT_TEST_ROUNDS for more. */
const ROUNDS = Number(process.env['CTRKIT_TEST_ROUNDS'] ?? 8);
/** CTRKIT_TEST_SEED to repeat a run; what the kernel does meanwhile is not repeated. */
const SEED = Number(process.env['CTRKIT_TEST_SEED'] ?? Date.now() % 1_000_000);
const INTERVALS_MS = [500, 1_000];
const VERSIONS = ['1.4.0', '1.4.1', '1.5.0', 'master.7-abc'];

async function runScene(t: TestContext, number: number, rounds: number): Promise<void> {
  const random = createRandom(SEED + number);
  const intervalMs = INTERVALS_MS[number % INTERVALS_MS.length] ?? 1_000;
  const versions = Array.from({ length: 2 + Math.floor(random() * 4) }, () => pickOne(random, VERSIONS));
  const where = await RealSwitch.start(t, { intervalMs, versions });
  const scene = new RealScene(where, random);
  await scene.begin();
  let played = 0;
  for (; played < rounds && scene.violations.length === 0; played++) await scene.run();
  const { goes, excused, starved, slowestMs } = scene;
  t.diagnostic(
    `${versions.join(' ')}, ${intervalMs} ms: ${played} rounds, ${goes} goes, ${excused} beside one that alone was hindered, ${starved} beside one that got no processor; slowest ${slowestMs} ms`,
  );
  assert.ok(scene.violations.length === 0, `seed ${SEED}: ${scene.violations[0]}`);
}

const options = {
  skip: noNamespaces,
  concurrency: INTERVALS_MS.length,
};

test(
  'a database that fails in any way lets no second application run, and lets every gate go in its turn',
  options,
  async (t) => {
    t.diagnostic(`seed ${SEED}`);
    await Promise.all(
      INTERVALS_MS.map((intervalMs, number) =>
        t.test(`heartbeats every ${intervalMs} ms (G2, G3, G15)`, (inner) =>
          runScene(inner, number, Math.ceil(ROUNDS / INTERVALS_MS.length)),
        ),
      ),
    );
  },
);
