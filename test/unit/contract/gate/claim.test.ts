import type { Timestamps } from '../../../../src/contract/timestamps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  encodeClaim,
  planClaim,
  planHeartbeat,
  planLocalLabel,
  planRelease,
  type Claim,
} from '../../../../src/contract/gate/claim.ts';

const kube: Claim = {
  feature: 'snmp',
  owner: 'kube',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
};
const local: Claim = { ...kube, owner: 'local' };
// Date's months begin with 0; built in the zone this runs in, which is what the field is to show.
const at: Timestamps = {
  bootId: 'boot-1',
  bootMs: 123_456,
  wallMs: new Date(2026, 0, 2, 3, 4, 5, 678).getTime(),
};
const times = { update_time: '2026-01-02 03:04:05', last_update_ts: String(Math.floor(at.wallMs / 1000)) };
const FEATURE = { db: 'state', table: 'FEATURE', row: 'snmp' };
const LABELS = { db: 'state', table: 'KUBE_LABELS', row: 'SET' };

describe('the record of a claim', () => {
  test('owner kube: every field of the contract, and no other', () => {
    assert.deepEqual(encodeClaim(kube, at), {
      current_owner: 'kube',
      docker_id: 'aaaaaaaaaaaa',
      container_id: 'aaaaaaaaaaaa',
      container_version: '1.2.0',
      remote_state: 'running',
      ...times,
      claim_token: 'token-a',
      claim_owner: 'kube',
      claim_boot_id: 'boot-1',
      claim_ms: '123456',
    });
  });

  test('owner local: its own id beside the feature’s name, and remote_state untouched (D4, D25)', () => {
    assert.deepEqual(encodeClaim(local, at), {
      current_owner: 'local',
      docker_id: 'aaaaaaaaaaaa',
      container_id: 'snmp',
      container_version: '1.2.0',
      ...times,
      claim_token: 'token-a',
      claim_owner: 'local',
      claim_boot_id: 'boot-1',
      claim_ms: '123456',
    });
  });

  test('an id that can’t be found is unknown under both names, never empty (D4)', () => {
    const { docker_id, container_id } = encodeClaim({ ...kube, dockerId: 'unknown' }, at);
    assert.deepEqual([docker_id, container_id], ['unknown', 'unknown']);
  });

  test('the time of change is local time for SONiC and seconds for the HLD (D27)', () => {
    const { update_time, last_update_ts } = encodeClaim(kube, at);
    assert.match(update_time ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.equal(update_time, '2026-01-02 03:04:05');
    assert.equal(last_update_ts, String(Math.floor(at.wallMs / 1000)));
  });

  test('local time is that of the switch’s time zone (D27)', () => {
    const before = process.env['TZ'];
    try {
      process.env['TZ'] = 'Asia/Kolkata';
      const { update_time } = encodeClaim(kube, { ...at, wallMs: Date.UTC(2026, 11, 31, 23, 59, 59) });
      assert.equal(update_time, '2027-01-01 05:29:59');
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});

describe('what a claim writes', () => {
  test('owner kube: the record, and the end of the hand-shake’s token (D6)', () => {
    assert.deepEqual(planClaim(kube, at), [
      { kind: 'set', address: FEATURE, values: encodeClaim(kube, at), remove: ['pending_token'] },
    ]);
  });

  test('owner local: the label that keeps Kubernetes from deploying that version, too', () => {
    assert.deepEqual(planClaim(local, at), [
      { kind: 'set', address: FEATURE, values: encodeClaim(local, at), remove: ['pending_token'] },
      { kind: 'set', address: LABELS, values: { snmp_local: '1.2.0' }, isDispensable: true },
    ]);
  });

  test('multi-ASIC: the label stands in the host’s database, too (D28)', () => {
    assert.deepEqual(planLocalLabel(local, 'hostState'), {
      kind: 'set',
      address: { ...LABELS, db: 'hostState' },
      values: { snmp_local: '1.2.0' },
      isDispensable: true,
    });
  });
});

describe('what a release writes', () => {
  test('owner kube: nobody, stopped, no ids, no claim; the version stays (D10)', () => {
    assert.deepEqual(planRelease(kube, at.wallMs), {
      kind: 'set',
      address: FEATURE,
      values: {
        current_owner: 'none',
        docker_id: '',
        container_id: '',
        remote_state: 'stopped',
        ...times,
        claim_token: '',
        claim_owner: '',
        claim_boot_id: '',
        claim_ms: '',
      },
      removeIfFull: [
        'current_owner',
        'docker_id',
        'container_id',
        'remote_state',
        'claim_token',
        'claim_owner',
        'claim_boot_id',
        'claim_ms',
      ],
    });
  });

  test('owner local: the same, with remote_state untouched (D10)', () => {
    assert.deepEqual(planRelease(local, at.wallMs), {
      kind: 'set',
      address: FEATURE,
      values: {
        current_owner: 'none',
        docker_id: '',
        container_id: '',
        ...times,
        claim_token: '',
        claim_owner: '',
        claim_boot_id: '',
        claim_ms: '',
      },
      removeIfFull: [
        'current_owner',
        'docker_id',
        'container_id',
        'claim_token',
        'claim_owner',
        'claim_boot_id',
        'claim_ms',
      ],
    });
  });

  test('a release clears every id and every field of the kit that a claim wrote', () => {
    const write = planRelease(kube, at.wallMs);
    const cleared = write.kind === 'set' ? write.values : {};
    const claimed = Object.keys(encodeClaim(kube, at)).filter((field) => field !== 'container_version');
    assert.deepEqual(Object.keys(cleared).toSorted(), claimed.toSorted());
  });
});

test('a heartbeat is one row of CONTAINER_HEALTH that does not expire', () => {
  assert.deepEqual(planHeartbeat('snmp', { seq: '1' }), {
    kind: 'set',
    address: { db: 'state', table: 'CONTAINER_HEALTH', row: 'snmp' },
    values: { seq: '1' },
  });
});
