import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  EMPTY_FEATURE_LEDGER,
  type FeatureLedger,
  type GoldenImage,
} from '../../../../../src/contract/images/ledger.ts';
import { featureConfigRow, featureStatusRow } from '../../../../../src/contract/rows.ts';
import { labelsRow } from '../../../../../src/contract/cluster/feature-labels.ts';
import { imagePolicyRow } from '../../../../../src/contract/images/image-policy.ts';
import { chooseRebootKind } from '../../../../../src/decide/reboot/choose-kind.ts';
import { runCtrkit } from '../../../../../src/host/commands/ctrkit/program.ts';
import { FakeCtrkit } from '../../../../support/fake-ctrkit.ts';
import { drainEventLoop } from '../../../../support/fake-clock.ts';
import { lockOf } from '../../../../support/locks.ts';

const LATEST = 'docker-snmp:latest';
let kit = new FakeCtrkit();
/** Version 1 was shipped, 2 is certified, 3 runs for Kubernetes and is certified by nobody. */
let ids: { one: string; two: string; three: string } = { one: '', two: '', three: '' };

const goldenOf = (imageId: string, version: string, source: GoldenImage['source']): GoldenImage => ({
  imageId,
  version,
  source,
  references: [],
  sinceTs: 1,
});
const setLedger = (changes: Partial<FeatureLedger> = {}): void => {
  kit.ledger = {
    snmp: {
      ...EMPTY_FEATURE_LEDGER,
      golden: goldenOf(ids.two, '2.0', 'certified'),
      shipped: goldenOf(ids.one, '1.0', 'shipped'),
      ...changes,
    },
  };
};
const setPolicy = (values: Record<string, string>): void =>
  kit.databases.put(imagePolicyRow('GLOBAL'), values);

beforeEach(() => {
  kit = new FakeCtrkit();
  ids = {
    one: kit.engine.putImage('one', [LATEST]),
    two: kit.engine.putImage('two', ['reg.example/docker-snmp:2.0']),
    three: kit.engine.putImage('three', ['reg.example/docker-snmp:3.0']),
  };
  kit.addFeatures('snmp');
  kit.engine.run({ name: 'k8s_snmp', image: ids.three });
  kit.databases.put(featureStatusRow('snmp'), {
    system_state: 'up',
    current_owner: 'kube',
    container_id: 'k8s_snmp',
    docker_id: 'k8s_snmp',
  });
  setPolicy({ tag_new_as_local: 'true' });
  setLedger();
});

async function run(...args: readonly string[]): Promise<number> {
  kit.reported.length = 0;
  kit.engine.acts.length = 0;
  return runCtrkit(['ctrmgr-tools', ...args], kit.ports);
}
const said = (): string => kit.reported.join('\n');
const latest = async (): Promise<string | undefined> =>
  (await kit.engine.open().listImages()).find(({ tags }) => tags.includes(LATEST))?.id;

describe('ctrmgr_tools.py', () => {
  test('tag-all makes what is certified the local image, never what Kubernetes happens to run (H17)', async () => {
    kit.engine.run({ name: 'snmp', image: LATEST, state: 'created' });
    assert.equal(await run('tag-all', '--caller', 'warm-reboot'), 0);
    assert.equal(await latest(), ids.two);
    assert.equal(kit.engine.acts.length, 3, 'the name that is kept, the tag, the stopped local container');
    assert.match(said(), /snmp: docker-snmp:latest is version 2\.0 \([0-9a-f]{12}\), certified\n/);
    assert.match(said(), /prepared for the warm reboot/);
    const shipped = (await kit.engine.open().listImages()).find(({ id }) => id === ids.one);
    assert.deepEqual(shipped?.tags, ['docker-snmp:1.0'], 'the shipped image keeps a name');
    assert.equal(await run('tag-all'), 0);
    assert.deepEqual(kit.engine.acts, [], 'done again, nothing is left to do');
  });

  test('the shipped image keeps a name also where another image has that of its version', async () => {
    await kit.engine.open().tagImage(ids.two, 'docker-snmp', '1.0');
    await run('tag', '-f', 'snmp');
    const shipped = (await kit.engine.open().listImages()).find(({ id }) => id === ids.one);
    assert.match(shipped?.tags.join() ?? '', /^docker-snmp:shipped-[0-9a-f]{12}$/);
  });

  test('a local container that runs is left to its own end', async () => {
    kit.engine.run({ name: 'snmp', image: LATEST });
    await run('tag', '-f', 'snmp');
    assert.equal(await latest(), ids.two);
    assert.ok(!kit.engine.acts.some((act) => act.startsWith('removeContainer')), kit.engine.acts.join());
  });

  for (const [name, change, why] of [
    [
      'tag_new_as_local is false',
      () => setPolicy({ tag_new_as_local: 'false' }),
      /not tagged: snmp: tag_new_as_local is false/,
    ],
    [
      'images are left alone',
      () => setPolicy({ tag_new_as_local: 'true', Disable: 'true' }),
      /Disable is true/,
    ],
    ['it is locked', () => kit.locks.add(lockOf({ feature: 'snmp' })), /not tagged: snmp: it is locked/],
    [
      'another feature has that repository too (HF8)',
      () =>
        (kit.ledger = { ...kit.ledger, lldp: { ...EMPTY_FEATURE_LEDGER, localRepository: 'docker-snmp' } }),
      /not tagged: snmp: docker-snmp is a repository of lldp too/,
    ],
    ['nothing is certified or shipped', () => (kit.ledger = {}), /not tagged: snmp: no image of it/],
  ] as const)
    test(`nothing is tagged where ${name}, and the reboot goes on`, async () => {
      change();
      assert.equal(await run('tag-all'), 0);
      assert.deepEqual(kit.engine.acts, []);
      assert.equal(await latest(), ids.one);
      assert.match(said(), why);
    });

  test('an image that was fallen back from, or whose version is blocked, is not the best one', async () => {
    kit.databases.put(labelsRow('state'), { 'snmp_2.0_enabled': 'false' });
    await run('tag', '-f', 'snmp');
    assert.equal(await latest(), ids.one);
    assert.match(said(), /docker-snmp:latest is version 1\.0 .*, shipped/);
  });

  test('nor is one that an operator has blocked, also where STATE_DB has lost that', async () => {
    kit.blocks.add('snmp', { version: '2.0', reason: 'bad', owner: 'alice', sinceTs: 1 });
    await run('tag', '-f', 'snmp');
    assert.equal(await latest(), ids.one);
  });

  test('a feature that can’t start without Kubernetes is named', async () => {
    kit.ledger = {};
    await kit.engine.open().removeReference(LATEST);
    assert.equal(await run('tag-all'), 1);
    assert.match(said(), /snmp: it has no local image: it starts only when Kubernetes deploys it/);
    kit.databases.put(featureConfigRow('snmp'), {
      set_owner: 'kube',
      state: 'enabled',
      no_fallback_to_local: 'true',
    });
    assert.equal(await run('tag-all'), 1);
    assert.match(said(), /snmp: no_fallback_to_local is true/);
    kit.databases.put(featureConfigRow('snmp'), { set_owner: 'local', state: 'enabled' });
    assert.equal(await run('tag-all'), 0);
  });

  test('an engine or a database that is away is said, and the rest is done', async () => {
    kit.engine.goDown();
    assert.equal(await run('tag-all'), 1);
    assert.match(said(), /the local images are as they were: /);
    assert.equal(kit.reboot.mark?.kind, 'soft');
    kit.breakDatabases('no database_config.json');
    assert.equal(await run('tag-all', '--caller', 'fast-reboot'), 1);
    assert.equal(kit.reboot.mark?.kind, 'fast');
  });

  test('an engine that hangs holds a reboot for five seconds', async () => {
    kit.engine.hang();
    const running = run('tag-all');
    await drainEventLoop();
    kit.clock.advance(5_000);
    assert.equal(await running, 1);
    assert.match(said(), /no answer within 5 s/);
    kit.engine.comeBack();
  });

  test('tag takes the options of SONiC’s, and says which it does not use', async () => {
    assert.equal(await run('tag', '-f', 'snmp', '-n', 'docker-other', '-t', 'new'), 0);
    assert.match(said(), /--image-name and --image-tag are not used/);
    assert.equal(await latest(), ids.two);
    assert.equal(await run('tag', '--feature', 'nosuch'), 0);
    assert.match(said(), /not tagged: nosuch: /);
    await assert.rejects(run('tag'), /--feature/);
  });

  test('kill-all kills what is on record, one that is not there keeps none of the others', async () => {
    kit.databases.put(featureStatusRow('a'), { system_state: 'up', container_id: 'gone' });
    kit.databases.put(featureStatusRow('b'), { system_state: 'down', container_id: 'k8s_snmp' });
    assert.equal(await run('kill-all'), 0);
    assert.deepEqual(kit.engine.acts.filter((act) => act.includes('k8s_snmp')).length, 1);
    assert.match(said(), /snmp: k8s_snmp is killed/);
  });
});

describe('the kind of a reboot', () => {
  for (const [caller, isWarmAnnounced, isFastAnnounced, kind] of [
    ['warm-reboot', false, true, 'warm'],
    ['express-reboot', true, false, 'express'],
    ['soft-reboot', false, false, 'soft'],
    ['reboot', true, true, 'cold'],
    ['bash', true, false, 'warm'],
    ['bash', true, true, 'fast'],
    ['', false, false, 'soft'],
    ['lukewarm-reboot', false, false, 'soft'],
  ] as const)
    test(`by ${caller || 'nobody'}, warm ${isWarmAnnounced}, fast ${isFastAnnounced}, is ${kind}`, () =>
      assert.equal(chooseRebootKind({ caller, isWarmAnnounced, isFastAnnounced }), kind));
});
