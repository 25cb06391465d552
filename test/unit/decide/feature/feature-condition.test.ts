import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeConfig, decodeStatus } from '../../../../src/contract/feature/feature.ts';
import { decodeObservedBeat } from '../../../../src/contract/health/observed-beat.ts';
import type { FieldValues } from '../../../../src/contract/rows.ts';
import {
  CRASH_WINDOW_MS,
  decideFeatureCondition,
  type FeatureConditionInput,
  type LastEnd,
} from '../../../../src/decide/feature/feature-condition.ts';
import type { FeatureCondition } from '../../../../src/decide/feature/condition.ts';

const NOW = { bootId: 'boot-1', bootMs: 10_000_000 };
const IMAGE = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

interface Rows {
  readonly config?: FieldValues;
  readonly status?: FieldValues;
  readonly beat?: FieldValues;
}

const HOLDER: FieldValues = {
  system_state: 'up',
  remote_state: 'running',
  current_owner: 'kube',
  docker_id: 'aaaaaaaaaaaa',
  container_id: 'aaaaaaaaaaaa',
  claim_token: 'token-a',
  claim_boot_id: NOW.bootId,
  claim_ms: String(NOW.bootMs - 600_000),
};
const NOBODY: FieldValues = { system_state: 'up', remote_state: 'stopped', current_owner: 'none' };
const BEAT: FieldValues = {
  token: 'token-a',
  boot_id: NOW.bootId,
  status: 'healthy',
  beat_ms: String(NOW.bootMs - 1_000),
  interval_ms: '10000',
  healthy_since_ms: String(NOW.bootMs - 500_000),
};

const CRASH: LastEnd = {
  imageId: IMAGE,
  token: 'token-0',
  version: '2.0',
  atMs: NOW.bootMs - 60_000,
  wasPlanned: false,
  text: 'exit code 139',
};

/** A healthy holder of Kubernetes, unless said otherwise. */
function decide(rows: Rows = {}, rest: Partial<FeatureConditionInput> = {}): FeatureCondition {
  return decideFeatureCondition({
    feature: 'snmp',
    config: decodeConfig({ set_owner: 'kube', state: 'enabled', ...rows.config }),
    status: decodeStatus(rows.status ?? HOLDER),
    beat: decodeObservedBeat(rows.beat ?? BEAT),
    now: NOW,
    container: { imageId: IMAGE, isRunning: true },
    isEngineAway: false,
    lastEnd: undefined,
    isMasterConnected: true,
    isAskerBlocked: false,
    isRebooting: false,
    unit: undefined,
    ...rest,
  });
}

const brief = (condition: FeatureCondition): string =>
  condition.kind === 'failing' ? condition.cause : condition.kind;

describe('a holder of Kubernetes', () => {
  test('that beats and is healthy is so, and is reconciled again when its heartbeat would be overdue', () => {
    const condition = decide();
    assert.equal(condition.kind, 'healthy');
    assert.equal(condition.imageId, IMAGE);
    assert.equal(condition.requeueAtMs, NOW.bootMs - 1_000 + 30_000);
  });

  test('that is degraded counts as healthy while its health is known', () => {
    assert.equal(brief(decide({ beat: { ...BEAT, status: 'degraded' } })), 'healthy');
    assert.equal(brief(decide({ beat: { ...BEAT, status: 'degraded', healthy_since_ms: '' } })), 'neutral');
  });

  test('that is unhealthy fails, with the reason it gives', () => {
    const condition = decide({ beat: { ...BEAT, status: 'unhealthy', reason: 'snmpd is\nFATAL' } });
    assert.equal(brief(condition), 'unhealthy');
    assert.equal(condition.imageId, IMAGE);
    assert.match(condition.text, /aaaaaaaaaaaa is unhealthy: snmpd is FATAL$/);
  });

  test('that is silent fails from the moment its heartbeat is overdue, if the engine says that it runs', () => {
    const beatAgo = (ms: number): Rows => ({ beat: { ...BEAT, beat_ms: String(NOW.bootMs - ms) } });
    assert.equal(brief(decide(beatAgo(29_999))), 'healthy');
    assert.equal(brief(decide(beatAgo(30_000))), 'silent');
    assert.equal(
      brief(decide(beatAgo(30_000), { container: { imageId: IMAGE, isRunning: false } })),
      'neutral',
    );
    assert.equal(brief(decide({ beat: {} })), 'silent');
  });

  test('that has just claimed is starting, also before its first heartbeat', () => {
    const status = { ...HOLDER, claim_ms: String(NOW.bootMs - 5_000) };
    const condition = decide({ status, beat: {} });
    assert.equal(condition.kind, 'neutral');
    assert.equal(condition.requeueAtMs, NOW.bootMs - 5_000 + 30_000);
    assert.equal(
      brief(decide({ status, beat: { ...BEAT, token: 'token-z', status: 'unhealthy' } })),
      'neutral',
    );
  });

  test('that starts or stops or says what nobody knows is neither', () => {
    for (const status of ['starting', 'stopping', 'splendid', ''])
      assert.equal(brief(decide({ beat: { ...BEAT, status } })), 'neutral', status);
  });

  test('of the shipped kit without an id is deployed all the same, with and without a crash before (H1)', () => {
    const shipped = { system_state: 'up', current_owner: 'kube', container_id: '', remote_state: 'running' };
    const records: FieldValues[] = [
      shipped,
      { ...shipped, remote_state: '' },
      { ...shipped, current_owner: 'none' },
    ];
    for (const status of records)
      for (const lastEnd of [undefined, CRASH]) {
        const condition = decide({ status, beat: {} }, { lastEnd, container: undefined });
        assert.equal(brief(condition), 'unknown');
        assert.match(condition.text, /can't be judged: a container of the shipped kit/);
      }
    assert.equal(
      brief(decide({ status: { ...shipped, current_owner: 'none', remote_state: 'stopped' } })),
      'not-deployed',
    );
  });

  test('of the shipped kit has no heartbeats to go by', () => {
    const status = { system_state: 'up', current_owner: 'kube', container_id: 'cccccccccccc' };
    assert.equal(brief(decide({ status, beat: { ...BEAT, status: 'unhealthy' } })), 'unknown');
  });

  test('of another boot, or whose heartbeat is, proves nothing', () => {
    const beat = { ...BEAT, status: 'unhealthy' };
    assert.equal(brief(decide({ beat, status: { ...HOLDER, claim_boot_id: 'boot-0' } })), 'neutral');
    assert.equal(brief(decide({ beat: { ...beat, boot_id: 'boot-0' } })), 'neutral');
  });

  test('that the engine does not know, or whose id is unknown, is of no image that could be judged (HF9)', () => {
    for (const status of ['healthy', 'unhealthy'])
      for (const docker_id of ['aaaaaaaaaaaa', 'unknown']) {
        const rows = { status: { ...HOLDER, docker_id, container_id: docker_id }, beat: { ...BEAT, status } };
        const condition = decide(rows, { container: undefined });
        assert.equal(brief(condition), 'unknown', status);
        assert.match(condition.text, /can't be judged: the Docker engine does not know the container/);
      }
  });

  test('whose row of CONFIG_DB is away can’t be seen (H10)', () => {
    for (const rows of [{}, { status: NOBODY, beat: {} }, { beat: { ...BEAT, status: 'unhealthy' } }]) {
      const condition = decide({ ...rows, config: { set_owner: '', state: '' } });
      assert.deepEqual([condition.kind, 'isBlind' in condition && condition.isBlind], ['neutral', true]);
    }
  });
});

describe('a crash', () => {
  test('counts from the end on, though record and heartbeat still say healthy', () => {
    const condition = decide({}, { lastEnd: { ...CRASH, token: 'token-a' } });
    assert.equal(brief(condition), 'crash-looping');
    assert.equal(condition.imageId, IMAGE);
    assert.match(condition.text, /exit code 139/);
  });

  test('counts on while nobody runs, while the next one asks, and while it starts', () => {
    const status = (remote_state: string) => ({ ...NOBODY, remote_state, container_version: '2.0' });
    for (const remote of ['stopped', 'pending', 'ready'])
      assert.equal(
        brief(decide({ status: status(remote), beat: {} }, { lastEnd: CRASH })),
        'crash-looping',
        remote,
      );
    const starting = { ...BEAT, status: 'starting', healthy_since_ms: '' };
    assert.equal(brief(decide({ beat: starting }, { lastEnd: CRASH })), 'crash-looping');
    assert.equal(brief(decide({ beat: starting }, { lastEnd: { ...CRASH, imageId: OTHER } })), 'neutral');
  });

  test('does not count while another version asks, unless that one is blocked (H4)', () => {
    const asking = (remote_state: string): Rows => ({
      status: { ...NOBODY, remote_state, container_version: '3.0' },
      beat: {},
    });
    for (const remote of ['pending', 'ready']) {
      const condition = decide(asking(remote), { lastEnd: CRASH });
      assert.equal(brief(condition), 'neutral', remote);
      assert.match(condition.text, /waits for the host/);
      assert.equal(brief(decide(asking(remote), { lastEnd: CRASH, isAskerBlocked: true })), 'crash-looping');
    }
    assert.equal(brief(decide(asking('stopped'), { lastEnd: CRASH })), 'crash-looping', 'it asks no more');
    const down = { ...asking('pending').status, system_state: 'down' };
    assert.equal(brief(decide({ status: down }, { lastEnd: CRASH, unit: 'restarting' })), 'neutral');
  });

  test('is over when the image is well again, and stays over when that start is stopped', () => {
    assert.equal(brief(decide({}, { lastEnd: CRASH })), 'healthy');
    for (const status of ['healthy', 'degraded', 'stopping'])
      assert.notEqual(
        brief(decide({ status: NOBODY, beat: { ...BEAT, status } }, { lastEnd: CRASH })),
        'crash-looping',
        status,
      );
    const old = { ...BEAT, beat_ms: String(CRASH.atMs - 1_000) };
    assert.equal(brief(decide({ status: NOBODY, beat: old }, { lastEnd: CRASH })), 'crash-looping');
  });

  test('counts for ten minutes, twice the longest back-off of kubelet', () => {
    const lastEnd = (agoMs: number) => ({ ...CRASH, atMs: NOW.bootMs - agoMs });
    const at = (agoMs: number) => decide({ status: NOBODY, beat: {} }, { lastEnd: lastEnd(agoMs) });
    assert.equal(brief(at(CRASH_WINDOW_MS - 1)), 'crash-looping');
    assert.equal(at(0).requeueAtMs, NOW.bootMs + CRASH_WINDOW_MS);
    assert.equal(brief(at(CRASH_WINDOW_MS)), 'not-deployed');
  });

  test('a planned end, or one of an image nobody knows, is none', () => {
    for (const end of [{ wasPlanned: true }, { imageId: '' }])
      assert.equal(
        brief(decide({ status: NOBODY, beat: {} }, { lastEnd: { ...CRASH, ...end } })),
        'not-deployed',
      );
  });

  test('counts on while systemd waits with the next start, or has given up; a service that was stopped does not', () => {
    const down = { status: { ...NOBODY, system_state: 'down' }, beat: {} };
    const at = (unit: FeatureConditionInput['unit']) => brief(decide(down, { lastEnd: CRASH, unit }));
    assert.equal(at('restarting'), 'crash-looping');
    assert.equal(at('failed'), 'crash-looping');
    assert.equal(at('inactive'), 'neutral');
    assert.equal(at(undefined), 'neutral');
    assert.equal(brief(decide(down, { unit: 'failed' })), 'neutral');
    const old = { lastEnd: { ...CRASH, atMs: NOW.bootMs - CRASH_WINDOW_MS } };
    assert.equal(
      brief(decide(down, { ...old, unit: 'failed' })),
      'crash-looping',
      'nothing starts it any more',
    );
    assert.equal(brief(decide(down, { ...old, unit: 'restarting' })), 'neutral');
  });
});

describe('nothing deployed', () => {
  const nobody = (rest: Partial<FeatureConditionInput> = {}, status: FieldValues = NOBODY) =>
    brief(decide({ status, beat: {} }, rest));

  test('fails while the master is connected; a master out of reach never counts, an unknown one neither', () => {
    assert.equal(nobody(), 'not-deployed');
    assert.equal(nobody({ isMasterConnected: false }), 'neutral');
    assert.equal(nobody({ isMasterConnected: undefined }), 'neutral');
  });

  test('does not fail while a container waits to be let in, or local runs', () => {
    assert.equal(nobody({}, { ...NOBODY, remote_state: 'pending' }), 'neutral');
    assert.equal(nobody({}, { ...NOBODY, remote_state: 'ready' }), 'neutral');
    const local = { system_state: 'up', current_owner: 'local', container_id: 'snmp' };
    assert.equal(nobody({}, local), 'neutral');
  });
});

describe('what is planned is no failure, whatever else is said', () => {
  const worst: readonly [string, Rows, Partial<FeatureConditionInput>][] = [
    ['unhealthy', { beat: { ...BEAT, status: 'unhealthy' } }, {}],
    ['silent', { beat: {} }, {}],
    ['crashed', { status: NOBODY, beat: {} }, { lastEnd: CRASH }],
    ['not deployed', { status: NOBODY, beat: {} }, {}],
  ];
  const plans: readonly [string, Rows, Partial<FeatureConditionInput>][] = [
    ['set_owner local', { config: { set_owner: 'local' } }, {}],
    ['disabled', { config: { state: 'disabled' } }, {}],
    ['always_disabled', { config: { state: 'always_disabled' } }, {}],
    ['a warm or fast reboot', {}, { isRebooting: true }],
    ['a stopped service', { status: { system_state: 'down' } }, {}],
    ['a service that was never started', { status: { system_state: '' } }, {}],
    ['an engine that is away', {}, { isEngineAway: true }],
  ];
  for (const [plan, rows, rest] of plans) {
    test(plan, () => {
      for (const [name, bad, badRest] of worst) {
        assert.equal(decide(bad, badRest).kind, 'failing', name);
        const status = { ...(bad.status ?? HOLDER), ...rows.status };
        assert.equal(decide({ ...bad, ...rows, status }, { ...badRest, ...rest }).kind, 'neutral', name);
      }
    });
  }
});
