import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { FieldValues } from '../../src/contract/rows.ts';
import type { BootTime } from '../../src/contract/timestamps.ts';
import { decideStartup } from '../../src/decide/gate/decide-startup.ts';
import type { Progress, StartupDecision } from '../../src/decide/gate/startup-types.ts';
import { compareVersions } from '../../src/decide/gate/version-order.ts';
import { merge, NOW, readSnapshot, SELF, WANTED, WATCHED, type RawRows } from '../support/snapshots.ts';
import { runsOf } from '../support/run-counts.ts';

const runs = runsOf(3_000);

const version = fc.constantFrom('', '1.1.0', '1.2.0', '1.3.0', 'master.7-abc', '1.2.0-rc.1');
const token = fc.constantFrom('', SELF.token, 'token-b', 'token-c');
const id = fc.constantFrom('', 'unknown', 'snmp', SELF.dockerId, 'bbbbbbbbbbbb');
const remoteState = fc.constantFrom('', 'none', 'pending', 'ready', 'running', 'stopped');
const ms = fc.oneof(
  fc.integer({ min: NOW.bootMs - 60_000, max: NOW.bootMs }).map(String),
  fc.constantFrom('', 'soon', '0', String(NOW.bootMs)),
);
/** Missing now and then, mostly with sense in it, and sometimes any text at all. */
const field = (sensible: fc.Arbitrary<string>) =>
  fc.option(
    fc.oneof({ weight: 12, arbitrary: sensible }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) }),
    { nil: undefined, freq: 8 },
  );

const configRow = fc.record({
  // Mostly what lets a container pass: the laws are about what comes after.
  set_owner: field(fc.constantFrom('kube', 'kube', 'kube', 'local')),
  state: field(fc.constantFrom('enabled', 'enabled', 'Disabled', 'disabled', 'always_disabled')),
  no_fallback_to_local: field(fc.constantFrom('true', 'True', 'false')),
});
const statusRow = fc.record({
  current_owner: field(fc.constantFrom('local', 'kube', 'none', '')),
  docker_id: field(id),
  container_id: field(id),
  'container-id': field(id),
  container_version: field(version),
  remote_state: field(remoteState),
  system_state: field(fc.constantFrom('up', 'up', 'up', 'down')),
  claim_token: field(token),
  claim_boot_id: field(fc.constantFrom('boot-1', 'boot-1', 'boot-0', '')),
  claim_ms: field(ms),
  pending_token: field(token),
});
const beatRow = fc.record({
  token: field(token),
  version: field(version),
  beat_ms: field(ms),
  interval_ms: field(fc.constantFrom('100', '10000', '')),
});
const labelRow = fc.record({
  'snmp_1.2.0_enabled': field(fc.constantFrom('true', 'true', 'false')),
  snmp_local: field(fc.constantFrom('', '1.1.0', '1.2.0')),
});
const hostRow = fc.record({
  system_state: field(fc.constantFrom('up', 'down')),
  remote_state: field(remoteState),
});
const rawRows: fc.Arbitrary<RawRows> = fc.record({
  config: configRow,
  status: statusRow,
  heartbeat: beatRow,
  labels: labelRow,
  hostStatus: hostRow,
  hostLabels: labelRow,
});
const anyText = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
const anyRow = (fields: readonly string[]) =>
  fc.record(Object.fromEntries(fields.map((name) => [name, anyText])));
const anyRows: fc.Arbitrary<RawRows> = fc.record({
  config: anyRow(['set_owner', 'state', 'no_fallback_to_local']),
  status: anyRow([
    'current_owner',
    'docker_id',
    'container_version',
    'remote_state',
    'system_state',
    'claim_token',
  ]),
  heartbeat: anyRow(['token', 'version', 'beat_ms', 'interval_ms']),
  labels: anyRow(['snmp_local']),
});
const asic = fc.constantFrom('', '', '1');

/** One look: what stands in the databases, and how much later. */
const look = fc.record({ rows: rawRows, afterMs: fc.oneof(fc.nat(1_000), fc.nat(200_000)) });
const history = fc.array(look, { minLength: 1, maxLength: 6 });

interface Seen {
  readonly rows: RawRows;
  readonly nowMs: number;
  readonly before: Progress;
  readonly decision: StartupDecision;
}

/** What a gate decides that looks at one state of the databases after the other. */
function follow(looks: readonly { rows: RawRows; afterMs: number }[], asicNumber: string): Seen[] {
  let nowMs = NOW.bootMs;
  let progress: Progress = { kind: 'new' };
  return looks.map(({ rows, afterMs }) => {
    nowMs += afterMs;
    const before = progress;
    const snapshot = readSnapshot(rows, SELF, asicNumber);
    const decision = decideStartup({
      snapshot,
      self: SELF,
      progress: before,
      observation: WATCHED,
      now: { bootId: NOW.bootId, bootMs: nowMs },
    });
    progress = decision.progress;
    return { rows, nowMs, before, decision };
  });
}

const decideAgain = (rows: RawRows, { progress }: StartupDecision, now: BootTime): StartupDecision =>
  decideStartup({ snapshot: readSnapshot(rows), self: SELF, progress, observation: WATCHED, now });

/** A holder by its definition (contract.md, section 2), told apart from the code under test. */
function liveHolder({ status = {}, heartbeat = {} }: RawRows, nowMs: number) {
  const owner = status['current_owner'] ?? '';
  if (owner !== 'local' && owner !== 'kube') return undefined;
  const shippedId = status['container_id'] || status['container-id'] || '';
  const kitsId = status['docker_id'] ?? '';
  const isShipped = owner === 'kube' && kitsId !== '' && shippedId !== '' && kitsId !== shippedId;
  const dockerId = isShipped ? shippedId : kitsId || shippedId;
  if (dockerId === '') return undefined;
  const bootId = status['claim_boot_id'] ?? '';
  if (!isShipped && bootId !== '' && bootId !== NOW.bootId) return undefined;
  const holderToken = isShipped ? '' : (status['claim_token'] ?? '');
  const isOwnBeat = holderToken !== '' && heartbeat['token'] === holderToken;
  const holderVersion = (isOwnBeat ? heartbeat['version'] : '') || (status['container_version'] ?? '');
  const holder = { owner, dockerId, token: holderToken, version: holderVersion };
  if (holderToken === '') return holder;
  const number = (text: string | undefined) => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined);
  const promised = isOwnBeat ? number(heartbeat['interval_ms']) : undefined;
  const intervalMs = promised !== undefined && promised > 0 && promised <= 600_000 ? promised : 10_000;
  const signs = [number(status['claim_ms']), isOwnBeat ? number(heartbeat['beat_ms']) : undefined];
  const isLive = signs.some(
    (at) => at !== undefined && at <= nowMs + intervalMs && nowMs < at + 3 * intervalMs,
  );
  return isLive ? holder : undefined;
}

type LiveHolder = NonNullable<ReturnType<typeof liveHolder>>;

const isOwn = ({ dockerId, token: holderToken }: LiveHolder): boolean =>
  holderToken === SELF.token || (dockerId === SELF.dockerId && dockerId !== 'unknown');

/** Which of rows 1 to 6 holds, by the table (contract.md, section 3); single-ASIC. */
function blockingRow(rows: RawRows, nowMs: number): number | undefined {
  const { config = {}, status = {}, labels = {} } = rows;
  const holder = liveHolder(rows, nowMs);
  if ((config['set_owner'] || 'local') !== 'kube') return 1;
  if (['disabled', 'always_disabled'].includes(config['state'] ?? '')) return 2;
  if (status['system_state'] !== 'up') return 3;
  if (labels['snmp_1.2.0_enabled']?.toLowerCase() === 'false') return 4;
  const isLocalLive = holder?.owner === 'local' && !isOwn(holder);
  const mayReplaceLocal = config['no_fallback_to_local']?.toLowerCase() === 'true' && !isLocalLive;
  if (labels['snmp_local']?.toLowerCase() === '1.2.0' && !mayReplaceLocal) return 5;
  if (holder !== undefined && !isOwn(holder) && compareVersions(holder.version, '1.2.0') === 'higher')
    return 6;
  return undefined;
}

const REASONS = [
  'owner-is-local',
  'feature-disabled',
  'system-not-up',
  'version-blocked',
  'version-is-local',
  'higher-version-running',
];

const forAll = (law: (seen: Seen) => void): void =>
  fc.assert(
    fc.property(history, (looks) => follow(looks, '').forEach(law)),
    runs,
  );

describe('the decision, whatever the databases say', () => {
  test('is made for any text in any field, and says something that can be acted on', () => {
    const someRows = fc.oneof(rawRows, anyRows);
    const looks = fc.array(fc.record({ rows: someRows, afterMs: fc.nat(200_000) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(looks, asic, (some, asicNumber) => {
        for (const { decision, nowMs } of follow(some, asicNumber)) {
          assert.ok(['go', 'wait', 'hold'].includes(decision.verdict.kind));
          if (decision.verdict.kind !== 'go') assert.notEqual(decision.verdict.text, '');
          if (decision.requeueAtMs !== undefined) assert.ok(decision.requeueAtMs > nowMs);
        }
      }),
      runs,
    );
  });

  test('is a hold with the first of rows 1 to 6 that holds, and never for another of them', () => {
    forAll(({ rows, nowMs, decision: { verdict } }) => {
      const row = blockingRow(rows, nowMs);
      const reason = verdict.kind === 'hold' ? verdict.reason : '';
      if (row !== undefined) assert.equal(reason, REASONS[row - 1]);
      else assert.ok(verdict.kind !== 'hold' || reason === 'superseded', reason);
    });
  });

  test('is no go beside another live holder (D5)', () => {
    forAll(({ rows, nowMs, decision }) => {
      const holder = liveHolder(rows, nowMs);
      if (decision.verdict.kind === 'go') assert.ok(holder === undefined || isOwn(holder));
    });
  });

  test('is a go only on a ready for this container, or on a claim that it has made (D6)', () => {
    forAll(({ rows, nowMs, decision }) => {
      if (decision.verdict.kind !== 'go') return;
      const { status = {} } = rows;
      const isOurs = ['', SELF.token].includes(status['pending_token'] ?? '');
      const hasClaimed = liveHolder(rows, nowMs)?.token === SELF.token;
      assert.ok(hasClaimed || (status['remote_state'] === 'ready' && isOurs));
    });
  });

  test('asks the host only where no answer of its is waited for, or another container’s was left over (D6)', () => {
    forAll(({ rows, nowMs, before, decision: { verdict } }) => {
      if (verdict.kind !== 'wait' || verdict.announce !== 'pending') return;
      const state = rows.status?.['remote_state'] ?? '';
      if (['', 'none', 'running', 'stopped'].includes(state)) return;
      assert.equal(state, 'ready');
      assert.ok(before.kind === 'waiting' && before.foreignReadySinceMs !== undefined);
      assert.ok(nowMs >= before.foreignReadySinceMs + 500);
    });
  });

  test('is superseded only by what another container did while this one waited', () => {
    forAll(({ rows, nowMs, before, decision: { verdict } }) => {
      if (verdict.kind !== 'hold' || verdict.reason !== 'superseded') return;
      assert.notEqual(before.kind, 'new');
      const holder = liveHolder(rows, nowMs);
      const isOther = holder !== undefined && !isOwn(holder);
      const isOverwritten = !['', SELF.version].includes(rows.status?.['container_version'] ?? '');
      assert.ok(isOther || isOverwritten);
    });
  });

  test('multi-ASIC: the same laws, with the host’s row where the ASIC’s has none (D28)', () => {
    fc.assert(
      fc.property(history, (looks) => {
        for (const { rows, nowMs, decision } of follow(looks, '1')) {
          const { status = {}, hostStatus = {}, labels = {}, hostLabels = {} } = rows;
          const either = (own: FieldValues, host: FieldValues, name: string) => own[name] || host[name] || '';
          if (decision.verdict.kind !== 'go') continue;
          const holder = liveHolder(rows, nowMs);
          assert.ok(holder === undefined || isOwn(holder));
          assert.equal(either(status, hostStatus, 'system_state'), 'up');
          const blocked = [labels, hostLabels].map((set) => set['snmp_1.2.0_enabled']?.toLowerCase());
          assert.equal(blocked.includes('false'), false);
          const state = either(status, hostStatus, 'remote_state');
          const isAnswered = state === 'pending' && hostStatus['remote_state'] === 'ready';
          assert.ok(state === 'ready' || isAnswered || holder?.token === SELF.token);
        }
      }),
      runs,
    );
  });

  test('is the same for the same: looking again at once changes nothing', () => {
    forAll(({ rows, nowMs, decision }) => {
      if (decision.verdict.kind !== 'hold') return;
      const now = { bootId: NOW.bootId, bootMs: nowMs };
      const again = decideAgain(rows, decision, now);
      assert.equal(again.verdict.kind, 'hold');
    });
  });

  test('while the rows stay as they are, changes only at a moment that was told (D7)', () => {
    fc.assert(
      fc.property(history, fc.nat(200_000), (looks, later) => {
        const last = follow(looks, '').at(-1);
        assert.ok(last);
        const { rows, nowMs, decision } = last;
        // A verdict that writes changes the rows itself.
        if (decision.verdict.kind === 'go') return;
        if (decision.verdict.kind === 'wait' && decision.verdict.announce !== 'nothing') return;
        const untilMs = Math.min(nowMs + later, (decision.requeueAtMs ?? Infinity) - 1);
        const now = { bootId: NOW.bootId, bootMs: untilMs };
        const then = decideAgain(rows, decision, now);
        assert.deepEqual(then.verdict, decision.verdict);
      }),
      runs,
    );
  });
});

describe('the decision, where nothing is in the way', () => {
  test('is a go on the host’s ready, whatever happened before', () => {
    fc.assert(
      fc.property(history, (looks) => {
        const answered = merge(WANTED, {
          status: { remote_state: 'ready', pending_token: SELF.token, container_version: SELF.version },
        });
        // Once to see that a hold is over, once to see the answer.
        const end = [0, 0].map(() => ({ rows: answered, afterMs: 200_000 }));
        assert.equal(follow([...looks, ...end], '').at(-1)?.decision.verdict.kind, 'go');
      }),
      runs,
    );
  });
});
