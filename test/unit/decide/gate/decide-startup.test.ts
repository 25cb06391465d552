import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HoldReason } from '../../../../src/contract/gate/hold.ts';
import { decideStartup } from '../../../../src/decide/gate/decide-startup.ts';
import { beginObservation, type StoreObservation } from '../../../../src/decide/gate/observation.ts';
import type { Candidate, Progress, StartupDecision } from '../../../../src/decide/gate/startup-types.ts';
import {
  kitsHolder,
  merge,
  NOW,
  readSnapshot,
  ready,
  SELF,
  shippedHolder,
  WANTED,
  WATCHED,
  type RawRows,
} from '../../../support/snapshots.ts';

interface GateOptions {
  readonly self?: Candidate;
  readonly progress?: Progress;
  /** Milliseconds after NOW. */
  readonly afterMs?: number;
  readonly bootId?: string;
  readonly observation?: StoreObservation;
}

function decide(rows: RawRows, options: GateOptions = {}): StartupDecision {
  const { self = SELF, progress = { kind: 'new' }, afterMs = 0, bootId = NOW.bootId } = options;
  const { observation = WATCHED } = options;
  const now = { bootId, bootMs: NOW.bootMs + afterMs };
  return decideStartup({ snapshot: readSnapshot(rows, self), self, progress, observation, now });
}

/** `go`, `hold` with its reason, or `wait` with what is to be written. */
function outcome({ verdict }: StartupDecision): string {
  if (verdict.kind === 'go') return 'go';
  return verdict.kind === 'hold' ? `hold ${verdict.reason}` : `wait ${verdict.announce}`;
}

const expect = (rows: RawRows, wanted: string, options: GateOptions = {}): void =>
  assert.equal(outcome(decide(rows, options)), wanted);

/** The host has answered this container: whatever holds it now is a row of the table. */
const ANSWERED = merge(WANTED, { status: ready(SELF.token) });

/** What makes rows 1 to 6 of the table true, in order. */
const BLOCKS: readonly (readonly [HoldReason, RawRows])[] = [
  ['owner-is-local', { config: { set_owner: 'local' } }],
  ['feature-disabled', { config: { state: 'disabled' } }],
  ['system-not-up', { status: { system_state: 'down' } }],
  ['version-blocked', { labels: { 'snmp_1.2.0_enabled': 'false' } }],
  ['version-is-local', { labels: { snmp_local: '1.2.0' } }],
  ['higher-version-running', kitsHolder({ version: '1.3.0', claimAgoMs: 0 })],
];

/** A decision in which this gate announced itself, and its progress from then on. */
function waitingAfter(rows: RawRows): Progress {
  const { progress, verdict } = decide(rows);
  assert.equal(verdict.kind, 'wait');
  return progress;
}

describe('the table of the gate', () => {
  test('nothing in the way and the host ready for this container: go', () => {
    expect(ANSWERED, 'go');
  });

  for (const [i, [reason, block]] of BLOCKS.entries()) {
    test(`row ${i + 1} alone holds with ${reason}`, () => {
      expect(merge(ANSWERED, block), `hold ${reason}`);
    });

    test(`row ${i + 1} is told rather than any row after it`, () => {
      const fromHere = BLOCKS.slice(i).map(([, rows]) => rows);
      expect(merge(ANSWERED, ...fromHere), `hold ${reason}`);
    });

    test(`row ${i + 1} is told rather than row 7, and lets the wait begin anew`, () => {
      const begin = { beganMs: NOW.bootMs, holderAtStart: '', holderVersionAtStart: '' };
      const since = { sinceMs: NOW.bootMs, answeredMs: undefined };
      const superseded: Progress = { kind: 'superseded', ...since, ...begin };
      const decision = decide(merge(ANSWERED, block), { progress: superseded });
      assert.equal(outcome(decision), `hold ${reason}`);
      assert.deepEqual(decision.progress, { kind: 'new' });
    });

    test(`the hold of row ${i + 1} ends when its cause is gone (D7)`, () => {
      const { progress } = decide(merge(ANSWERED, block));
      expect(ANSWERED, 'go', { progress });
    });
  }

  test('the text of a hold names where it comes from, and what to do', () => {
    const texts = BLOCKS.map(([, block]) => {
      const { verdict } = decide(merge(ANSWERED, block));
      return verdict.kind === 'hold' ? verdict.text : '';
    });
    const wanted = [
      /CONFIG_DB FEATURE\|snmp set_owner is "local".*config feature owner snmp kube/,
      /CONFIG_DB FEATURE\|snmp state is "disabled".*config feature state snmp enabled/,
      /STATE_DB FEATURE\|snmp system_state is "down".*systemctl start snmp/,
      /STATE_DB KUBE_LABELS\|SET snmp_1\.2\.0_enabled is "false".*set that field to true/,
      /STATE_DB KUBE_LABELS\|SET snmp_local is "1\.2\.0".*Deploy a higher one/,
      /container bbbbbbbbbbbb runs version 1\.3\.0, higher than this one's 1\.2\.0/,
    ];
    for (const [i, pattern] of wanted.entries()) assert.match(texts[i] ?? '', pattern);
  });
});

describe('row 1: who should run the feature', () => {
  for (const owner of ['', 'local', 'Kube', 'KUBE', 'kube ', 'none', 'nonsense'])
    test(`set_owner "${owner}" is not kube`, () =>
      expect(merge(ANSWERED, { config: { set_owner: owner } }), 'hold owner-is-local'));

  test('a feature that CONFIG_DB does not know is local, and the text says so', () => {
    const decision = decide({ ...ANSWERED, config: {} });
    assert.equal(outcome(decision), 'hold owner-is-local');
    assert.match(decision.verdict.kind === 'hold' ? decision.verdict.text : '', /set_owner is "local"/);
  });
});

describe('row 2: whether the feature is disabled', () => {
  for (const state of ['disabled', 'always_disabled'])
    test(`state "${state}" is a no`, () =>
      expect(merge(ANSWERED, { config: { state } }), 'hold feature-disabled'));

  const jinja = '{% if not DEVICE_RUNTIME_METADATA %}disabled{% else %}enabled{% endif %}';
  for (const state of ['enabled', 'always_enabled', 'Disabled', 'DISABLED', 'disabled ', '', 'false', jinja])
    test(`state "${state}" is not a no`, () => expect(merge(ANSWERED, { config: { state } }), 'go'));

  test('no state at all is not a no', () => {
    expect({ ...ANSWERED, config: { set_owner: 'kube' } }, 'go');
  });
});

describe('row 3: whether the host has started the feature', () => {
  for (const state of ['', 'down', 'Up', 'UP', 'none'])
    test(`system_state "${state}" is not up (D3)`, () =>
      expect(merge(ANSWERED, { status: { system_state: state } }), 'hold system-not-up'));

  test('a STATE_DB that came back empty holds (D3)', () => {
    expect({ ...ANSWERED, status: {} }, 'hold system-not-up');
  });
});

describe('row 4: a version that is blocked', () => {
  for (const text of ['false', 'False', 'FALSE'])
    test(`the label "${text}" blocks`, () =>
      expect(merge(ANSWERED, { labels: { 'snmp_1.2.0_enabled': text } }), 'hold version-blocked'));

  for (const text of ['true', 'True', '', '0', 'no', 'disabled'])
    test(`the label "${text}" does not block`, () =>
      expect(merge(ANSWERED, { labels: { 'snmp_1.2.0_enabled': text } }), 'go'));

  test('the label of another version, or of the feature as a whole, does not block', () => {
    const labels = { 'snmp_1.1.0_enabled': 'false', snmp_enabled: 'false', 'lldp_1.2.0_enabled': 'false' };
    expect(merge(ANSWERED, { labels }), 'go');
  });
});

describe("row 5: a version that is the switch's own", () => {
  const isLocal = merge(ANSWERED, { labels: { snmp_local: '1.2.0' } });
  const noFallback = (text: string): RawRows => ({ config: { no_fallback_to_local: text } });
  const localContainer = kitsHolder({
    owner: 'local',
    version: '1.2.0',
    claimAgoMs: 50_000,
    beatAgoMs: 1_000,
  });

  test('letter case makes no other version of it', () => {
    const self = { ...SELF, version: '20220531-RC.3' };
    expect(merge(ANSWERED, { labels: { snmp_local: '20220531-rc.3' } }), 'hold version-is-local', { self });
  });

  for (const version of ['1.2.1', '1.1.0', '1.2', '1.2.0.0', ''])
    test(`"${version}" is another version than 1.2.0`, () =>
      expect(merge(ANSWERED, { labels: { snmp_local: version } }), 'go'));

  for (const text of ['true', 'True', 'TRUE'])
    test(`with no_fallback_to_local "${text}" and no local container nobody else would run it: go (D20)`, () =>
      expect(merge(isLocal, noFallback(text)), 'go'));

  for (const text of ['false', 'False', '', '"true"', 'yes', '1'])
    test(`no_fallback_to_local "${text}" is not a yes: held (D20)`, () =>
      expect(merge(isLocal, noFallback(text)), 'hold version-is-local'));

  test('with no_fallback_to_local true it is held while a local container is live', () => {
    expect(merge(isLocal, noFallback('true'), localContainer), 'hold version-is-local');
  });

  test('with no_fallback_to_local true it is held while a local container of the shipped kit is recorded', () => {
    const shipped = shippedHolder({ owner: 'local', id: 'snmp', version: '1.2.0' });
    expect(merge(isLocal, noFallback('true'), shipped), 'hold version-is-local');
  });

  test('with no_fallback_to_local true a local container whose heartbeat is overdue does not hold it', () => {
    const rows = merge(isLocal, noFallback('true'), localContainer, { status: ready(SELF.token) });
    expect(rows, 'hold version-is-local', { afterMs: 28_999 });
    expect(rows, 'go', { afterMs: 29_000 });
  });

  test('with no_fallback_to_local true its own record as local, of an earlier start, does not hold it', () => {
    const before = { dockerId: SELF.dockerId, token: 'token-before', owner: 'local', claimAgoMs: 0 };
    expect(merge(isLocal, noFallback('true'), kitsHolder({ ...before, version: '1.2.0' })), 'go');
  });

  test('with no_fallback_to_local true a kube container that is live does not make it held for this reason', () => {
    const kube = kitsHolder({ version: '1.0.0', claimAgoMs: 50_000, beatAgoMs: 0 });
    expect(merge(isLocal, noFallback('true'), kube), 'wait pending');
  });
});

describe('row 6: a higher version that runs', () => {
  /** How a container of 1.2.0 fares beside a live one of `version`. */
  const beside = (version: string, self: Candidate = SELF): string =>
    outcome(decide(merge(WANTED, kitsHolder({ version, claimAgoMs: 0 })), { self }));

  for (const version of ['1.3.0', '1.2.1', '10.0.0', 'v1.2.1', 'SONiC.1.3'])
    test(`${version} runs: 1.2.0 is held (D1)`, () =>
      assert.equal(beside(version), 'hold higher-version-running'));

  for (const version of ['1.2.0', '1.2', '1.1.9', '1.2.0-rc.1', '0.0.0'])
    test(`${version} runs: 1.2.0 asks to replace it (D1)`, () =>
      assert.equal(beside(version), 'wait pending'));

  test('20201230.11 runs: 20201230.9 is held, because numbers are compared as numbers (D1)', () => {
    const self = { ...SELF, version: '20201230.9' };
    assert.equal(beside('20201230.11', self), 'hold higher-version-running');
  });

  test('versions that are not comparable hold nothing, and a note says so (D1)', () => {
    const self = { ...SELF, version: 'master.921927-18199d73f' };
    const decision = decide(merge(WANTED, kitsHolder({ version: '1.3.0', claimAgoMs: 0 })), { self });
    assert.equal(outcome(decision), 'wait pending');
    assert.match(
      decision.note ?? '',
      /master\.921927-18199d73f can't be compared with 1\.3\.0, which runs in bbbbbbbbbbbb/,
    );
  });

  for (const version of ['20230531.11', '1234-hotfix', '8d4e1f2', '9999999'])
    test(`${version} runs: 1.2.0 is not held, they have no order (H8)`, () =>
      assert.equal(beside(version), 'wait pending'));

  test('comparable versions need no note', () => {
    assert.equal(decide(merge(WANTED, kitsHolder({ claimAgoMs: 0 }))).note, undefined);
  });

  test('a local container of a higher version holds too', () => {
    const local = kitsHolder({ owner: 'local', version: '1.3.0', claimAgoMs: 0 });
    expect(merge(ANSWERED, local), 'hold higher-version-running');
  });

  test('what the heartbeat says of the version is newer than what the record says', () => {
    const rows = merge(WANTED, kitsHolder({ version: '1.3.0', claimAgoMs: 0, beatAgoMs: 0 }));
    expect(merge(rows, { status: { container_version: '1.2.0' } }), 'hold higher-version-running');
  });

  test('a heartbeat of an earlier holder says nothing of the version', () => {
    const rows = merge(WANTED, kitsHolder({ version: '1.0.0', claimAgoMs: 0 }));
    const heartbeat = { token: 'token-earlier', version: '9.9.9', beat_ms: String(NOW.bootMs) };
    expect(merge(rows, { heartbeat }), 'wait pending');
  });
});

describe('row 6: a holder that is not live blocks nobody', () => {
  const higher = (options: Omit<Parameters<typeof kitsHolder>[0], 'version'>): RawRows =>
    merge(WANTED, kitsHolder({ ...options, version: '1.3.0' }));
  const HELD = 'hold higher-version-running';

  test('a claim of another boot is over, however young (D10)', () => {
    expect(higher({ claimAgoMs: 0, beatAgoMs: 0, bootId: 'boot-0' }), 'wait pending');
  });

  test('an overdue heartbeat: goes on exactly after three intervals, not before (D10)', () => {
    const rows = higher({ claimAgoMs: 900_000, beatAgoMs: 0, intervalMs: 2_000 });
    expect(rows, HELD, { afterMs: 5_999 });
    expect(rows, 'wait pending', { afterMs: 6_000 });
  });

  test('requeueAtMs is that very moment, and before it twice an interval', () => {
    const rows = higher({ claimAgoMs: 900_000, beatAgoMs: 500, intervalMs: 2_000 });
    assert.equal(decide(rows).requeueAtMs, NOW.bootMs + 1_000);
    assert.equal(decide(rows, { afterMs: 4_900 }).requeueAtMs, NOW.bootMs + 5_500);
    assert.equal(decide(rows, { afterMs: 5_500 }).requeueAtMs, undefined);
  });

  test('a claim without a heartbeat yet is live for three of the usual intervals', () => {
    const rows = higher({ claimAgoMs: 0 });
    expect(rows, HELD, { afterMs: 29_999 });
    expect(rows, 'wait pending', { afterMs: 30_000 });
    assert.equal(decide(rows, { afterMs: 29_999 }).requeueAtMs, NOW.bootMs + 30_000);
  });

  test('the heartbeat of another token keeps nobody live', () => {
    const beat = { token: 'token-earlier', beat_ms: String(NOW.bootMs), interval_ms: '10000' };
    expect(merge(higher({ claimAgoMs: 30_000 }), { heartbeat: beat }), 'wait pending');
  });

  test('a claim younger than its overdue heartbeat counts', () => {
    expect(higher({ claimAgoMs: 100, beatAgoMs: 60_000, intervalMs: 1_000 }), HELD);
  });

  test('a holder of the shipped kit has no heartbeat: it is live until it is cleared', () => {
    const shipped = merge(WANTED, shippedHolder({ owner: 'kube', id: 'bbbbbbbbbbbb', version: '1.3.0' }));
    const decision = decide(shipped, { afterMs: 365 * 86_400_000 });
    assert.equal(outcome(decision), HELD);
    assert.equal(decision.requeueAtMs, undefined);
    expect(merge(shipped, { status: { current_owner: 'none', container_id: '' } }), 'wait pending');
  });

  test("the HLD's spelling of the shipped kit's id is read too", () => {
    const status = { current_owner: 'kube', 'container-id': 'bbbbbbbbbbbb', container_version: '1.3.0' };
    expect(merge(WANTED, { status }), HELD);
  });

  test("the shipped kit's claim over the kit's stale token counts as the shipped kit's", () => {
    const stale = higher({ dockerId: 'cccccccccccc', claimAgoMs: 900_000, beatAgoMs: 900_000 });
    expect(stale, 'wait pending');
    // It writes container_id and leaves docker_id and claim_token as they were.
    expect(merge(stale, { status: { container_id: 'bbbbbbbbbbbb' } }), HELD);
  });

  for (const owner of ['none', '', 'Kube', 'kubernetes'])
    test(`current_owner "${owner}" is nobody`, () =>
      expect(merge(higher({ claimAgoMs: 0 }), { status: { current_owner: owner } }), 'wait pending'));

  test('a record without an id is nobody', () => {
    const status = { docker_id: '', container_id: '' };
    expect(merge(higher({ claimAgoMs: 0 }), { status }), 'wait pending');
  });

  for (const text of ['', 'soon', '-5', '1e6', '99999999999999999999'])
    test(`claim_ms "${text}" is no sign of life`, () =>
      expect(merge(higher({ claimAgoMs: 0 }), { status: { claim_ms: text } }), 'wait pending'));
});

describe('this container as the holder on record', () => {
  test('the same container, started again, is not in its own way', () => {
    const before = kitsHolder({
      dockerId: SELF.dockerId,
      token: 'token-before',
      claimAgoMs: 0,
      version: '1.3.0',
    });
    expect(merge(WANTED, before), 'wait pending');
    expect(merge(WANTED, before, { status: ready(SELF.token) }), 'go');
  });

  test('two containers whose ids are unknown are two containers', () => {
    const self = { ...SELF, dockerId: 'unknown' };
    const other = kitsHolder({ dockerId: 'unknown', token: 'token-b', claimAgoMs: 0, version: '1.3.0' });
    expect(merge(WANTED, other), 'hold higher-version-running', { self });
    const lower = merge(WANTED, other, { status: { container_version: '1.0.0', ...ready(SELF.token) } });
    expect(lower, 'wait nothing', { self });
  });

  test('a container whose id is unknown knows itself by its token', () => {
    const self = { ...SELF, dockerId: 'unknown' };
    const own = kitsHolder({ dockerId: 'unknown', token: SELF.token, claimAgoMs: 0 });
    expect(merge(WANTED, own, { status: ready(SELF.token) }), 'go', { self });
  });

  test('a claim that was made, and whose confirmation was lost, is not asked for again: go', () => {
    const own = merge(
      WANTED,
      kitsHolder({ dockerId: SELF.dockerId, token: SELF.token, version: '1.2.0', claimAgoMs: 0 }),
    );
    expect(own, 'go', { progress: waitingAfter(WANTED) });
    expect(own, 'go', { afterMs: 29_999 });
    expect(own, 'wait pending', { afterMs: 30_000 });
  });

  test('a claim of its own that was made, and another container has asked since: go', () => {
    const own = kitsHolder({ dockerId: SELF.dockerId, token: SELF.token, version: '1.2.0', claimAgoMs: 0 });
    const asked = { container_version: '1.1.0', remote_state: 'pending', pending_token: 'token-b' };
    const isAsked = merge(WANTED, own, { status: asked });
    expect(isAsked, 'go', { progress: waitingAfter(WANTED) });
    // A claim of an earlier start of this container is not the claim of this gate.
    const earlier = kitsHolder({
      dockerId: SELF.dockerId,
      token: 'token-c',
      version: '1.2.0',
      claimAgoMs: 0,
    });
    const isAskedBesideEarlier = merge(WANTED, earlier, { status: asked });
    expect(isAskedBesideEarlier, 'hold superseded', { progress: waitingAfter(WANTED) });
  });

  test('a claim of its own that was made, when the switch changed its mind since: held', () => {
    const own = merge(
      WANTED,
      kitsHolder({ dockerId: SELF.dockerId, token: SELF.token, version: '1.2.0', claimAgoMs: 0 }),
    );
    expect(merge(own, { status: { system_state: 'down' } }), 'hold system-not-up');
  });
});

describe('row 8: asking the host', () => {
  for (const state of ['', 'none', 'running', 'stopped'])
    test(`remote_state "${state}" is replaced by pending${state === '' ? ' (D6)' : ''}`, () =>
      expect(merge(WANTED, { status: { remote_state: state } }), 'wait pending'));

  test('a remote_state that is not there is replaced by pending (D6)', () => {
    expect(WANTED, 'wait pending');
  });

  for (const state of ['pending', 'Ready', 'nonsense']) {
    test(`remote_state "${state}" is left as it is, and the version is written`, () =>
      expect(merge(WANTED, { status: { remote_state: state } }), 'wait version'));

    test(`remote_state "${state}" and our version: nothing is written`, () =>
      expect(merge(WANTED, { status: { remote_state: state, container_version: '1.2.0' } }), 'wait nothing'));
  }

  test('waiting for the host has no time limit', () => {
    const rows = merge(WANTED, { status: { remote_state: 'pending', container_version: '1.2.0' } });
    const decision = decide(rows, { progress: waitingAfter(WANTED), afterMs: 86_400_000 });
    assert.equal(outcome(decision), 'wait nothing');
    assert.equal(decision.requeueAtMs, undefined);
  });

  test('a host that gave up (none) is asked again', () => {
    const rows = merge(WANTED, { status: { remote_state: 'none', container_version: '1.2.0' } });
    expect(rows, 'wait pending', { progress: waitingAfter(WANTED) });
  });
});

describe('rows 9 and 10: the answer of the host', () => {
  const answeredFor = (token?: string): RawRows => merge(WANTED, { status: ready(token) });

  test('ready for this container: go', () => expect(answeredFor(SELF.token), 'go'));

  test('ready without a token, as the shipped kit asks: go', () => expect(answeredFor(), 'go'));

  test('ready with an empty token: go', () => expect(answeredFor(''), 'go'));

  test('ready while another live holder is on record: waits until it is gone', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0 }), answeredFor(SELF.token));
    const decision = decide(rows);
    assert.equal(outcome(decision), 'wait nothing');
    const last = decide(rows, { progress: decision.progress, afterMs: 29_000 });
    assert.equal(last.requeueAtMs, NOW.bootMs + 30_000);
    expect(rows, 'wait nothing', { progress: decision.progress, afterMs: 29_999 });
    expect(rows, 'go', { progress: decision.progress, afterMs: 30_000 });
  });

  test('ready while a container of the shipped kit is on record: waits until it is cleared', () => {
    const shipped = shippedHolder({ owner: 'local', id: 'snmp', version: '1.0.0' });
    const rows = merge(shipped, answeredFor(SELF.token));
    expect(rows, 'wait nothing', { afterMs: 86_400_000 });
    expect(merge(rows, { status: { current_owner: 'none', container_id: '' } }), 'go');
  });

  test("another container's ready is left to it for half a second, then asked for again (D6)", () => {
    const rows = answeredFor('token-killed');
    const first = decide(rows);
    assert.equal(outcome(first), 'wait nothing');
    assert.equal(first.requeueAtMs, NOW.bootMs + 500);
    const { progress } = first;
    expect(rows, 'wait nothing', { progress, afterMs: 499 });
    expect(rows, 'wait pending', { progress, afterMs: 500 });
  });

  test('beside a live holder a foreign ready is asked for again every ten seconds only: many wait, one host answers', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0 }), answeredFor('token-of-another-waiting'));
    const { progress } = decide(rows);
    expect(rows, 'wait nothing', { progress, afterMs: 9_999 });
    expect(rows, 'wait pending', { progress, afterMs: 10_000 });
  });

  test('a holder that goes overdue wakes the gate before a foreign ready is due', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 25_000 }), answeredFor('token-of-another-waiting'));
    assert.equal(decide(rows).requeueAtMs, NOW.bootMs + 5_000);
  });

  test("another container's ready beside a live holder is left to it for ten seconds: nobody can go anyway", () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0 }), answeredFor('token-c'));
    const { progress } = decide(rows);
    assert.equal(decide(rows, { progress, afterMs: 9_000 }).requeueAtMs, NOW.bootMs + 10_000);
    expect(rows, 'wait nothing', { progress, afterMs: 9_999 });
    expect(rows, 'wait pending', { progress, afterMs: 10_000 });
  });

  test("another container's ready beside a holder is looked at again when that holder is overdue", () => {
    const rows = merge(kitsHolder({ claimAgoMs: 25_000 }), answeredFor('token-c'));
    const { progress, requeueAtMs } = decide(rows);
    assert.equal(requeueAtMs, NOW.bootMs + 5_000);
    expect(rows, 'wait nothing', { progress, afterMs: 4_999 });
    expect(rows, 'wait pending', { progress, afterMs: 5_000 });
  });

  test("a killed container's ready of another version does not hold the next one as superseded (D6)", () => {
    const rows = merge(answeredFor('token-killed'), { status: { container_version: '1.0.0' } });
    const { progress } = decide(rows);
    expect(rows, 'wait nothing', { progress, afterMs: 250 });
    expect(rows, 'wait pending', { progress, afterMs: 500 });
  });

  test('the half second begins with each foreign answer anew, not with the first ever seen (D6)', () => {
    const { progress } = decide(answeredFor('token-b'));
    const asked = merge(WANTED, { status: { remote_state: 'pending', container_version: '1.2.0' } });
    const between = decide(asked, { progress, afterMs: 300 });
    const again = decide(answeredFor('token-c'), { progress: between.progress, afterMs: 5_000 });
    assert.equal(outcome(again), 'wait nothing');
    assert.equal(again.requeueAtMs, NOW.bootMs + 5_500);
  });

  test('each time it has asked again it leaves a foreign ready alone for twice as long, up to eight seconds (G3)', () => {
    let progress: Progress = { kind: 'new' };
    let afterMs = 0;
    for (const graceMs of [500, 1_000, 2_000, 4_000, 8_000, 8_000]) {
      const seen = decide(answeredFor('token-b'), { progress, afterMs });
      assert.equal(seen.requeueAtMs, NOW.bootMs + afterMs + graceMs);
      afterMs += graceMs;
      const asked = decide(answeredFor('token-b'), { progress: seen.progress, afterMs });
      assert.equal(outcome(asked), 'wait pending');
      ({ progress } = asked);
    }
  });

  test('after asking again, the answer is this container’s (D6)', () => {
    const { progress } = decide(answeredFor('token-killed'));
    const asked = decide(answeredFor('token-killed'), { progress, afterMs: 500 });
    expect(answeredFor(SELF.token), 'go', { progress: asked.progress, afterMs: 900 });
  });

  test("the answer to a shipped kit's pending over this container's is taken: no token names another", () => {
    expect(answeredFor(), 'go', { progress: waitingAfter(WANTED) });
  });
});

describe('row 7: superseded by a version', () => {
  const announced = waitingAfter(WANTED);
  const overwritten = merge(WANTED, { status: { remote_state: 'pending', container_version: '1.1.0' } });
  const superseded = decide(overwritten, { progress: announced });
  const later = (afterMs: number): GateOptions => ({ progress: superseded.progress, afterMs });

  test('another version over ours: held, with who asked', () => {
    assert.equal(outcome(superseded), 'hold superseded');
    assert.match(superseded.verdict.kind === 'hold' ? superseded.verdict.text : '', /version 1\.1\.0/);
  });

  test('it is not there before this gate has waited: whoever comes last asks', () => {
    expect(overwritten, 'wait version');
  });

  test('another version under a ready that was never answered with ours is not written over ours', () => {
    const holder = kitsHolder({ version: '1.0.0', claimAgoMs: 50_000, beatAgoMs: 0 });
    const leftover = { ...ready(), container_version: '1.1.0' };
    const rows = merge(WANTED, holder, { status: leftover });
    const { progress } = decide(rows);
    expect(rows, 'wait nothing', { progress, afterMs: 1_000 });
  });

  test('a foreign ready in between does not make it forget that it had written its own', () => {
    const answered = merge(WANTED, { status: { ...ready('token-b'), container_version: '1.2.0' } });
    const between = decide(answered, { progress: announced });
    assert.equal(outcome(between), 'wait nothing');
    expect(overwritten, 'hold superseded', { progress: between.progress, afterMs: 100 });
  });

  test('our own version, or none after the database came back empty, is not another', () => {
    const own = merge(WANTED, { status: { remote_state: 'pending', container_version: '1.2.0' } });
    expect(own, 'wait nothing', { progress: announced });
    expect(WANTED, 'wait pending', { progress: announced });
  });

  test("lifted when that container's turn is over: it released, or the host gave up", () => {
    for (const state of ['stopped', 'none', ''])
      expect(merge(overwritten, { status: { remote_state: state } }), 'wait pending', later(1_000));
  });

  test('where nobody seems to be asking any more when it is first seen: half a second, as the shipped kit asks after', () => {
    for (const state of ['stopped', 'none', 'running', '']) {
      const rows = merge(overwritten, { status: { remote_state: state } });
      const first = decide(rows, { progress: announced });
      assert.equal(outcome(first), 'hold superseded', state);
      assert.equal(first.requeueAtMs, NOW.bootMs + 500);
      expect(rows, 'hold superseded', { progress: first.progress, afterMs: 499 });
      expect(rows, 'wait pending', { progress: first.progress, afterMs: 500 });
      expect(overwritten, 'hold superseded', { progress: first.progress, afterMs: 500 });
    }
  });

  test('held on when that container has claimed, until it is not live any more', () => {
    const claimed = merge(WANTED, kitsHolder({ version: '1.1.0', claimAgoMs: -1_000 }));
    const held = decide(claimed, later(2_000));
    assert.equal(outcome(held), 'hold superseded');
    const { progress } = held;
    assert.equal(decide(claimed, { progress, afterMs: 30_000 }).requeueAtMs, NOW.bootMs + 31_000);
    expect(claimed, 'hold superseded', { progress: held.progress, afterMs: 30_999 });
    expect(claimed, 'wait pending', { progress: held.progress, afterMs: 31_000 });
  });

  test('lifted by time when that container never claimed: after three minutes, not before', () => {
    assert.equal(superseded.requeueAtMs, NOW.bootMs + 180_000);
    expect(overwritten, 'hold superseded', later(179_999));
    expect(overwritten, 'wait version', later(180_000));
  });

  test('lifted after ten seconds where the host has answered this container, and that one has not asked again (D6)', () => {
    const answered = merge(overwritten, { status: ready(SELF.token) });
    const seen = decide(answered, later(20_000));
    assert.equal(outcome(seen), 'hold superseded');
    assert.equal(seen.requeueAtMs, NOW.bootMs + 30_000);
    const again = decide(answered, { progress: seen.progress, afterMs: 29_999 });
    assert.equal(outcome(again), 'hold superseded');
    expect(answered, 'go', { progress: again.progress, afterMs: 30_000 });
    const asked = decide(overwritten, { progress: again.progress, afterMs: 29_999 });
    expect(answered, 'hold superseded', { progress: asked.progress, afterMs: 30_000 });
    const others = merge(overwritten, { status: ready('token-b') });
    const foreign = decide(others, later(20_000));
    expect(others, 'hold superseded', { progress: foreign.progress, afterMs: 30_000 });
  });

  test('looking again does not begin the three minutes anew', () => {
    const again = decide(overwritten, later(100_000));
    assert.equal(again.requeueAtMs, NOW.bootMs + 180_000);
    expect(overwritten, 'wait version', { progress: again.progress, afterMs: 180_000 });
  });

  test('lifted when this container’s version is written over that one’s again', () => {
    const back = merge(overwritten, { status: { container_version: '1.2.0' } });
    expect(back, 'wait nothing', later(1_000));
  });

  const ofHoldersVersion = kitsHolder({ version: '1.1.0', claimAgoMs: 50_000, beatAgoMs: 0 });

  test('the holder to be replaced that records itself again, in a database that came back empty, is no other', () => {
    const progress = waitingAfter(merge(WANTED, ofHoldersVersion));
    expect(merge(WANTED, ofHoldersVersion), 'wait pending', { progress });
    const asked = merge(WANTED, ofHoldersVersion, {
      status: { remote_state: 'pending', container_version: '1.1.0', pending_token: SELF.token },
    });
    expect(asked, 'wait version', { progress });
  });

  test("another container of the holder's version that asks is another: two must not write theirs in turns (G15)", () => {
    const progress = waitingAfter(merge(WANTED, ofHoldersVersion));
    for (const token of ['token-c', '']) {
      const asked = merge(WANTED, ofHoldersVersion, {
        status: { remote_state: 'pending', container_version: '1.1.0', pending_token: token },
      });
      expect(asked, 'hold superseded', { progress });
    }
  });
});

describe('row 7: superseded by a claim', () => {
  const announced = waitingAfter(WANTED);
  const claimed = merge(WANTED, kitsHolder({ version: '1.2.0', claimAgoMs: 0 }));

  test('another container of the same version was let in: held (D5)', () => {
    const decision = decide(claimed, { progress: announced });
    assert.equal(outcome(decision), 'hold superseded');
    assert.match(
      decision.verdict.kind === 'hold' ? decision.verdict.text : '',
      /container bbbbbbbbbbbb, version 1\.2\.0, was let in first/,
    );
    const last = decide(claimed, { progress: decision.progress, afterMs: 29_000 });
    assert.equal(last.requeueAtMs, NOW.bootMs + 30_000);
  });

  test('lifted when that one has released', () => {
    const { progress } = decide(claimed, { progress: announced });
    const released = merge(WANTED, { status: { current_owner: 'none', remote_state: 'stopped' } });
    expect(released, 'wait pending', { progress, afterMs: 1_000 });
  });

  test('lifted when that one has died: exactly when its heartbeat is overdue', () => {
    const { progress } = decide(claimed, { progress: announced });
    expect(claimed, 'hold superseded', { progress, afterMs: 29_999 });
    expect(claimed, 'wait pending', { progress, afterMs: 30_000 });
  });

  test('the holder of before the wait is to be replaced, and does not supersede', () => {
    const holder = kitsHolder({ claimAgoMs: 50_000, beatAgoMs: 0 });
    const progress = waitingAfter(merge(WANTED, holder));
    expect(merge(WANTED, holder, { status: { container_version: '1.2.0' } }), 'wait pending', { progress });
  });

  test('one that had claimed before this gate has asked, and is recorded again since, is to be replaced too (G2)', () => {
    const again = { claimAgoMs: -1_000, beatAgoMs: -1_000, version: '1.1.0' };
    for (const progress of [
      announced,
      waitingAfter(merge(WANTED, kitsHolder({ token: 'token-c', claimAgoMs: 0 }))),
    ]) {
      const before = merge(WANTED, kitsHolder({ ...again, startedAgoMs: 50_000 }));
      const decision = decide(before, { progress, afterMs: 2_000 });
      assert.equal(outcome(decision), 'wait pending');
      const asked = merge(before, {
        status: { remote_state: 'pending', pending_token: SELF.token, container_version: '1.1.0' },
      });
      expect(asked, 'wait version', { progress: decision.progress, afterMs: 3_000 });
      const since = merge(WANTED, kitsHolder({ ...again, startedAgoMs: 0 }));
      expect(since, 'hold superseded', { progress, afterMs: 2_000 });
    }
  });

  test('another start of the same container as the holder of before is another claim', () => {
    const progress = waitingAfter(merge(WANTED, kitsHolder({ claimAgoMs: 50_000, beatAgoMs: 0 })));
    const again = merge(WANTED, kitsHolder({ token: 'token-b2', claimAgoMs: 0 }));
    expect(again, 'hold superseded', { progress });
  });

  test('a claim of the shipped kit supersedes too, until it is cleared', () => {
    const shipped = merge(WANTED, shippedHolder({ owner: 'kube', id: 'bbbbbbbbbbbb', version: '1.2.0' }));
    const decision = decide(shipped, { progress: announced });
    assert.equal(outcome(decision), 'hold superseded');
    assert.equal(decision.requeueAtMs, undefined);
  });

  test('a claim that is overdue when it is first seen supersedes nobody', () => {
    expect(claimed, 'wait pending', { progress: announced, afterMs: 30_000 });
  });
});

describe('what the gate has seen of the store', () => {
  const goodSince = (agoMs: number, more: Partial<StoreObservation> = {}): StoreObservation => ({
    ...WATCHED,
    goodSinceMs: NOW.bootMs - agoMs,
    ...more,
  });
  const OUTAGE = { hadOutage: true };
  const RESTART = { hadOutage: true, hasServerChanged: true };
  const overdue = merge(kitsHolder({ claimAgoMs: 900_000, beatAgoMs: 60_000, intervalMs: 2_000 }), ANSWERED);

  test('a holder that is overdue after an outage has a whole lease to renew its claim (G2)', () => {
    const observation = goodSince(0, OUTAGE);
    const { progress } = decide(overdue, { observation });
    expect(overdue, 'wait nothing', { observation, progress, afterMs: 5_999 });
    expect(overdue, 'go', { observation, progress, afterMs: 6_000 });
  });

  test('a holder that is overdue at the first look is so for certain after one interval (G2)', () => {
    const observation = goodSince(0);
    const { progress } = decide(overdue, { observation });
    expect(overdue, 'wait nothing', { observation, progress, afterMs: 1_999 });
    expect(overdue, 'go', { observation, progress, afterMs: 2_000 });
  });

  test('a claim of another boot is over, whatever was seen', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0, bootId: 'boot-0' }), ANSWERED);
    expect(rows, 'go', { observation: goodSince(0, OUTAGE) });
  });

  test('beside a live holder it looks twice an interval, and tells when a look is too late (G2)', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0, beatAgoMs: 0, intervalMs: 2_000 }), ANSWERED);
    const decision = decide(rows);
    assert.equal(decision.requeueAtMs, NOW.bootMs + 1_000);
    assert.equal(decision.lookByMs, NOW.bootMs + 2_000);
    const shipped = decide(merge(shippedHolder({ owner: 'kube', id: 'b', version: '1.0.0' }), ANSWERED));
    assert.deepEqual([shipped.requeueAtMs, shipped.lookByMs], [undefined, undefined]);
  });

  test('where a record may be lost it looks twenty times an interval, held or not, and tells when a look is too late (G2)', () => {
    const observation = goodSince(0);
    for (const rows of [ANSWERED, merge(ANSWERED, { status: { system_state: 'down' } })]) {
      const { requeueAtMs, lookByMs } = decide(rows, { observation });
      assert.deepEqual([requeueAtMs, lookByMs], [NOW.bootMs + 500, NOW.bootMs + 10_000]);
    }
    const quick = decide(ANSWERED, { observation: goodSince(0, { ownLeaseMs: 1_500 }) });
    assert.deepEqual([quick.requeueAtMs, quick.lookByMs], [NOW.bootMs + 200, NOW.bootMs + 1_000]);
    const confirmed = decide(ANSWERED, { observation, afterMs: 11_500 });
    assert.deepEqual([confirmed.requeueAtMs, confirmed.lookByMs], [undefined, undefined]);
  });

  test('after an outage nobody goes for a lease where no owner is on record (G2)', () => {
    const observation = goodSince(0, OUTAGE);
    const { verdict, requeueAtMs } = decide(ANSWERED, { observation });
    assert.match(verdict.kind === 'wait' ? verdict.text : '', /may have lost the record/);
    assert.equal(requeueAtMs, NOW.bootMs + 500);
    expect(ANSWERED, 'wait nothing', { observation, afterMs: 29_999 });
    expect(ANSWERED, 'go', { observation, afterMs: 30_000 });
  });

  test('no owner at all at the first look is confirmed after an interval and three looks; a release is not (G2)', () => {
    const observation = goodSince(0);
    expect(ANSWERED, 'wait nothing', { observation, afterMs: 11_499 });
    expect(ANSWERED, 'go', { observation, afterMs: 11_500 });
    // An image whose heartbeats are slow is started anew by one of the same image.
    const slow = goodSince(0, { ownLeaseMs: beginObservation(60_000).ownLeaseMs });
    expect(ANSWERED, 'wait nothing', { observation: slow, afterMs: 22_999 });
    expect(ANSWERED, 'go', { observation: slow, afterMs: 23_000 });
    const quick = goodSince(0, { ownLeaseMs: 1_500 });
    expect(ANSWERED, 'wait nothing', { observation: quick, afterMs: 1_099 });
    expect(ANSWERED, 'go', { observation: quick, afterMs: 1_100 });
    expect(merge(ANSWERED, { status: { current_owner: 'none' } }), 'go', { observation });
  });

  test('a holder that was lost, and is on record again before this gate has asked, is to be replaced', () => {
    const holder = kitsHolder({ owner: 'local', claimAgoMs: -1_000 });
    const { heartbeat = {} } = kitsHolder({ claimAgoMs: 0, beatAgoMs: 0 });
    const blocks = [{}, ...BLOCKS.slice(0, 3).map(([, rows]) => rows)];
    for (const block of blocks) {
      const blocked = decide(merge(ANSWERED, block), { observation: goodSince(0, OUTAGE) });
      for (const lost of [merge(ANSWERED, { heartbeat }), ANSWERED]) {
        const observation = goodSince(0, OUTAGE);
        const waiting = decide(lost, { observation, progress: blocked.progress });
        assert.equal(outcome(waiting), 'wait nothing');
        const options = { observation, progress: waiting.progress, afterMs: 1_000 };
        expect(merge(WANTED, holder), 'wait pending', options);
      }
    }
  });

  test('while a record may be lost, a wait that began beside a holder goes on: another one supersedes', () => {
    const progress = waitingAfter(merge(WANTED, kitsHolder({ claimAgoMs: 50_000, beatAgoMs: 0 })));
    const observation = goodSince(0, OUTAGE);
    const lost = decide(WANTED, { observation, progress });
    assert.deepEqual(lost.progress, progress);
    const other = kitsHolder({ dockerId: 'cccccccccccc', token: 'token-c', claimAgoMs: -1_000 });
    const options = { observation, progress: lost.progress, afterMs: 1_000 };
    expect(merge(WANTED, other), 'hold superseded', options);
  });

  test('beside a holder that promises absurd intervals it looks five times a second, and is late after a second', () => {
    const rows = merge(kitsHolder({ claimAgoMs: 0, beatAgoMs: 0, intervalMs: 20 }), ANSWERED);
    const decision = decide(rows, { observation: goodSince(0, OUTAGE) });
    assert.equal(decision.lookByMs, NOW.bootMs + 1_000);
    const inGrace = decide(rows, { observation: goodSince(-1_000, OUTAGE) });
    assert.equal(inGrace.requeueAtMs, NOW.bootMs + 200);
  });

  test('it does not ask the host meanwhile: the answer would be too old in the end', () => {
    expect(WANTED, 'wait nothing', { observation: goodSince(0, OUTAGE) });
    expect(WANTED, 'wait pending', { observation: goodSince(30_000, OUTAGE) });
  });

  test('a released claim is released after an outage, but not where the server was started again (G2)', () => {
    const released = merge(ANSWERED, { status: { current_owner: 'none' } });
    expect(released, 'go', { observation: goodSince(0, OUTAGE) });
    expect(released, 'wait nothing', { observation: goodSince(0, RESTART) });
    expect(released, 'go', { observation: goodSince(30_000, RESTART) });
  });

  test('a heartbeat beside no owner at all is that of a container whose record was deleted (G2)', () => {
    const { heartbeat = {} } = kitsHolder({ claimAgoMs: 0, beatAgoMs: 1_000, intervalMs: 2_000 });
    const deleted = merge(ANSWERED, { heartbeat });
    expect(deleted, 'wait nothing', { afterMs: 4_999 });
    expect(deleted, 'go', { afterMs: 5_000 });
    expect(merge(deleted, { status: { current_owner: 'none' } }), 'go');
    expect(merge(deleted, { heartbeat: { token: SELF.token } }), 'go');
  });
});
