/** docs/metrics.md is a contract; here it is held to the code: every metric, its type, its labels and their states. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { renderMetrics } from '../../src/container/adapters/http/metrics.ts';
import {
  CERTIFICATION_STATES,
  FAILURE_CAUSES,
  FALLBACK_STATES,
  FEATURE_METRIC,
  HEALTH_STATES,
  OWNER_STATES,
  REMOTE_STATES,
} from '../../src/contract/metrics/feature-metrics.ts';
import { HOST_METRIC, WRITTEN_FILES } from '../../src/contract/metrics/host-metrics.ts';
import { RESTART_EDGES } from '../../src/decide/metrics/counts.ts';
import { parseExposition } from '../support/exposition.ts';
import { reportOf } from './container/adapters/http/report.ts';

const PAGE = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

/** The rows of the tables of metrics. */
const rows = [...PAGE.matchAll(/^\| `(ctrkit_\w+)` \| (\w+) \| ([^|]*?) ?\| (.*) \|$/gm)].map(
  ([, name = '', type = '', labels = '', help = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    help,
  }),
);

describe('docs/metrics.md', () => {
  test('has every metric of ctrkitd as the code has it, in that order, and no other', () => {
    const metrics = [...Object.values(HOST_METRIC), ...Object.values(FEATURE_METRIC)].map(
      ({ name, type, labels, help }) => ({ name, type, labels: [...labels], help }),
    );
    assert.deepEqual(
      rows.filter(({ name }) => /^ctrkit_(?:host|feature)_/.test(name)),
      metrics,
    );
  });

  test('has every metric of a container as its agent serves it, and no other', () => {
    const served = parseExposition(renderMetrics(reportOf()).body);
    const wanted = [...served].map(([name, { type, help, samples }]) => ({
      name,
      type,
      labels: Object.keys(samples[0]?.labels ?? {}),
      help,
    }));
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    const found = rows.filter(({ name }) => !/^ctrkit_(?:host|feature)_/.test(name));
    assert.deepEqual(found.toSorted(byName), wanted.toSorted(byName));
  });

  for (const [label, states] of [
    ['`owner`', OWNER_STATES],
    ['`state` of `remote_state`', REMOTE_STATES],
    ['`status`', HEALTH_STATES],
    ['`state` of `certification`', CERTIFICATION_STATES],
    ['`state` of `fallback`', FALLBACK_STATES],
    ['`cause`', FAILURE_CAUSES],
    ['`edge`', RESTART_EDGES],
  ] as const)
    test(`has the states of ${label}, in order`, () => {
      const cell = PAGE.split('\n').find((line) => line.startsWith(`| ${label} | \``)) ?? '';
      const listed = [...cell.slice(label.length + 4).matchAll(/`([a-z-]+)`/g)].map(([, state]) => state);
      assert.deepEqual(listed, [...states]);
    });

  test('names every file whose writing is counted', () => {
    for (const file of WRITTEN_FILES) assert.match(PAGE, new RegExp(`\`file\` is [^.]*\`${file}\``));
  });
});
