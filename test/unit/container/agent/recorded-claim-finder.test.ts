import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RecordedClaimFinder } from '../../../../src/container/agent/recorded-claim-finder.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { planClaim } from '../../../../src/contract/gate/claim.ts';
import { featureStatusRow, healthRow } from '../../../../src/contract/rows.ts';
import { readTimestamps } from '../../../../src/loop/timestamps.ts';
import { claimOf } from '../../../support/claims.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';

const CLAIM = claimOf();
const OWN = { feature: 'snmp', version: '1.3.0' };

describe('the claim of a container whose claim file has vanished', () => {
  let clock: FakeClock;
  let log: FakeLog;
  let databases: FakeDatabases;
  let stored: StoredClaim | undefined;
  let finder: RecordedClaimFinder;

  beforeEach(async () => {
    clock = new FakeClock();
    clock.advance(60_000);
    log = new FakeLog();
    databases = new FakeDatabases(clock.bootMs);
    stored = undefined;
    await databases.open().write([], planClaim(CLAIM, readTimestamps(clock)));
    const state = { endpoint: { path: '/fake' }, id: 6, separator: '|' };
    finder = new RecordedClaimFinder({
      findDatabases: () => ({ config: state, state, asic: '', source: '/fake', warnings: [] }),
      openStore: () => databases.open(),
      claimFile: { read: () => stored, write: (claim) => (stored = claim) },
      readDockerId: () => CLAIM.dockerId,
      anchor: { pid: 1, startTicks: 1 },
      containerStart: 'boot-1/1/1',
      clock,
      log,
    });
  });

  test('is written again by its record (G4)', async () => {
    assert.equal(await finder.restore(OWN), true);
    assert.deepEqual([stored?.token, stored?.containerStart], [CLAIM.token, 'boot-1/1/1']);
  });

  test('is of the image’s version where the key of its heartbeat is no hash, which hides nothing (F8)', async () => {
    databases.putText(healthRow('snmp'));
    databases.put(featureStatusRow('snmp'), { container_version: '9.9.9' });
    assert.equal(await finder.restore(OWN), true);
    assert.equal(stored?.version, '1.3.0');
  });

  test('is not proved by a database that does not answer, which is asked again after a minute', async () => {
    databases.goDown();
    assert.equal(await finder.restore(OWN), false);
    assert.match(log.lines.join('\n'), /snmp: whether this container has a claim on record can’t be told: /);
    databases.comeBack();
    clock.advance(59_999);
    assert.equal(await finder.restore(OWN), false);
    clock.advance(1);
    assert.equal(await finder.restore(OWN), true);
  });

  test('gives way to what somebody has left meanwhile', async () => {
    stored = claimOf({ isReleased: true });
    assert.equal(await finder.restore(OWN), false);
    assert.equal(stored.isReleased, true);
  });
});
