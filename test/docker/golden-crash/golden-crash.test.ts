import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostScenario } from '../support/host.ts';
import { removeTinyImages } from '../support/stand-in-pod.ts';
import { CrashRounds, EffectWatch, POLICY, type Effect } from './crash-rounds.ts';

const RANDOM_ROUNDS = 20;
/** Deployed to cleaned up takes about that long. */
const ROUND_MS = 1_600;

after(removeTinyImages);

hostScenario(
  'killed at each step of a certification and its clean-up, the daemon ends where it would have without (D17, D18)',
  { policy: POLICY },
  async (here, t) => {
    const rounds = new CrashRounds(here);
    const watch = new EffectWatch();
    try {
      await rounds.begin();
      for (const order of [
        ['golden', 'tag', 'destroy', 'untag', 'delete'],
        ['tag', 'create', 'untag'],
        ['create', 'delete'],
        ['golden', 'destroy', 'delete'],
      ] as const) {
        const wanted = new Set<Effect>(order);
        await rounds.deployNext();
        while (wanted.size > 0) {
          const seen = await watch.next(wanted, rounds);
          if (seen === undefined) break;
          await rounds.killAndStart();
          wanted.delete(seen);
        }
        t.diagnostic(`killed ${order.filter((effect) => !wanted.has(effect)).join(', ')}`);
        assert.ok(order.length - wanted.size >= 2, `only ${order.length - wanted.size} effects were seen`);
        await rounds.untilSettled();
      }
    } finally {
      watch.close();
      rounds.pod.stopBeating();
    }
  },
);

hostScenario(
  'killed at any moment, round after round, it always has one golden image, and never one that is gone (D17, D18)',
  { policy: POLICY },
  async (here, t) => {
    const rounds = new CrashRounds(here);
    try {
      await rounds.begin();
      for (let round = 0; round < RANDOM_ROUNDS; round += 1) {
        await rounds.deployNext();
        for (let kills = 1 + (round % 3); kills > 0; kills -= 1) {
          await sleep(Math.random() * ROUND_MS);
          await rounds.killAndStart();
        }
        await rounds.untilSettled();
      }
      t.diagnostic(`${rounds.kills} kills in ${RANDOM_ROUNDS} rounds`);
    } finally {
      rounds.pod.stopBeating();
    }
  },
);
