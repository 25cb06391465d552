import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeImagePolicy, imagePolicyRow } from '../../../../../../src/contract/images/image-policy.ts';
import { EMPTY_FEATURE_LEDGER, type FeatureLedger } from '../../../../../../src/contract/images/ledger.ts';
import {
  featureConfigRow,
  featureStatusRow,
  healthRow,
  type FieldValues,
} from '../../../../../../src/contract/rows.ts';
import { labelsRow } from '../../../../../../src/contract/cluster/feature-labels.ts';
import { masterStatusRow } from '../../../../../../src/contract/cluster/master-status.ts';
import { planCleanUp } from '../../../../../../src/decide/images/clean-up.ts';
import type { FeatureRows } from '../../../../../../src/host/commands/ctrkit/reading/explain-item.ts';
import { describeImages } from '../../../../../../src/host/commands/ctrkit/images/image-entry.ts';

const idOf = (digit: number): string => `sha256:${String(digit).repeat(64)}`;
const image = (digit: number, tags: readonly string[]) => ({
  id: idOf(digit),
  tags,
  digests: [],
  createdTs: 1_000 + digit,
  sizeBytes: 100_000_000 * digit,
});
const container = (digit: number, name: string, state: 'running' | 'exited' = 'running') => ({
  id: String(digit).repeat(64),
  names: [name],
  imageId: idOf(digit),
  image: `registry/snmp:${digit}.0`,
  state,
});
const golden = { imageId: idOf(3), references: [], version: '3.0', source: 'certified' as const, sinceTs: 1 };
const LEDGER: FeatureLedger = {
  ...EMPTY_FEATURE_LEDGER,
  golden,
  previous: { ...golden, imageId: idOf(2), version: '2.0' },
  repositories: ['registry/snmp'],
};
const IMAGES = [
  image(1, ['registry/snmp:1.0']),
  image(2, ['registry/snmp:2.0']),
  image(3, ['registry/snmp:3.0', 'docker-snmp:latest']),
  image(4, ['registry/snmp:4.0']),
  image(9, ['registry/snmp-sub:1.0']),
];

function makeRows(status: FieldValues, labels: FieldValues): FeatureRows {
  const policy = decodeImagePolicy({ own: { purge_older_image: 'true' }, global: {}, feature: {} }, 'snmp');
  return {
    config: { address: featureConfigRow('snmp'), values: {} },
    status: { address: featureStatusRow('snmp'), values: status },
    health: { address: healthRow('snmp'), values: {} },
    ownPolicy: { address: imagePolicyRow('snmp'), values: {} },
    globalPolicy: { address: imagePolicyRow('GLOBAL'), values: {} },
    master: { address: masterStatusRow, values: {} },
    labels: [{ address: labelsRow('state'), values: labels }],
    holds: [],
    policy,
    problems: [],
  };
}

function describeAll(options: { ledger?: FeatureLedger; status?: FieldValues; labels?: FieldValues } = {}) {
  const { ledger = LEDGER, status = {}, labels = {} } = options;
  const rows = makeRows(status, labels);
  const engine = {
    images: IMAGES,
    containers: [container(3, 'k8s_snmp'), container(4, 'k8s_snmp_4', 'exited')],
  };
  const plan = planCleanUp({
    ...engine,
    feature: 'snmp',
    ledger,
    policy: rows.policy,
    localRepository: 'docker-snmp',
    ownedElsewhere: [],
    isLocked: false,
  });
  return describeImages({ feature: 'snmp', plan, rows, ledger, engine });
}

describe('the images of a feature', () => {
  test('are those of its repositories and no others, the ladder first, then the newest, with what they are (D17)', () => {
    const labels = { 'snmp_4.0_enabled': 'false' };
    assert.deepEqual(
      describeAll({ labels }).map(({ version, marks, clean_up }) => [version, marks, clean_up.action]),
      [
        ['3.0', ['golden', 'running'], 'keep'],
        ['2.0', ['previous'], 'keep'],
        ['4.0', ['blocked'], 'keep'],
        ['1.0', [], 'remove'],
      ],
    );
  });

  test('are in the order of the ladder, and one that has failed says so', () => {
    const fallbacks = [
      { imageId: idOf(3), version: '3.0', reason: '', sinceTs: 1, bootId: '', bootMs: 1, isDone: true },
    ];
    const shipped = { ...golden, imageId: idOf(1), version: '1.0', source: 'shipped' as const };
    const entries = describeAll({ ledger: { ...LEDGER, shipped, fallbacks } });
    assert.deepEqual(
      entries.map(({ version, marks }) => [version, ...marks]),
      [['3.0', 'golden', 'failed', 'running'], ['2.0', 'previous'], ['1.0', 'shipped'], ['4.0']],
    );
    assert.ok(entries.every(({ clean_up }) => clean_up.action === 'keep'));
  });

  test('are those of the ladder too that are gone (H12)', () => {
    const references = [`registry/snmp@${idOf(8)}`];
    const ledger = { ...LEDGER, golden: { ...golden, imageId: idOf(7), version: '7.0', references } };
    assert.deepEqual(describeAll({ ledger })[0], {
      image_id: idOf(7),
      short_id: '777777777777',
      version: '7.0',
      references,
      size_bytes: 0,
      created_ts: 0,
      marks: ['golden', 'missing'],
      clean_up: { action: 'keep', reason: 'it is not on this switch any more' },
    });
  });

  test('say everything for machines', () => {
    assert.deepEqual(describeAll().at(-1), {
      image_id: idOf(1),
      short_id: '111111111111',
      version: '1.0',
      references: ['registry/snmp:1.0'],
      size_bytes: 100_000_000,
      created_ts: 1_001,
      marks: [],
      clean_up: { action: 'remove', reason: 'version 1.0 is lower than the golden 3.0' },
    });
  });

  test('are blocked too where the image fell back and its version’s name is not in its tags', () => {
    const fallback = {
      imageId: idOf(1),
      version: '1.0-rc',
      reason: '',
      sinceTs: 1,
      bootId: '',
      bootMs: 1,
      isDone: true,
    };
    const options = {
      ledger: { ...LEDGER, fallbacks: [fallback] },
      labels: { 'snmp_1.0-rc_enabled': 'false' },
    };
    assert.deepEqual(describeAll(options).at(-1)?.marks, ['failed', 'blocked']);
  });

  test('are the one that runs too, of a repository that nobody has seen yet', () => {
    const ledger = EMPTY_FEATURE_LEDGER;
    const status = { current_owner: 'kube', docker_id: '4'.repeat(12), container_version: '4.0' };
    const found = describeAll({ ledger, status });
    assert.deepEqual(
      found.map(({ short_id, clean_up }) => [short_id, clean_up.action]),
      [
        ['444444444444', 'keep'],
        ['333333333333', 'keep'],
      ],
    );
    assert.match(found.find(({ version }) => version === '4.0')?.clean_up.reason ?? '', /does not look yet/);
  });

  test('are not those of a container whose id begins with the name on record', () => {
    // Container 4 has the id 4444…
    const status = { current_owner: 'local', container_id: '4', container_version: '4.0' };
    const found = describeAll({ ledger: EMPTY_FEATURE_LEDGER, status });
    assert.deepEqual(
      found.map(({ short_id }) => short_id),
      ['333333333333'],
    );
  });
});
