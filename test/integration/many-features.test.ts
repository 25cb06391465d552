import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ManyFeatures } from '../support/many-features.ts';

const built = fileURLToPath(new URL('../../dist/host', import.meta.url));
const DEADLINE_MS = 180_000;
const COUNT = 60;

describe('ctrkitd beside many features', { timeout: 600_000 }, () => {
  before(() => assert.ok(existsSync(built), 'dist/host is missing: run npm run build first'));

  test('that are all new to it: it lists once for all of them, and writes the ledger for many at once (H2)', async (t) => {
    const env = { CTRKIT_NODE: process.execPath };
    const many = new ManyFeatures({ count: COUNT, delayMs: 50, command: `${built}/usr/bin/ctrkitd`, env });
    t.after(() => many.stop());
    const cost = await many.run(DEADLINE_MS);
    t.diagnostic(JSON.stringify(cost));
    assert.equal(cost.tags, COUNT, 'one act for each feature');
    // Each did both by itself: 64 listings and 300 writes.
    assert.ok(cost.listings < COUNT / 2, `${cost.listings} listings`);
    assert.ok(cost.ledgerWrites < COUNT, `${cost.ledgerWrites} writes of the ledger`);
  });
});
