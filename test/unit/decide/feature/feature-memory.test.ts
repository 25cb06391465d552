import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import {
  isUnitStateNeeded,
  NO_MEMORY,
  trackFeature,
  trackRecord,
  type FeatureMemory,
} from '../../../../src/decide/feature/feature-memory.ts';
import {
  AT,
  BEAT_ROW,
  CONFIG,
  HEALTHY,
  readRows,
  STATUS,
  withRows,
  type RawTables,
} from '../../../support/feature-inputs.ts';

const values = (...rows: RawTables[]): FieldValues => readRows(withRows(HEALTHY, ...rows)).statusValues;

describe('what ctrkitd remembers of a record', () => {
  test('a record is another one as soon as one of its fields is, a heartbeat makes none of it', () => {
    const first = trackRecord(undefined, values(), 1_000);
    assert.equal(first.sinceMs, 1_000);
    const beaten = trackRecord(
      first,
      values({ [BEAT_ROW]: { seq: '7' }, [STATUS]: { remote_state: 'none' } }),
      2_000,
    );
    assert.equal(beaten.sinceMs, 1_000);
    for (const field of ['claim_ms', 'claim_token', 'container_id', 'update_time'])
      assert.equal(trackRecord(first, values({ [STATUS]: { [field]: 'x' } }), 2_000).sinceMs, 2_000, field);
  });
});

describe('the end of the recorded holder', () => {
  const decideEnd = (dockerId: string, containerId: string) => {
    const record = { docker_id: dockerId, container_id: dockerId };
    const reading = readRows(withRows(HEALTHY, { [STATUS]: record }));
    const ends = [{ containerId, exitCode: 1, hadOomKill: false, atMs: AT.bootMs }];
    return trackFeature(NO_MEMORY, { reading, ends, now: AT }, 'sha256:x').lastEnd;
  };

  test('is known by its id, not by a name that is the beginning of another id', () => {
    assert.ok(decideEnd('aaaaaaaaaaaa', 'a'.repeat(64)));
    assert.equal(decideEnd('bed', `bed${'0'.repeat(61)}`), undefined);
  });

  test('counts no more once a container of the shipped kit runs, with an id and without (H1, H3)', () => {
    const crashed: FeatureMemory = {
      ...NO_MEMORY,
      lastEnd: { imageId: 'x', token: 't', version: '1', atMs: 1, wasPlanned: false, text: '' },
    };
    const remember = (status: FieldValues) =>
      trackFeature(
        crashed,
        { reading: readRows(withRows(HEALTHY, { [STATUS]: status })), ends: [], now: AT },
        undefined,
      ).lastEnd;
    assert.equal(remember({ claim_token: '' }), undefined);
    assert.equal(remember({ claim_token: '', docker_id: '', container_id: '' }), undefined);
    assert.deepEqual(remember({ current_owner: 'none' }), crashed.lastEnd);
    assert.deepEqual(remember({}), crashed.lastEnd);
  });
});

describe('systemd is asked for the state of a unit', () => {
  const isNeeded = (config: FieldValues, status: FieldValues): boolean =>
    isUnitStateNeeded(readRows(withRows(HEALTHY, { [CONFIG]: config, [STATUS]: status })), NO_MEMORY);

  test('while a service that is to run is down, for either owner, also by a daemon that saw no end (H5)', () => {
    for (const set_owner of ['kube', 'local']) {
      assert.equal(isNeeded({ set_owner }, { system_state: 'down' }), true, set_owner);
      assert.equal(isNeeded({ set_owner, state: 'disabled' }, { system_state: 'down' }), false, set_owner);
      for (const system_state of ['up', '']) assert.equal(isNeeded({ set_owner }, { system_state }), false);
    }
  });
});
