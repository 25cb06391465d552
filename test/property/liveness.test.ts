import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeStatus, STATUS_FIELDS } from '../../src/contract/feature/feature.ts';
import { decodeHeartbeat, LIVENESS_FIELDS } from '../../src/contract/health/heartbeat.ts';
import { findLiveHolder, isSelf, type Holder } from '../../src/decide/gate/live-holder.ts';
import { decideRenewal } from '../../src/decide/gate/renewal.ts';
import { runsOf } from '../support/run-counts.ts';
import { WATCHED } from '../support/snapshots.ts';

const runs = runsOf(5_000);

const NOW_MS = 10_000_000;

/** Few and near values: what breaks a law is two rows that agree in almost everything. */
const token = fc.constantFrom('', 'token-a', 'token-b');
const id = fc.constantFrom('', 'unknown', 'snmp', 'aaaaaaaaaaaa', 'bbbbbbbbbbbb');
const ms = fc.oneof(
  fc.integer({ min: NOW_MS - 100_000, max: NOW_MS }).map(String),
  fc.constantFrom('', '0', 'soon', String(NOW_MS), '99999999999999999999'),
);
/** A field that is missing, in three of four cases with some sense in it, else with any text at all. */
const field = (sensible: fc.Arbitrary<string>) =>
  fc.option(fc.oneof({ weight: 3, arbitrary: sensible }, { weight: 1, arbitrary: fc.string() }), {
    nil: undefined,
    freq: 8,
  });

const statusRow = fc.record({
  current_owner: field(fc.constantFrom('local', 'kube', 'none', '')),
  docker_id: field(id),
  container_id: field(id),
  'container-id': field(id),
  container_version: field(fc.constantFrom('', '1.0', '1.1')),
  remote_state: field(fc.constantFrom('', 'none', 'pending', 'ready', 'running', 'stopped')),
  system_state: field(fc.constantFrom('', 'up', 'down')),
  claim_token: field(token),
  claim_owner: field(fc.constantFrom('', 'local', 'kube')),
  claim_boot_id: field(fc.constantFrom('', 'boot-1', 'boot-0')),
  claim_ms: field(ms),
  pending_token: field(token),
} satisfies Record<(typeof STATUS_FIELDS)[number], unknown>);
const beatRow = fc.record({
  token: field(token),
  owner: field(fc.constantFrom('', 'local', 'kube')),
  version: field(fc.constantFrom('', '1.0', '1.1')),
  boot_id: field(fc.constantFrom('', 'boot-1', 'boot-0')),
  beat_ms: field(ms),
  interval_ms: field(fc.constantFrom('', '100', '10000', '600000', '-1', '9999999999')),
  started_ms: field(ms),
} satisfies Record<(typeof LIVENESS_FIELDS)[number], unknown>);
const self = fc.record({
  dockerId: fc.constantFrom('unknown', 'aaaaaaaaaaaa'),
  token: fc.constantFrom('token-a'),
});
const laterMs = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 2_000_000_000 }));

type Row = Readonly<Record<string, string | undefined>>;

const find = (status: Row, beat: Row, atMs: number, bootId = 'boot-1'): Holder | undefined =>
  findLiveHolder(decodeStatus(status), decodeHeartbeat(beat), { bootId, bootMs: atMs });

describe('the live holder, whatever the rows say', () => {
  test('once it is not live, it never is again while the rows stay as they are', () => {
    fc.assert(
      fc.property(statusRow, beatRow, laterMs, laterMs, (status, beat, first, second) => {
        if (find(status, beat, NOW_MS + first) !== undefined) return;
        assert.equal(find(status, beat, NOW_MS + first + second), undefined);
      }),
      runs,
    );
  });

  test('while it is live it stays the same one', () => {
    fc.assert(
      fc.property(statusRow, beatRow, laterMs, (status, beat, later) => {
        const holder = find(status, beat, NOW_MS + later);
        if (holder !== undefined) assert.deepEqual(holder, find(status, beat, NOW_MS));
      }),
      runs,
    );
  });

  test('it is live until exactly the moment that it tells', () => {
    fc.assert(
      fc.property(statusRow, beatRow, (status, beat) => {
        const until = find(status, beat, NOW_MS)?.liveUntilMs;
        if (until === undefined) return;
        assert.notEqual(find(status, beat, until - 1), undefined);
        assert.equal(find(status, beat, until), undefined);
      }),
      runs,
    );
  });

  test('it has a legal owner and an id, and of another boot there is none', () => {
    fc.assert(
      fc.property(statusRow, beatRow, laterMs, (status, beat, later) => {
        const holder = find(status, beat, NOW_MS + later);
        if (holder === undefined) return;
        assert.ok(holder.owner === 'local' || holder.owner === 'kube');
        assert.notEqual(holder.dockerId, '');
        // A holder of the shipped kit has no boot of its own: what the row says of one is left from a claim of ctrkit's.
        if (!status.claim_boot_id || holder.token === '') return;
        assert.equal(find(status, beat, NOW_MS + later, 'boot-2'), undefined);
      }),
      runs,
    );
  });

  test('a heartbeat under another token changes nothing', () => {
    fc.assert(
      fc.property(statusRow, beatRow, beatRow, laterMs, (status, beat, other, later) => {
        const foreign = (row: Row): Row => ({ ...row, token: `not ${status.claim_token ?? ''}` });
        const at = NOW_MS + later;
        assert.deepEqual(find(status, foreign(beat), at), find(status, foreign(other), at));
      }),
      runs,
    );
  });

  test('neither the time of day nor any text for people is an input: a step of the wall clock changes nothing', () => {
    const forPeople = ['update_time', 'last_update_ts', 'updated_ts', 'since_ts'];
    const read = new Set<string>([...STATUS_FIELDS, ...LIVENESS_FIELDS]);
    for (const name of forPeople) assert.equal(read.has(name), false, name);
    fc.assert(
      fc.property(statusRow, beatRow, laterMs, fc.integer(), (status, beat, later, wall) => {
        const texts = Object.fromEntries(forPeople.map((name) => [name, String(wall)]));
        const at = NOW_MS + later;
        assert.deepEqual(find({ ...status, ...texts }, { ...beat, ...texts }, at), find(status, beat, at));
      }),
      runs,
    );
  });
});

describe('the renewal, whatever the rows say', () => {
  test('never claims again beside another live holder, and gives way to no other', () => {
    fc.assert(
      fc.property(
        fc.tuple(statusRow, beatRow),
        self,
        laterMs,
        fc.boolean(),
        ([status, beat], me, later, wasFrozen) => {
          const decoded = [decodeStatus(status), decodeHeartbeat(beat)] as const;
          const now = { bootId: 'boot-1', bootMs: NOW_MS + later };
          const [decodedStatus, heartbeat] = decoded;
          // Older than anything on record.
          const claim = { ...me, startedMs: -Infinity };
          const of = { status: decodedStatus, heartbeat, self: claim, observation: WATCHED, now };
          const { kind } = decideRenewal({ ...of, wasFrozen });
          const holder = findLiveHolder(...decoded, now);
          const isForeign = holder !== undefined && !isSelf(holder, me);
          if (kind === 'claim-again') assert.equal(isForeign, false);
          if (kind === 'superseded') assert.equal(isForeign, true);
        },
      ),
      runs,
    );
  });
});
