import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createClaimFile } from '../../../../../src/container/adapters/run-folder/claim-file.ts';
import { claimOf } from '../../../../support/claims.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CLAIM = claimOf({ hasStarted: true, redisUrl: 'redis://:secret@localhost' });

describe('the claim that the gate leaves', () => {
  test('is read as it was written, by nobody but root, until it is removed', () => {
    const file = createClaimFile(folder, 'boot-1/1');
    assert.equal(file.read(), undefined);
    file.write(CLAIM);
    assert.deepEqual(file.read(), CLAIM);
    assert.equal(statSync(join(folder, 'claim.json')).mode & 0o777, 0o600);
    file.remove();
    assert.equal(file.read(), undefined);
    file.remove();
  });

  test('of an earlier start of the container is none, and neither is text that is none', () => {
    createClaimFile(folder, 'boot-1/1').write(CLAIM);
    assert.equal(createClaimFile(folder, 'boot-1/2').read(), undefined);
    for (const text of ['', '{', 'null', '{"token":"a","container_start":"boot-1/1"}']) {
      writeFileSync(join(folder, 'claim.json'), text);
      assert.equal(createClaimFile(folder, 'boot-1/1').read(), undefined, text);
    }
  });
});
