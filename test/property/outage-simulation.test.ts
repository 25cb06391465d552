import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { featureStatusRow } from '../../src/contract/rows.ts';
import { LEASE_MS, ModelSwitch } from '../support/outages/model-switch.ts';
import { createRandom } from '../support/outages/random-source.ts';
import { assertLaws, waitUntilOneRuns } from '../support/outages/simulation.ts';
import { roundsOf } from '../support/run-counts.ts';

const ROUNDS = roundsOf(1_000);
const PROGRAM = fileURLToPath(new URL('../support/outages/play-plans.ts', import.meta.url));
/** Of a plan that breaks a law, with all that happened in it. */
const LONGEST_REPORT = 10_000_000;

/** Returns how many applications were let go. */
async function playPlansApart(rounds: number): Promise<number> {
  const args = [...process.execArgv.filter((arg) => !arg.startsWith('--test')), PROGRAM, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: LONGEST_REPORT });
  return Number(stdout);
}

describe(
  'containers, a host, and a database that fails in every way at any time',
  { timeout: 36_000_000 },
  () => {
    test('there are never two applications, and one goes within two leases of the recovery (G2, G3, G15)', async (t) => {
      const goes = await playPlansApart(ROUNDS.numRuns);
      t.diagnostic(`${ROUNDS.numRuns} rounds, ${goes} applications`);
      // A law about containers that are let in says nothing if none ever is.
      assert.ok(goes >= ROUNDS.numRuns, `${goes} applications`);
    });

    test('gates of one version on a server that sends no events: one goes, whenever they begin (G3)', async () => {
      for (let afterMs = 100; afterMs <= 5_000; afterMs += 100) {
        const where = new ModelSwitch({ versions: ['1.0.0', '1.0.0'], random: createRandom(afterMs) });
        where.redis.hasEvents = false;
        where.redis.databases.put(featureStatusRow('snmp'), { current_owner: 'none' });
        where.containers[0]?.start();
        await where.pass(afterMs);
        where.containers[1]?.start();
        await waitUntilOneRuns(where, 2 * LEASE_MS);
        assertLaws(where);
      }
    });
  },
);
