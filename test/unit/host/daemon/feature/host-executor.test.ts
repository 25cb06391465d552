import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import {
  EMPTY_FEATURE_LEDGER,
  type Fallback,
  type FeatureLedger,
} from '../../../../../src/contract/images/ledger.ts';
import type { CleanUpPlan, CleanUpStep } from '../../../../../src/decide/images/clean-up.ts';
import { planLocalStart } from '../../../../../src/decide/images/local-start.ts';
import type { HostStep } from '../../../../../src/decide/feature/host-step.ts';
import { HostExecutor } from '../../../../../src/host/daemon/feature/host-executor.ts';
import { recordFallback } from '../../../../../src/decide/images/ledger-changes.ts';
import type { StepContext } from '../../../../../src/host/daemon/feature/step-executor.ts';
import { LedgerCache } from '../../../../../src/host/daemon/feature/ledger-cache.ts';
import { FakeHost, LABELS_ROW, LOCAL, REMOTE, STATUS_ROW } from '../../../../support/fake-host.ts';

const NO_PLAN: CleanUpPlan = { allowed: false, reason: 'nothing to do', entries: [] };

function prepare(plan: CleanUpPlan = NO_PLAN) {
  const host = new FakeHost();
  const golden = {
    imageId: host.image2,
    references: [],
    version: '2.0',
    source: 'certified' as const,
    sinceTs: 1,
  };
  const ledger: FeatureLedger = { ...EMPTY_FEATURE_LEDGER, golden };
  const cache = new LedgerCache(host.disk, { snmp: ledger });
  host.disk.write(cache.all);
  const executor = new HostExecutor({
    engine: host.engine.open(),
    ledger: cache,
    service: {
      restart: async (feature) => {
        host.restarts.push(feature);
        if (host.restartFailure !== '') throw new CtrkitError('service', host.restartFailure);
      },
      readState: async () => host.unit,
    },
    blocks: host.blocks,
    clock: host.clock,
    log: host.log,
    openStore: () => host.databases.open(),
  });
  const context: StepContext = {
    feature: 'snmp',
    planCleanUp: async () => plan,
    planLocalStart: async (targetId) =>
      planLocalStart({
        feature: 'snmp',
        targetId,
        localRepository: LOCAL,
        shipped: cache.read('snmp').shipped,
        images: host.engine.images(),
        containers: host.engine.containers(),
      }),
  };
  return { host, cache, run: (step: HostStep) => executor.run(step, context) };
}

const fallbackOf = (imageId: string): Fallback => ({
  imageId,
  version: '3.0',
  reason: 'unhealthy',
  sinceTs: 1,
  bootId: 'boot-1',
  bootMs: 1,
  isDone: false,
});
const IMAGE3 = `sha256:${'3'.repeat(64)}`;
/** Nothing is known of it, so that nothing is tagged. */
const TARGET = { imageId: `sha256:${'1'.repeat(64)}`, version: '1.0', rung: 'shipped' } as const;
const FALL_BACK = {
  kind: 'fall-back',
  fallback: undefined,
  target: TARGET,
  guards: [],
  text: 'x',
} as const;
const guardOf = (values: Readonly<Record<string, string>>) => [{ address: STATUS_ROW, values }];

/** A plan that removes these names of an image. */
const planOf = (imageId: string, steps: readonly CleanUpStep[]): CleanUpPlan => ({
  allowed: true,
  reason: '',
  entries: [{ imageId, references: [], versionText: '', action: 'remove', steps, reason: 'older' }],
});
const nameStep = (reference: string): CleanUpStep => ({ kind: 'reference', reference });

describe('carrying out a step', () => {
  test('a fallback is on the disk before the service is touched, and closed after it', async () => {
    const { host, run, cache } = prepare();
    host.restartFailure = 'systemd does not answer';
    const step = { ...FALL_BACK, fallback: fallbackOf(IMAGE3) };
    await assert.rejects(run(step), /systemd does not answer/);
    assert.deepEqual(host.ledger().fallbacks, [fallbackOf(IMAGE3)]);
    assert.equal(host.status()['remote_state'], 'none');
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_3.0_enabled'], 'false');
    host.restartFailure = '';
    await run({ kind: 'finish-fallback', fallback: fallbackOf(IMAGE3), isRestartDue: true, target: TARGET });
    assert.equal(cache.read('snmp').fallbacks[0]?.isDone, true);
    assert.deepEqual(host.restarts, ['snmp', 'snmp']);
  });

  test('a fallback whose guard no longer holds is undone in the ledger, and nothing else was done', async () => {
    const { host, run } = prepare();
    host.databases.put(STATUS_ROW, { claim_token: 'token-b', remote_state: 'running' });
    const guards = guardOf({ claim_token: 'token-a' });
    assert.equal(await run({ ...FALL_BACK, fallback: fallbackOf(IMAGE3), guards }), '');
    assert.deepEqual(host.ledger().fallbacks, []);
    assert.equal(host.disk.generations.length, 3, 'written down, and struck out');
    assert.deepEqual(host.restarts, []);
    assert.equal(host.status()['remote_state'], 'running');
    assert.equal(host.databases.row(LABELS_ROW), undefined);
  });

  test('a fallback that blames no image is in no ledger and blocks nothing', async () => {
    const { host, run } = prepare();
    await run({ ...FALL_BACK, guards: guardOf({ system_state: 'up' }) });
    assert.deepEqual(host.restarts, ['snmp']);
    assert.deepEqual(host.ledger().fallbacks, []);
    assert.equal(host.databases.row(LABELS_ROW), undefined);
  });

  test('a service that is down by itself is started for a fallback, one that somebody has stopped meanwhile is not', async () => {
    const { host, run } = prepare();
    const step = { ...FALL_BACK, fallback: fallbackOf(IMAGE3), isServiceDown: true };
    const restart = { kind: 'restart', edge: 'start-kube', key: '', text: '' } as const;
    for (const unit of ['inactive', 'active', undefined] as const) {
      host.unit = unit;
      assert.equal(await run(step), '');
      assert.equal(await run(restart), '');
    }
    assert.deepEqual(host.restarts, []);
    host.unit = 'failed';
    await run(step);
    host.unit = 'restarting';
    await run(restart);
    assert.deepEqual(host.restarts, ['snmp', 'snmp']);
    const revive = { ...restart, edge: 'failed-unit' } as const;
    for (const unit of ['inactive', 'active', 'restarting', undefined] as const) {
      host.unit = unit;
      assert.equal(await run(revive), '');
    }
    host.unit = 'failed';
    assert.match(await run(revive), /restarted/);
    assert.equal(host.restarts.length, 3);
  });

  test('a fallback that was cut short and is others’ by now blocks its version, and restarts nothing', async () => {
    const { host, run } = prepare();
    await run({ kind: 'finish-fallback', fallback: fallbackOf(IMAGE3), isRestartDue: false, target: TARGET });
    assert.deepEqual(host.restarts, []);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_3.0_enabled'], 'false');
    assert.equal(host.status()['remote_state'], undefined);
  });

  test('a fallback that was cut short is struck out only when systemd has said what became of the service (H15)', async () => {
    const { host, run, cache } = prepare();
    await cache.update('snmp', (ledger) => recordFallback(ledger, fallbackOf(IMAGE3)));
    const step = {
      kind: 'finish-fallback',
      fallback: fallbackOf(IMAGE3),
      isRestartDue: true,
      isServiceDown: true,
      target: TARGET,
    } as const;
    host.unit = undefined;
    assert.equal(await run(step), '', 'the unit is between two states');
    assert.deepEqual([host.restarts, host.ledger().fallbacks[0]?.isDone], [[], false]);
    host.unit = 'failed';
    await run(step);
    assert.deepEqual([host.restarts, host.ledger().fallbacks[0]?.isDone], [['snmp'], true]);
    host.unit = 'inactive';
    await run(step);
    assert.deepEqual(host.restarts, ['snmp'], 'an operator has stopped it');
  });

  test('a fallback makes its target the local image, and removes the stopped container of another one (H17)', async () => {
    const { host, run } = prepare();
    // As ctrmgr_tools.py tag-all leaves it: the image that fails has the local tag.
    host.engine.putImage('2', [`${LOCAL}:latest`]);
    const stale = host.engine.run({ name: 'snmp', image: host.image2 });
    host.engine.end(stale, 0);
    const target = { imageId: host.image1, version: '1.0', rung: 'shipped' } as const;
    const text = await run({ ...FALL_BACK, fallback: fallbackOf(host.image2), target });
    assert.match(text, /^fell back to local, version 1\.0 \(/);
    assert.deepEqual(host.restarts, ['snmp']);
    assert.ok(
      host.engine
        .images()
        .find(({ id }) => id === host.image1)
        ?.tags.includes(`${LOCAL}:latest`),
    );
    assert.equal(host.engine.find(stale), undefined);
  });

  test('a fallback whose image can’t be tagged restarts nothing, and is finished later', async () => {
    const { host, run } = prepare();
    host.engine.putImage('2', [`${LOCAL}:latest`]);
    host.engine.beforeAct = () => {
      throw new CtrkitError('engine', 'no space left');
    };
    const target = { imageId: host.image1, version: '1.0', rung: 'shipped' } as const;
    const step = { ...FALL_BACK, fallback: fallbackOf(IMAGE3), target };
    await assert.rejects(run(step), /no space left/);
    assert.deepEqual([host.restarts, host.ledger().fallbacks[0]?.isDone], [[], false]);
    host.engine.beforeAct = () => {};
    await run({ kind: 'finish-fallback', fallback: fallbackOf(IMAGE3), isRestartDue: true, target });
    assert.deepEqual([host.restarts, host.ledger().fallbacks[0]?.isDone], [['snmp'], true]);
  });

  test('a full disk keeps a fallback from happening, for it could happen again and again', async () => {
    const { host, run } = prepare();
    host.disk.broken = 'no space left';
    const step = { ...FALL_BACK, fallback: fallbackOf(IMAGE3) };
    await assert.rejects(run(step), /no space left/);
    assert.deepEqual(host.restarts, []);
    assert.equal(host.status()['remote_state'], undefined);
  });

  test('the image that loses the local tag is written down before it loses it', async () => {
    const { host, run } = prepare();
    host.engine.beforeAct = () => assert.deepEqual(host.ledger().untagged, [host.image1]);
    await run({ kind: 'tag-as-local', imageId: host.image2, repository: LOCAL });
    assert.equal(host.engine.acts.length, 1);
    // And again, as a daemon does that was killed in between.
    await run({ kind: 'tag-as-local', imageId: host.image2, repository: LOCAL });
    assert.deepEqual(host.ledger().untagged, [host.image1]);
  });

  test('a clean-up that fails half-way throws, and the next one goes on', async () => {
    const host0 = prepare().host;
    const names = [`${REMOTE}:0.1`, `${REMOTE}:0.1-b`];
    const id = host0.engine.putImage('0', names);
    const { host, run } = prepare(planOf(id, names.map(nameStep)));
    host.engine.putImage('0', names);
    host.engine.beforeAct = (act) => {
      if (act.endsWith('0.1-b')) throw new CtrkitError('engine', 'closed');
    };
    await assert.rejects(run({ kind: 'clean-up' }), /closed/);
    host.engine.beforeAct = () => {};
    assert.match(await run({ kind: 'clean-up' }), /^cleaned up: .*0\.1-b$/);
    assert.ok(!host.engine.images().some((image) => image.id === id));
  });

  test('a name that has moved to another image since the plan was made is left alone (D17)', async () => {
    const planned = `sha256:${'9'.repeat(64)}`;
    const { host, run } = prepare(planOf(planned, [nameStep(`${REMOTE}:2.0`), nameStep('<none>:<none>')]));
    assert.equal(await run({ kind: 'clean-up' }), '');
    assert.deepEqual(host.engine.acts, []);
  });

  test('an image in use is not removed, and it says so; an unnamed one goes by its id', async () => {
    const { host } = prepare();
    const id = host.engine.putImage('unnamed', []);
    const used = host.engine.putImage('used', [`${REMOTE}:0.5`]);
    const plan = planOf(used, [nameStep(`${REMOTE}:0.5`), { kind: 'unnamed', imageId: id }]);
    const second = prepare(plan);
    second.host.engine.putImage('unnamed', []);
    second.host.engine.putImage('used', [`${REMOTE}:0.5`]);
    second.host.engine.run({ name: 'user', image: used });
    assert.match(await second.run({ kind: 'clean-up' }), /^cleaned up: [0-9a-f]{12}$/);
    assert.ok(second.host.log.lines.includes(`info: snmp: ${REMOTE}:0.5 was not removed: in-use`));
  });

  test('a plan that is no longer allowed removes nothing', async () => {
    const { run } = prepare();
    assert.equal(await run({ kind: 'clean-up' }), '');
  });

  test('a release is fenced: a record that is another’s by now stays (D10)', async () => {
    const { host, run } = prepare();
    host.deploy();
    const claim = {
      feature: 'snmp',
      owner: 'kube',
      version: '2.0',
      dockerId: host.id.slice(0, 12),
      token: 'token-a',
    } as const;
    const record = { address: STATUS_ROW, values: { claim_token: 'token-a', current_owner: 'kube' } };
    const step = { kind: 'release', record, claim, text: 'released' } as const;
    host.claim('token-b');
    assert.equal(await run(step), '');
    assert.equal(host.status()['claim_token'], 'token-b');
    host.claim('token-a');
    assert.equal(await run(step), 'released');
    assert.deepEqual([host.status()['current_owner'], host.status()['remote_state']], ['none', 'stopped']);
  });

  test('a release leaves a remote_state that is not running as it is: `none` is a fallback on its way (D10)', async () => {
    const { host, run } = prepare();
    host.deploy();
    host.databases.put(STATUS_ROW, { remote_state: 'none' });
    const claim = {
      feature: 'snmp',
      owner: 'kube',
      version: '2.0',
      dockerId: 'x',
      token: 'token-a',
    } as const;
    const record = { address: STATUS_ROW, values: { claim_token: 'token-a' } };
    await run({ kind: 'release', record, claim, text: 'released' });
    assert.deepEqual([host.status()['current_owner'], host.status()['remote_state']], ['none', 'none']);
  });

  test('the switch’s own image leaves the golden one as it is', async () => {
    const { host, run } = prepare();
    const image = {
      imageId: host.image1,
      references: [],
      version: '1.0',
      source: 'shipped' as const,
      sinceTs: 1,
    };
    assert.match(await run({ kind: 'adopt-shipped', image }), /is the shipped one/);
    assert.equal(host.ledger().golden?.imageId, host.image2);
    assert.equal(host.ledger().shipped?.imageId, host.image1);
    assert.equal(await run({ kind: 'adopt-shipped', image }), '', 'once');
  });

  test('the old local container goes only while it does not run', async () => {
    const { host, run } = prepare();
    const id = host.engine.run({ name: 'snmp', image: host.image1 });
    assert.equal(await run({ kind: 'remove-local-container', containerId: id }), '');
    assert.ok(host.engine.find(id));
    host.engine.end(id, 0);
    assert.match(await run({ kind: 'remove-local-container', containerId: id }), /is removed/);
    assert.equal(host.engine.find(id), undefined);
  });

  test('lifted, blocked again, remembered, restarted: each does just that', async () => {
    const { host, run, cache } = prepare();
    await cache.update('snmp', (ledger) => ({
      ...ledger,
      fallbacks: [{ ...fallbackOf(IMAGE3), isDone: true }],
    }));
    assert.match(await run({ kind: 'block-version', version: '3.0' }), /STATE_DB had forgotten/);
    assert.equal(host.databases.row(LABELS_ROW)?.['snmp_3.0_enabled'], 'false');
    await run({ kind: 'lift-block', imageId: IMAGE3, version: '3.0' });
    assert.deepEqual(host.ledger().fallbacks, []);
    await run({ kind: 'record-repository', repository: REMOTE });
    assert.deepEqual(host.ledger().repositories, [REMOTE]);
    await run({ kind: 'restart', edge: 'kube-to-local', key: 'k', text: 'set_owner is local' });
    assert.deepEqual(host.restarts, ['snmp']);
    await run({ kind: 'write-versions', stableVersion: '2.0', lastVersion: '' });
    assert.equal(host.status()['container_stable_version'], '2.0');
  });
});
