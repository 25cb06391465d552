/** docs/contract.md is the authority; here it is held to the code: what the code reads, writes or ends with stands there. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { MASTER_CONFIG_FIELDS } from '../../src/contract/cluster/master-config.ts';
import { DESCRIPTION_KEYS, DEVICE_FIELDS } from '../../src/contract/cluster/node-labels.ts';
import { PROBE_EXIT } from '../../src/contract/exit-codes.ts';
import { POLICY_FIELDS, PROCESS_HEARTBEAT_FIELDS } from '../../src/contract/feature/feature-policy.ts';
import { CONFIG_FIELDS, STATUS_FIELDS } from '../../src/contract/feature/feature.ts';
import { STATUS_FIELD } from '../../src/contract/feature/status-fields.ts';
import { MASTER_RECORD_FIELDS, MASTER_STATUS_FIELDS } from '../../src/contract/cluster/master-status.ts';
import { HOLD_FIELDS } from '../../src/contract/gate/hold.ts';
import { HEALTH_FIELDS } from '../../src/contract/health/heartbeat.ts';
import { HEALTH_FILE } from '../../src/contract/health/health-line.ts';
import { FALLBACK_FIELDS, IMAGE_POLICY_FIELDS } from '../../src/contract/images/image-policy.ts';
import { CLAIM_FILE } from '../../src/container/adapters/run-folder/claim-file.ts';
import { GATE_NOTICE_FILE } from '../../src/container/adapters/run-folder/gate-notice-file.ts';
import { LEDGER_FILE, PREVIOUS_LEDGER_FILE } from '../../src/host/adapters/ledger/ledger-generations.ts';

const TOP = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, TOP), 'utf8');

/** By number: the text of each section. */
const sections = new Map(
  read('docs/contract.md')
    .split(/^## (?=\d+\. )/m)
    .map((text) => [Number.parseInt(text, 10), text]),
);
const sectionOf = (number: number): string => sections.get(number) ?? '';

/** What stands as code in a text. */
const codeIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.split(/[\s|\\]+/)));

/** First cells of a text's table rows. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell.trim());

const findMissing = (names: Iterable<string>, number: number): string[] => {
  const known = codeIn(sectionOf(number));
  return [...names].filter((name) => !known.has(name));
};

describe('the fields that the code knows stand in the section of their row', () => {
  for (const [number, title, fields] of [
    [2, 'STATE_DB FEATURE', [...STATUS_FIELDS, STATUS_FIELD.labelOwner, STATUS_FIELD.localRemovalBootId]],
    [3, 'CONTAINER_HOLD', HOLD_FIELDS],
    [4, 'CONTAINER_HEALTH', HEALTH_FIELDS],
    [8, 'the policy of images', [...IMAGE_POLICY_FIELDS, ...FALLBACK_FIELDS]],
    [9, 'the node and its master', [...DESCRIPTION_KEYS, ...MASTER_STATUS_FIELDS, ...MASTER_RECORD_FIELDS]],
    [9, 'DEVICE_METADATA', DEVICE_FIELDS],
    [11, 'CONFIG_DB KUBERNETES_MASTER', MASTER_CONFIG_FIELDS],
    [15, 'CONFIG_DB FEATURE', [...CONFIG_FIELDS, ...POLICY_FIELDS, ...FALLBACK_FIELDS]],
    [15, 'CONFIG_DB HEARTBEAT', PROCESS_HEARTBEAT_FIELDS],
  ] as const)
    test(`contract.md, section ${number}: ${title}`, () => assert.deepEqual(findMissing(fields, number), []));
});

test('contract.md, section 3 has every reason to hold, and no other', () => {
  const known = [...read('src/contract/gate/hold.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(
    ([, code]) => code,
  );
  const listed = [...sectionOf(3).matchAll(/^\| \d+ \|.*\| hold \| `([a-z-]+)` \|$/gm)].map(
    ([, code]) => code,
  );
  assert.ok(known.length > 5);
  assert.deepEqual(listed, known);
});

test('contract.md, section 5 has every answer of the probe', () => {
  const cells = new Set(firstCells(sectionOf(5)));
  const wanted = [0, ...Object.values(PROBE_EXIT), 64].map(String);
  assert.deepEqual(
    wanted.filter((code) => !cells.has(code)),
    [],
  );
});

test('contract.md, section 10 has the files by which the kit’s processes talk, and the ledger', () => {
  const files = [CLAIM_FILE, GATE_NOTICE_FILE, HEALTH_FILE, LEDGER_FILE, PREVIOUS_LEDGER_FILE];
  const text = sectionOf(10);
  assert.deepEqual(
    files.filter((file) => !text.includes(file)),
    [],
  );
});

/** Text of all files below a folder. */
const readBelow = (folder: string): string =>
  readdirSync(new URL(folder, TOP), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
    .join('\n');

test('contract.md, section 13 has every setting that the code names, and no other', () => {
  const code = ['src/', 'bin/', 'rootfs/', 'docker/host/'].map(readBelow).join('\n');
  const named = new Set(code.match(/\bCTRKIT_[A-Z_]+\b/g));
  const cells = firstCells(sectionOf(13)).join(' ');
  const listed = new Set(cells.match(/\bCTRKIT_[A-Z_]+\b/g));
  assert.ok(named.size > 20);
  assert.deepEqual([...listed].toSorted(), [...named].toSorted());
});
