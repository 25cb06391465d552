import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DaemonView, FeatureView } from '../../../../../../src/contract/feature/daemon-view.ts';
import type { EngineContainer, EngineImage } from '../../../../../../src/contract/images/engine.ts';
import { decodeImagePolicy, imagePolicyRow } from '../../../../../../src/contract/images/image-policy.ts';
import {
  EMPTY_FEATURE_LEDGER,
  type FeatureLedger,
  type GoldenImage,
} from '../../../../../../src/contract/images/ledger.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  holdRow,
  type FieldValues,
} from '../../../../../../src/contract/rows.ts';
import { labelsRow } from '../../../../../../src/contract/cluster/feature-labels.ts';
import { masterStatusRow } from '../../../../../../src/contract/cluster/master-status.ts';
import { explainFeature } from '../../../../../../src/host/commands/ctrkit/explain/explain.ts';
import type {
  ExplainSnapshot,
  FeatureRows,
  Topic,
} from '../../../../../../src/host/commands/ctrkit/reading/explain-item.ts';

const NOW = { bootId: 'boot-1', bootMs: 10_000_000, wallMs: 1_767_323_045_000 };
const ID = '0123456789ab';
const IMAGE = `sha256:${'1'.repeat(64)}`;
const OTHER_IMAGE = `sha256:${'2'.repeat(64)}`;

interface Values {
  readonly config?: FieldValues;
  readonly status?: FieldValues;
  readonly health?: FieldValues;
  readonly own?: FieldValues;
  readonly labels?: FieldValues;
  readonly master?: FieldValues;
  readonly holds?: readonly FieldValues[];
  readonly configName?: string;
}

const CONFIG = { set_owner: 'kube', state: 'enabled' };
const RUNNING = {
  current_owner: 'kube',
  docker_id: ID,
  container_id: ID,
  container_version: '2.0',
  remote_state: 'running',
  system_state: 'up',
  claim_token: 't1',
  claim_boot_id: 'boot-1',
  claim_ms: String(NOW.bootMs - 60_000),
};
const BEAT = {
  token: 't1',
  owner: 'kube',
  version: '2.0',
  boot_id: 'boot-1',
  status: 'healthy',
  reason: '',
  seq: '7',
  interval_ms: '10000',
  beat_ms: String(NOW.bootMs - 4_000),
  restarts: '0',
  checks: '[]',
};

function makeRows(values: Values, feature = 'snmp'): FeatureRows {
  const { config = CONFIG, status = RUNNING, health = BEAT, own = {}, labels = {}, master = {} } = values;
  const configName = values.configName ?? feature;
  return {
    config: { address: featureConfigRow(configName), values: config },
    status: { address: featureStatusRow(feature), values: status },
    health: { address: healthRow(feature), values: health },
    ownPolicy: { address: imagePolicyRow(configName), values: own },
    globalPolicy: { address: imagePolicyRow('GLOBAL'), values: {} },
    master: { address: masterStatusRow, values: master },
    labels: [{ address: labelsRow('state'), values: { [`${feature}_enabled`]: 'true', ...labels } }],
    holds: (values.holds ?? []).map((hold) => ({
      address: holdRow(feature, 'bbbbbbbbbbbb', '|'),
      values: { boot_id: 'boot-1', version: '3.0', ...hold },
      dockerId: 'bbbbbbbbbbbb',
    })),
    policy: decodeImagePolicy({ own, global: {}, feature: config }, 'snmp'),
    problems: [],
  };
}

const makeContainer = (more: Partial<EngineContainer> = {}): EngineContainer => ({
  id: ID + 'c'.repeat(52),
  names: ['k8s_snmp'],
  imageId: IMAGE,
  image: 'registry/snmp:2.0',
  state: 'running',
  ...more,
});

const makeGolden = (more: Partial<GoldenImage> = {}): GoldenImage => ({
  imageId: OTHER_IMAGE,
  references: ['docker-snmp:latest'],
  version: '1.0',
  source: 'shipped',
  sinceTs: 1,
  ...more,
});

const WELL: FeatureView = {
  imageId: IMAGE,
  version: '2.0',
  certification: { kind: 'not-counting', text: 'nothing counts' },
  fallback: { kind: 'well', text: 'nothing fails' },
  lastAct: '',
  lastActTs: 0,
};
const makeView = (view: Partial<FeatureView> = {}, more: Partial<DaemonView> = {}): DaemonView => ({
  pid: 7,
  isShadow: false,
  bootId: 'boot-1',
  startedMs: 1,
  problems: [],
  features: { snmp: { ...WELL, ...view } },
  ...more,
});

function explain(values: Values, more: Partial<ExplainSnapshot> = {}) {
  const feature = more.feature ?? 'snmp';
  return explainFeature({
    feature,
    now: NOW,
    blocks: { found: [] },
    rows: { found: makeRows(values, feature) },
    containers: { found: [makeContainer()] },
    images: { found: [] },
    localRepository: undefined,
    daemon: { found: makeView() },
    ledger: { found: EMPTY_FEATURE_LEDGER },
    locks: { found: [] },
    diskProblems: [],
    ...more,
  });
}

const about = (items: ReturnType<typeof explain>, topic: Topic) =>
  items.filter((item) => item.topic === topic);
const textsOf = (items: ReturnType<typeof explain>, topic: Topic) =>
  about(items, topic).map(({ text }) => text);
const liftsOf = (items: ReturnType<typeof explain>, topic: Topic) =>
  about(items, topic).map(({ lifts }) => lifts);

describe('what is wanted', () => {
  test('is Kubernetes’ to run, with or without a way back', () => {
    assert.deepEqual(textsOf(explain({}), 'wanted'), [
      'Kubernetes is to run it; it may fall back to the local image',
    ]);
    const config = { ...CONFIG, no_fallback_to_local: 'True' };
    assert.match(textsOf(explain({ config }), 'wanted')[0] ?? '', /it may not fall back/);
    assert.match(
      textsOf(explain({ config: { ...CONFIG, no_fallback_to_local: 'false' } }), 'wanted')[0] ?? '',
      /it may fall back/,
      '(D20)',
    );
    assert.match(textsOf(explain({ config: {} }), 'wanted')[0] ?? '', /its local image/);
  });

  test('is nothing where it is disabled, and how to enable it is told', () => {
    for (const state of ['disabled', 'always_disabled']) {
      const items = explain({ config: { ...CONFIG, state } });
      assert.match(textsOf(items, 'wanted')[0] ?? '', /nobody/);
      assert.deepEqual(liftsOf(items, 'wanted'), ['config feature state snmp enabled']);
    }
  });

  test('has to be started by the host, an instance by its own unit', () => {
    const items = explain({ status: { ...RUNNING, system_state: 'down' } });
    assert.deepEqual(liftsOf(items, 'wanted'), [undefined, 'systemctl start snmp']);
    const instance = explain({ status: {}, configName: 'lldp' }, { feature: 'lldp0' });
    assert.deepEqual(liftsOf(instance, 'wanted'), [undefined, 'systemctl start lldp@0']);
  });

  test('names the values that say so', () => {
    const [item] = about(explain({}), 'wanted');
    assert.deepEqual(item?.values, [
      { row: 'CONFIG_DB FEATURE|snmp', field: 'set_owner', value: 'kube' },
      { row: 'CONFIG_DB FEATURE|snmp', field: 'state', value: 'enabled' },
      { row: 'CONFIG_DB FEATURE|snmp', field: 'no_fallback_to_local', value: undefined },
    ]);
  });
});

describe('what runs', () => {
  const runs = (values: Values, more: Partial<ExplainSnapshot> = {}) =>
    textsOf(explain(values, more), 'runs')[0];

  test('is told with its image, and whether that is golden', () => {
    const start = `container ${ID} of version 2.0, owner kube, image registry/snmp:2.0 (111111111111)`;
    assert.equal(runs({}), `${start}, not golden`);
    const golden = { ...EMPTY_FEATURE_LEDGER, golden: makeGolden({ imageId: IMAGE }) };
    assert.equal(runs({}, { ledger: { found: golden } }), `${start}, the golden one`);
    const previous = {
      ...EMPTY_FEATURE_LEDGER,
      golden: makeGolden(),
      previous: makeGolden({ imageId: IMAGE }),
    };
    assert.equal(runs({}, { ledger: { found: previous } }), `${start}, the golden one before`);
  });

  test('is told without its image where the engine is away, has none, or has stopped it', () => {
    assert.match(runs({}, { containers: { problem: 'no engine' } }) ?? '', /its image is not known now/);
    assert.match(runs({}, { containers: { found: [] } }) ?? '', /the engine knows no such container/);
    const stopped = { found: [makeContainer({ state: 'exited' })] };
    assert.match(runs({}, { containers: stopped }) ?? '', /the engine says it is exited/);
  });

  test('is found by its name where the shipped kit has recorded that', () => {
    const status = {
      current_owner: 'local',
      container_id: 'snmp',
      container_version: '1.0',
      system_state: 'up',
    };
    const containers = { found: [makeContainer({ id: 'f'.repeat(64), names: ['snmp'] })] };
    assert.match(
      runs({ status, health: {} }, { containers }) ?? '',
      /owner local, image registry\/snmp:2\.0/,
    );
  });

  test('is not another container whose id begins with the name on record, which may be hex', () => {
    const status = {
      current_owner: 'local',
      container_id: 'bed',
      container_version: '1.0',
      system_state: 'up',
    };
    const other = makeContainer({ id: `bed${'0'.repeat(61)}`, names: ['k8s_snmp'] });
    const own = makeContainer({ id: 'f'.repeat(64), names: ['bed'], imageId: OTHER_IMAGE });
    assert.match(
      runs({ status, health: {} }, { containers: { found: [other, own] } }) ?? '',
      /owner local, image registry\/snmp:2\.0 \(222222222222\)/,
    );
  });

  test('is nobody where the record is of a container that is gone (D10)', () => {
    assert.equal(runs({ status: {}, health: {} }), 'nobody runs it');
    const overdue = { ...BEAT, beat_ms: String(NOW.bootMs - 31_000) };
    const status = { ...RUNNING, claim_ms: String(NOW.bootMs - 40_000) };
    assert.match(
      runs({ status, health: overdue }) ?? '',
      /^nobody: container 0123456789ab of version 2\.0 is on record/,
    );
  });
});

describe('the heartbeat', () => {
  const beats = (values: Values) => textsOf(explain(values), 'heartbeat')[0];

  test('is told with its age, and each check that is not ok', () => {
    const checks = JSON.stringify([
      { name: 'snmpd', kind: 'required', result: 'failing', message: 'not running' },
      { name: 'disk', kind: 'wanted', result: 'unknown', message: 'no answer' },
      { name: 'start', kind: 'required', result: 'ok', message: '' },
    ]);
    const health = { ...BEAT, status: 'unhealthy', reason: 'snmpd is down', restarts: '2', checks };
    const items = explain({ health });
    assert.deepEqual(textsOf(items, 'heartbeat'), [
      'unhealthy (snmpd is down), 4 s ago, every 10 s, 2 unexpected exits since its start',
    ]);
    assert.deepEqual(textsOf(items, 'check'), [
      'snmpd (required) is failing: not running',
      'disk (wanted) is unknown: no answer',
    ]);
  });

  test('that is overdue, of another container or of an earlier boot says nothing of the checks', () => {
    const checks = JSON.stringify([{ name: 'x', kind: 'required', result: 'failing', message: '' }]);
    const overdue = { ...BEAT, checks, beat_ms: String(NOW.bootMs - 30_000) };
    assert.match(beats({ health: overdue }) ?? '', /, overdue$/);
    assert.match(beats({ health: { ...BEAT, checks, token: 't0' } }) ?? '', /, of an earlier container$/);
    assert.equal(beats({ health: { ...BEAT, checks, boot_id: 'boot-0' }, status: {} }), 'none');
    for (const health of [overdue, { ...BEAT, checks, token: 't0' }, { ...BEAT, checks, boot_id: 'boot-0' }])
      assert.deepEqual(about(explain({ health }), 'check'), []);
  });

  test('is none of a container without the kit', () => {
    const status = { current_owner: 'kube', container_id: ID, container_version: '1', system_state: 'up' };
    assert.match(beats({ status, health: {} }) ?? '', /^none: a container of an image without the kit/);
    assert.match(beats({ health: { ...BEAT, status: 'odd' } }) ?? '', /^unknown, /);
  });
});

describe('a container that is held', () => {
  test('says why, and what lifts it, for every reason there is', () => {
    const lifts = {
      'owner-is-local': 'config feature owner snmp kube',
      'feature-disabled': 'config feature state snmp enabled',
      'system-not-up': 'systemctl start snmp',
      'version-blocked': 'ctrkit unblock snmp 3.0',
      'version-is-local': /deploy a higher one/,
      'higher-version-running': /when the higher version has stopped/,
      superseded: /when the container that was let in has stopped/,
    };
    for (const [reason, lift] of Object.entries(lifts)) {
      const items = explain({ holds: [{ reason, text: 'that is why' }] });
      assert.deepEqual(textsOf(items, 'held'), [
        `container bbbbbbbbbbbb of version 3.0 waits, ${reason}: that is why`,
      ]);
      const [found = ''] = liftsOf(items, 'held');
      if (typeof lift === 'string') assert.equal(found, lift);
      else assert.match(found, lift);
    }
  });

  test('for a reason of another release has no lift, and one of an earlier boot is not told', () => {
    const items = explain({ holds: [{ reason: 'constructor', text: 'x' }] });
    assert.deepEqual(liftsOf(items, 'held'), [undefined]);
    assert.deepEqual(about(explain({ holds: [{ reason: 'superseded', boot_id: 'boot-0' }] }), 'held'), []);
  });
});

describe('why nothing serves', () => {
  const ready = (values: Values) => explain({ status: {}, health: {}, ...values });

  test('is told of a container that asks, and of one that was let in', () => {
    const status = { system_state: 'up', remote_state: 'pending', container_version: '3.0' };
    assert.deepEqual(textsOf(ready({ status }), 'ready'), [
      'version 3.0 asks to be let in, and the host has not answered',
    ]);
    assert.match(
      textsOf(ready({ status: { ...status, remote_state: 'ready' } }), 'ready')[0] ?? '',
      /let a container in/,
    );
    // While another one still runs.
    assert.deepEqual(textsOf(explain({ status: { ...RUNNING, remote_state: 'ready' } }), 'ready'), []);
  });

  test('is told with the reason by which ctrkitd leaves the service alone that is to answer', () => {
    const status = { system_state: 'down', remote_state: 'pending', container_version: '3.0' };
    const told = (switchOver: FeatureView['switchOver']) =>
      textsOf(explain({ status, health: {} }, { daemon: { found: makeView({ switchOver }) } }), 'ready');
    const asks = 'version 3.0 asks to be let in, and the host has not answered';
    assert.deepEqual(told({ kind: 'none', text: 'the service is not started' }), [
      `${asks}; ctrkitd does not restart the service: the service is not started`,
    ]);
    // A restart is a line of its own.
    assert.deepEqual(told({ kind: 'restart', text: 'it has failed', restartAtMs: NOW.bootMs }), [
      asks,
      'ctrkitd restarts the service now: it has failed',
    ]);
  });

  test('is told of one that was never deployed: no master, no label, or no container yet', () => {
    assert.match(textsOf(ready({ master: { connected: 'false' } }), 'ready')[0] ?? '', /not connected/);
    assert.match(
      textsOf(ready({ labels: { snmp_enabled: 'false' } }), 'ready')[0] ?? '',
      /label snmp_enabled is not "true"/,
    );
    assert.match(textsOf(ready({}), 'ready')[0] ?? '', /no container has come yet/);
    assert.deepEqual(textsOf(ready({ holds: [{ reason: 'superseded' }] }), 'ready'), []);
    assert.deepEqual(textsOf(ready({ config: {} }), 'ready'), []);
  });
});

describe('a container that asks to take over', () => {
  const LOCAL = { ...RUNNING, current_owner: 'local', remote_state: 'pending', container_version: '3.0' };
  const ASKS = `version 3.0 asks to take over from container ${ID} (local): ctrkitd`;
  const takeOver = (switchOver: FeatureView['switchOver'], values: Values = {}) =>
    explain({ status: LOCAL, ...values }, { daemon: { found: makeView({ switchOver }) } });

  test('waits for the reason that the daemon has decided by, and the remedy is told', () => {
    const text = 'the master is out of reach, so the local container stays';
    const items = takeOver({ kind: 'none', text }, { master: { connected: 'false' } });
    assert.deepEqual(textsOf(items, 'ready'), [`${ASKS} does not restart the service: ${text}`]);
    assert.deepEqual(liftsOf(items, 'ready'), ['ctrkit kube status says why the master is out of reach']);
    const locked = takeOver({ kind: 'none', text: 'locked' }, { master: { connected: 'true' } });
    assert.deepEqual(liftsOf(locked, 'ready'), [undefined]);
  });

  test('has the service restarted, at once or after a back-off', () => {
    const decision = { kind: 'restart', text: 'it asks' } as const;
    assert.deepEqual(textsOf(takeOver({ ...decision, restartAtMs: NOW.bootMs }), 'ready'), [
      `${ASKS} restarts the service now: it asks`,
    ]);
    assert.deepEqual(textsOf(takeOver({ ...decision, restartAtMs: NOW.bootMs + 28_000 }), 'ready'), [
      `${ASKS} restarts the service in 28 s: it asks`,
    ]);
    const found = makeView({ switchOver: decision }, { isShadow: true });
    const shadow = explain({ status: LOCAL }, { daemon: { found } });
    assert.deepEqual(textsOf(shadow, 'ready'), [`${ASKS} would restart the service now: it asks`]);
  });

  test('waits for a daemon that does not run, or has not decided', () => {
    const away = explain({ status: LOCAL }, { daemon: { problem: 'ctrkitd does not run' } });
    assert.deepEqual(textsOf(away, 'ready'), [
      `${ASKS} does not run, and nothing else restarts the service for that`,
    ]);
    assert.deepEqual(textsOf(takeOver(undefined), 'ready'), [`${ASKS} has not decided on it yet`]);
  });

  test('is not needed for a restart to be told, nor for what keeps the wrong owner running', () => {
    const switchOver = { kind: 'restart', text: 'set_owner is local', restartAtMs: NOW.bootMs } as const;
    const config = { ...CONFIG, set_owner: 'local' };
    const told = (view: FeatureView['switchOver'], values: Values) =>
      textsOf(explain(values, { daemon: { found: makeView({ switchOver: view }) } }), 'ready');
    assert.deepEqual(told(switchOver, { config }), ['ctrkitd restarts the service now: set_owner is local']);
    const none = { kind: 'none', text: 'set_owner is local, but locked' } as const;
    assert.deepEqual(told(none, { config }), [`ctrkitd does not restart the service: ${none.text}`]);
    assert.deepEqual(told(none, {}), []);
  });
});

describe('golden images', () => {
  const withLedger = (ledger: Partial<FeatureLedger>) =>
    explain(
      {},
      { ledger: { found: { ...EMPTY_FEATURE_LEDGER, ...ledger } }, images: { problem: 'no engine' } },
    );

  test('are told: the golden one, the one before, the shipped one', () => {
    assert.match(textsOf(withLedger({}), 'golden')[0] ?? '', /^none yet/);
    const items = withLedger({
      golden: makeGolden({ source: 'certified' }),
      previous: makeGolden({
        source: 'certified',
        version: '0.9',
        references: [],
        imageId: `sha256:${'6'.repeat(64)}`,
      }),
      shipped: makeGolden({ version: '0.8', references: [], imageId: `sha256:${'7'.repeat(64)}` }),
    });
    assert.deepEqual(textsOf(items, 'golden'), [
      'version 1.0 (docker-snmp:latest, 222222222222), certified',
      'version 0.9 (666666666666), certified before that, lower on the ladder',
      'version 0.8 (777777777777), the shipped local image, lower on the ladder',
    ]);
  });

  test('come nearer: how long still is told as of now', () => {
    const certification = {
      kind: 'counting' as const,
      text: 'it is healthy',
      fromMs: NOW.bootMs - 600_000,
      neededMs: 3_600_000,
    };
    const at = (ms: number) =>
      textsOf(
        explain({}, { now: { ...NOW, bootMs: ms }, daemon: { found: makeView({ certification }) } }),
        'certification',
      );
    assert.deepEqual(at(NOW.bootMs), ['it is healthy: golden in 50 min if it stays so']);
    assert.deepEqual(at(NOW.bootMs + 3_000_001), ['it is healthy: golden with its next heartbeat']);
    for (const kind of ['off', 'golden', 'not-counting'] as const) {
      const items = explain(
        {},
        { daemon: { found: makeView({ certification: { kind, text: 'so it is' } }) } },
      );
      assert.deepEqual(textsOf(items, 'certification'), ['so it is']);
    }
  });
});

describe('falling back', () => {
  const FAILING = { kind: 'failing', cause: 'unhealthy', text: 'snmpd is down', limitMs: 300_000 } as const;
  const fallbackAt = (fallback: FeatureView['fallback'], ms = NOW.bootMs) =>
    textsOf(
      explain({}, { now: { ...NOW, bootMs: ms }, daemon: { found: makeView({ fallback }) } }),
      'fallback',
    )[0];

  test('is told when: by the time that has failed so far, and since', () => {
    const failing = { ...FAILING, failingMs: 60_000, asOfMs: NOW.bootMs - 30_000, isRising: true };
    assert.equal(fallbackAt(failing), 'snmpd is down; it falls back in 3 min 30 s unless it gets well');
    assert.equal(
      fallbackAt(failing, NOW.bootMs + 1e9),
      'snmpd is down; it falls back in 0 s unless it gets well',
    );
    assert.equal(
      fallbackAt({ ...failing, isRising: false }, NOW.bootMs + 1e9),
      'snmpd is down; of 5 min it has 4 min left',
    );
  });

  test('is told why not', () => {
    assert.equal(fallbackAt({ kind: 'well', text: 'all is well' }), 'all is well');
    assert.equal(fallbackAt({ kind: 'off', text: 'never' }), 'never');
    assert.equal(
      fallbackAt({ kind: 'refused', cause: 'silent', text: 'a lock' }),
      'it fails (silent), but does not fall back: a lock',
    );
    assert.match(fallbackAt({ kind: 'fall-back', cause: 'silent', text: 'x' }) ?? '', /^it falls back now/);
  });

  const LOCAL_IMAGE: EngineImage = {
    id: OTHER_IMAGE,
    tags: ['docker-snmp:latest', 'docker-snmp:1.0'],
    digests: [],
    createdTs: 1,
    sizeBytes: 1,
  };
  const targetOf = (
    golden: GoldenImage | undefined,
    values: Values = {},
    more: Partial<ExplainSnapshot> = {},
  ) => {
    const rung = golden?.source === 'shipped' ? 'shipped' : 'golden';
    const ledger = { found: { ...EMPTY_FEATURE_LEDGER, [rung]: golden } };
    const engine = { images: { found: [LOCAL_IMAGE] }, localRepository: 'docker-snmp' };
    return textsOf(explain(values, { ledger, ...engine, ...more }), 'fallback').slice(1);
  };

  const NAMES = 'version 1.0 (docker-snmp:latest, docker-snmp:1.0, 222222222222)';
  const ONLY = 'tag_new_as_local is false, so the shipped image is the only local one';
  const OTHER = `sha256:${'7'.repeat(64)}`;
  const OTHER_LISTED = { ...LOCAL_IMAGE, id: OTHER, tags: ['registry/snmp:1.5'] };
  const FOUND = { images: { found: [LOCAL_IMAGE, OTHER_LISTED] } };
  const LADDER = {
    ...EMPTY_FEATURE_LEDGER,
    golden: makeGolden({ imageId: OTHER, version: '1.5', source: 'certified' }),
    shipped: makeGolden(),
  };

  test('starts the shipped image while there is no better one, by version', () => {
    assert.deepEqual(targetOf(makeGolden()), [
      `a fallback starts ${NAMES}, the shipped local image: no better one stands`,
    ]);
    const untold = { images: { found: [{ ...LOCAL_IMAGE, tags: ['docker-snmp:latest'] }] } };
    assert.deepEqual(targetOf(undefined, { labels: { snmp_local: '0.9' } }, untold), [
      'a fallback starts version 0.9 (docker-snmp:latest, 222222222222), the local image; which one the switch came with is not known',
    ]);
  });

  test('starts the shipped image, not the golden one, as long as tag_new_as_local is false (HF4)', () => {
    assert.deepEqual(targetOf(undefined, {}, { ...FOUND, ledger: { found: LADDER } }), [
      `a fallback starts ${NAMES}, the shipped local image, not the golden version 1.5: ${ONLY}`,
    ]);
  });

  test('starts the golden image with tag_new_as_local, and the next rung where that is what runs (HF1)', () => {
    const own = { tag_new_as_local: 'true' };
    const ladder = { ...FOUND, ledger: { found: LADDER } };
    assert.deepEqual(targetOf(undefined, { own }, ladder), [
      `a fallback starts version 1.5 (registry/snmp:1.5, 777777777777), the golden one; ctrkitd tags it as docker-snmp:latest before`,
    ]);
    const daemon = { found: makeView({ imageId: OTHER }) };
    assert.deepEqual(targetOf(undefined, { own }, { ...ladder, daemon }), [
      `a fallback starts ${NAMES}, the shipped local image, not the golden version 1.5: that is the image that runs`,
    ]);
  });

  test('has nothing to start without a local image, and is not told of where none can be', () => {
    const nothing = [
      'a fallback has nothing to start: there is no local image to fall back to. To allow it: give snmp one',
    ];
    assert.deepEqual(targetOf(undefined, {}, { images: { found: [] } }), nothing);
    assert.deepEqual(targetOf(undefined, {}, { localRepository: undefined }), nothing);
    // The container of the feature's name is no way back where ctrkitd refuses to fall back.
    const bearer = { containers: { found: [makeContainer({ names: ['snmp'], imageId: OTHER_IMAGE })] } };
    assert.deepEqual(targetOf(undefined, {}, { ...bearer, images: { found: [] } }), nothing);
    assert.deepEqual(targetOf(undefined, { own: { Disable: 'true' } }), []);
    assert.deepEqual(targetOf(undefined, {}, { images: { problem: 'no engine' } }), []);
    assert.deepEqual(targetOf(undefined, { config: { ...CONFIG, no_fallback_to_local: 'true' } }), []);
    assert.deepEqual(targetOf(undefined, { config: { ...CONFIG, set_owner: 'local' } }), []);
    const disk = { ledger: { problem: 'no disk' } };
    assert.match(targetOf(undefined, {}, disk)[0] ?? '', /the local image; which one/);
  });

  const fallback = {
    imageId: IMAGE,
    version: '3.0',
    reason: 'unhealthy',
    sinceTs: 1,
    bootId: 'b',
    bootMs: 1,
    isDone: true,
  };

  test('names no target that was itself fallen back from', () => {
    const open = { ...EMPTY_FEATURE_LEDGER, fallbacks: [{ ...fallback, imageId: OTHER_IMAGE }] };
    assert.equal(
      targetOf(undefined, {}, { ledger: { found: open } })[0],
      'a fallback has nothing to start: the local image 222222222222 was itself fallen back from. To lift that: ctrkit unblock snmp 3.0',
    );
  });

  test('is told of what fell back, with the block and how to lift both', () => {
    const items = explain(
      { labels: { 'snmp_3.0_enabled': 'false', snmp_local: '1.0' } },
      {
        ledger: { found: { ...EMPTY_FEATURE_LEDGER, fallbacks: [fallback, { ...fallback, isDone: false }] } },
      },
    );
    const [, , first, second] = textsOf(items, 'fallback');
    assert.equal(first, 'fell back from version 3.0 (111111111111): unhealthy; an image falls back once');
    assert.match(second ?? '', /^is falling back/);
    assert.deepEqual(liftsOf(items, 'blocked'), ['ctrkit unblock snmp 3.0', undefined]);
    assert.deepEqual(about(items, 'blocked')[0]?.values, [
      { row: 'STATE_DB KUBE_LABELS|SET', field: 'snmp_3.0_enabled', value: 'false' },
    ]);
    assert.match(textsOf(items, 'blocked')[1] ?? '', /^version 1\.0 is the local image's/);
  });
});

describe('the policy', () => {
  test('an operator’s block is told once, with who, why and how to lift it, also without a database', () => {
    const blocks = { found: [{ version: '3.0', reason: 'crashes', owner: 'alice', sinceTs: 1 }] };
    const rows = { labels: { 'snmp_3.0_enabled': 'false' } };
    for (const items of [
      explain(rows, { blocks }),
      explain(rows, { blocks, rows: { problem: 'the database is away' } }),
    ]) {
      assert.match(
        textsOf(items, 'blocked')[0] ?? '',
        /^version 3\.0 is blocked .* by alice \(crashes\) since /,
      );
      assert.deepEqual(liftsOf(items, 'blocked'), ['ctrkit unblock snmp 3.0']);
    }
    const [first] = textsOf(explain(rows, { blocks: { problem: 'the disk is broken' } }), 'disk');
    assert.equal(first, 'the disk is broken');
  });

  test('is told in words, and what makes no sense in it', () => {
    const own = {
      active_time_to_mark_good: '1h',
      fail_time_to_fallback: '5x',
      purge_older_image: 'true',
      tag_new_as_local: 'true',
      purge_local_copy: 'true',
    };
    const items = explain({ config: { ...CONFIG, kube_failure_detection: '5' }, own });
    const texts = textsOf(items, 'policy').join('\n');
    assert.match(texts, /IMAGE_MGMT\|snmp fail_time_to_fallback is "5x", which does not count: write/);
    assert.match(texts, /golden when healthy for 1 h/);
    assert.match(texts, /never falls back by failing.*falls back when not deployed for 5 min/);
    assert.match(
      texts,
      /the highest rung that stands.*older images are removed.*older local copies are removed/,
    );
    assert.match(liftsOf(items, 'policy').at(-1) ?? '', /HSET "IMAGE_MGMT\|snmp"/);
    assert.ok(about(items, 'policy')[0]?.values.some(({ field }) => field === 'kube_failure_detection'));
  });

  test('that leaves all alone, or everything at its default, is told too', () => {
    assert.match(textsOf(explain({ own: { Disable: 'true' } }), 'policy')[0] ?? '', /left alone/);
    const texts = textsOf(explain({}), 'policy').join('\n');
    assert.match(texts, /never golden by time/);
    assert.match(texts, /the only local one.*older images stay.*local copies stay/);
  });
});

describe('what is away', () => {
  test('is told, and all else is told all the same: database, engine, daemon, disk', () => {
    const items = explain(
      {},
      {
        rows: { problem: 'Redis is away' },
        containers: { problem: 'no engine' },
        daemon: { problem: 'ctrkitd does not run' },
        ledger: { found: { ...EMPTY_FEATURE_LEDGER, golden: makeGolden() } },
        diskProblems: ['the ledger is torn'],
      },
    );
    assert.deepEqual(textsOf(items, 'database'), ['Redis is away']);
    assert.deepEqual(textsOf(items, 'engine'), ['no engine']);
    assert.deepEqual(textsOf(items, 'disk'), ['the ledger is torn']);
    assert.match(textsOf(items, 'golden')[0] ?? '', /^version 1\.0/);
    assert.match(textsOf(items, 'daemon')[0] ?? '', /ctrkitd does not run; nothing is certified/);
    assert.deepEqual(liftsOf(items, 'daemon'), ['systemctl start ctrkitd']);
    const broken = explain({}, { ledger: { problem: 'no disk' }, locks: { problem: 'no locks' } });
    assert.deepEqual(textsOf(broken, 'disk'), ['no disk']);
    assert.deepEqual(textsOf(broken, 'lock'), ['no locks']);
  });

  test('is told of the daemon too: a shadow, its problems, a feature it does not know, what it did last', () => {
    const found = makeView({ lastAct: 'tagged it' }, { isShadow: true, problems: ['the engine is away'] });
    assert.deepEqual(textsOf(explain({}, { daemon: { found } }), 'daemon'), [
      'ctrkitd runs as a shadow: what it would do it only logs',
      'the engine is away',
      'did last: tagged it',
    ]);
    const other = explain({}, { daemon: { found: makeView({}, { features: {} }) } });
    assert.deepEqual(textsOf(other, 'daemon'), ['ctrkitd does not look after this feature']);
  });
});

test('a lock is told with what lifts it, while it holds, and only this feature’s', () => {
  const lock = {
    feature: 'snmp',
    owner: 'alice',
    reason: 'bug',
    sinceTs: 0,
    forMs: 60_000,
    bootId: 'boot-1',
    bootMs: NOW.bootMs,
  };
  const over = { ...lock, bootMs: 0 };
  const items = explain({}, { locks: { found: [lock, over, { ...lock, feature: 'lldp' }] } });
  assert.deepEqual(textsOf(items, 'lock'), [
    'locked by alice (bug) for 1 min still: no switching, no fallback, no clean-up',
  ]);
  assert.deepEqual(liftsOf(items, 'lock'), ['ctrkit lock rm snmp']);
});
