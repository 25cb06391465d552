import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeatureView } from '../../../../../../src/contract/feature/daemon-view.ts';
import { EMPTY_FEATURE_LEDGER } from '../../../../../../src/contract/images/ledger.ts';
import {
  describeStatus,
  type StatusSources,
} from '../../../../../../src/host/commands/ctrkit/status/status-entry.ts';
import { formatStatus } from '../../../../../../src/host/commands/ctrkit/status/status-table.ts';

const now = { bootId: 'boot-1', bootMs: 1_000_000, wallMs: 1_767_323_045_000 };
const golden = {
  imageId: 'sha256:a',
  references: [],
  version: '1.0',
  source: 'certified' as const,
  sinceTs: 1,
};
const view: FeatureView = {
  imageId: 'sha256:b',
  version: '2.0',
  certification: { kind: 'counting', text: '', fromMs: 900_000, neededMs: 700_000 },
  fallback: { kind: 'well', text: '' },
  lastAct: '',
  lastActTs: 0,
};
const sources: StatusSources = {
  feature: 'snmp',
  now,
  config: { set_owner: 'kube', state: 'enabled', auto_restart: 'enabled' },
  status: {
    current_owner: 'kube',
    docker_id: '0123456789ab',
    container_id: '0123456789ab',
    container_version: '2.0',
    remote_state: 'running',
    system_state: 'up',
    update_time: '2026-01-02 03:04:05',
    last_update_ts: '1767323045',
    claim_token: 't1',
    claim_boot_id: 'boot-1',
    claim_ms: '990000',
  },
  health: {
    token: 't1',
    boot_id: 'boot-1',
    status: 'degraded',
    reason: 'disk',
    interval_ms: '10000',
    beat_ms: '995000',
    healthy_since_ms: '900000',
    restarts: '0',
  },
  ledger: { ...EMPTY_FEATURE_LEDGER, golden },
  blockedVersions: new Set(),
  view,
  locks: [],
};
const paint = (_colour: string, text: string): string => text;
const lastLine = (more: Partial<StatusSources>): string =>
  formatStatus([describeStatus({ ...sources, ...more })], now.bootMs, paint).split('\n')[2] ?? '';

describe('the status of a feature', () => {
  test('is one entry for machines, and nothing in it moves with the time', () => {
    const entry = describeStatus(sources);
    assert.deepEqual(entry, {
      feature: 'snmp',
      state: 'enabled',
      auto_restart: 'enabled',
      system_state: 'up',
      update_time: '2026-01-02 03:04:05',
      last_update_ts: 1_767_323_045,
      container_id: '0123456789ab',
      version: '2.0',
      set_owner: 'kube',
      current_owner: 'kube',
      remote_state: 'running',
      health: {
        status: 'degraded',
        reason: 'disk',
        is_overdue: false,
        restarts: 0,
        healthy_since_ms: 900_000,
      },
      golden: { version: '1.0', image_id: 'sha256:a', is_running: false },
      missing_rungs: null,
      certification: { kind: 'counting', golden_at_ms: 1_600_000 },
      fallback: { kind: 'well' },
      locks: [],
    });
    assert.deepEqual(describeStatus({ ...sources, now: { ...now, bootMs: now.bootMs + 5_000 } }), entry);
  });

  test('is one line for people', () => {
    assert.match(
      lastLine({}),
      /^snmp +enabled +enabled +up +2026-01-02 03:04:05 +0123456789ab +2\.0 +kube +kube +running +degraded +1\.0 \(new in 10 min\)$/,
    );
  });

  test('says where the container can’t be judged, with a heartbeat and without (HF9)', () => {
    const unknown = { ...view, fallback: { kind: 'unknown', text: '' } } as const;
    assert.match(lastLine({ view: unknown }), / degraded \(can't be judged\) /);
    assert.match(lastLine({ view: unknown, health: {} }), / running +\(can't be judged\) /);
    assert.deepEqual(describeStatus({ ...sources, view: unknown }).fallback, { kind: 'unknown' });
  });

  test('tells what is golden: the one that runs, another one, or none', () => {
    assert.match(lastLine({ view: { ...view, imageId: 'sha256:a' } }), / 1\.0 \(runs\)$/);
    assert.match(lastLine({ view: { ...view, certification: { kind: 'off', text: '' } } }), / 1\.0$/);
    assert.match(lastLine({ view: undefined }), / 1\.0$/);
    assert.match(lastLine({ blockedVersions: new Set([golden.version]), view: undefined }), / none$/);
    assert.match(lastLine({ ledger: EMPTY_FEATURE_LEDGER, view: undefined }), / none$/);
    assert.equal(describeStatus({ ...sources, view: undefined }).golden?.is_running, null);
  });

  test('tells of a heartbeat that is overdue, and of none of another container or boot', () => {
    const late = { ...now, bootMs: 995_000 + 30_000 };
    assert.match(lastLine({ now: late }), / overdue /);
    for (const health of [
      {},
      { ...sources.health, token: 't0' },
      { ...sources.health, boot_id: 'boot-0' },
      { ...sources.health, token: '' },
    ])
      assert.equal(describeStatus({ ...sources, health }).health, null);
    const shipped = { ...sources.status, claim_token: '' };
    assert.equal(
      describeStatus({ ...sources, status: shipped, health: { ...sources.health, token: '' } }).health,
      null,
    );
  });

  test('has no container where nobody runs it, and SONiC’s defaults where the row says nothing', () => {
    const entry = describeStatus({
      ...sources,
      config: {},
      status: { current_owner: 'none', container_id: 'snmp', last_update_ts: '1767323045' },
      health: {},
    });
    assert.equal(entry.container_id, '');
    assert.equal(entry.set_owner, 'local');
    assert.match(entry.update_time, /^2026-01-0\d /, 'the HLD’s time where SONiC’s is not there (D27)');
  });

  test('says which image of the ladder is gone, and which stands in for it (H12)', () => {
    const rung = { isThere: true, hasFailed: false, isPinned: true };
    const ladder = [
      { ...rung, name: 'golden' as const, imageId: 'sha256:a', version: '1.0', isThere: false },
      { ...rung, name: 'shipped' as const, imageId: 'sha256:c', version: '0.9' },
    ];
    const ledger = { ...sources.ledger, shipped: { ...golden, imageId: 'sha256:c', version: '0.9' } };
    const changes = { ledger, view: { ...view, ladder, certification: { kind: 'off' as const, text: '' } } };
    const entry = describeStatus({ ...sources, ...changes });
    assert.deepEqual(entry.missing_rungs, [{ name: 'golden', version: '1.0', image_id: 'sha256:a' }]);
    assert.equal(entry.golden?.version, '0.9');
    assert.match(lastLine(changes), /0\.9, golden 1\.0 missing$/);
  });

  test('names the locks that hold', () => {
    const lock = {
      feature: 'snmp',
      owner: 'alice',
      reason: 'bug',
      sinceTs: 1,
      forMs: 0,
      bootId: '',
      bootMs: 0,
    };
    const over = { ...lock, owner: 'bob', forMs: 1, bootId: 'boot-1' };
    assert.deepEqual(
      describeStatus({ ...sources, locks: [lock, over, { ...lock, feature: 'lldp' }] }).locks,
      ['alice: bug'],
    );
  });
});
