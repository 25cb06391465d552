/** The dashboard and the alerts of docs/ ask for metrics that ctrkitd has, with labels and states that these have. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
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
import { ENGINE_CALLS, RESTART_EDGES, STEP_KINDS } from '../../src/decide/metrics/counts.ts';
import type { Metric } from '../../src/text/exposition.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: unknown;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'h' | 'w' | 'x' | 'y', number>>;
  readonly datasource?: unknown;
  readonly targets?: readonly Target[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { name: string; type: string; definition?: string }[] };
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(read('grafana-host.json')) as Dashboard;
const rules = (
  load(read('prometheus-rules.yml')) as { groups: readonly { rules: readonly Rule[] }[] }
).groups.flatMap((group) => group.rules);
const targets = dashboard.panels.flatMap(({ targets: found = [] }) => found);
const queries: readonly string[] = [
  ...targets.map(({ expr }) => expr),
  ...dashboard.annotations.list.flatMap(({ expr }) => expr ?? []),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
  ...rules.map(({ expr }) => expr),
];

/** By the name of a series: a summary has two. */
const metrics: ReadonlyMap<string, Metric> = new Map(
  [...Object.values(HOST_METRIC), ...Object.values(FEATURE_METRIC)].flatMap((metric: Metric) =>
    (metric.type === 'summary' ? ['_sum', '_count'] : ['']).map(
      (suffix) => [`${metric.name}${suffix}`, metric] as const,
    ),
  ),
);

/** What a label may say; other labels may say anything. `state` and `owner` mean different things for different metrics. */
const STATES: Readonly<Record<string, readonly string[]>> = {
  owner: OWNER_STATES,
  state: [...REMOTE_STATES, ...CERTIFICATION_STATES, ...FALLBACK_STATES],
  status: HEALTH_STATES,
  cause: FAILURE_CAUSES,
  edge: RESTART_EDGES,
  kind: STEP_KINDS,
  call: ENGINE_CALLS,
  file: WRITTEN_FILES,
  rung: ['golden', 'previous', 'shipped'],
  source: ['certified', 'shipped'],
};
const OF_THE_SCRAPE = ['instance', 'job'];

const namesIn = (query: string): string[] => query.match(/\bctrkit_\w+/g) ?? [];

describe('the dashboard and the alerts', () => {
  test('ask for metrics that ctrkitd serves, and each metric is asked for somewhere', () => {
    const named = new Set(queries.flatMap(namesIn));
    assert.deepEqual(
      [...named].filter((name) => !metrics.has(name)),
      [],
    );
    const unused = [...metrics.keys()].filter((name) => !named.has(name));
    assert.deepEqual(unused, []);
  });

  test('select by labels that the metric has, and by states that there are', () => {
    for (const query of queries)
      for (const [, name = '', selector = ''] of query.matchAll(/\b(ctrkit_\w+)\{([^}]*)\}/g)) {
        const labels = new Set([...(metrics.get(name)?.labels ?? []), ...OF_THE_SCRAPE]);
        for (const [, label = '', operator = '', text = ''] of selector.matchAll(
          /(\w+)(=~|!~|!=|=)"([^"]*)"/g,
        )) {
          assert.ok(labels.has(label), `${name} has no label ${label}: ${query}`);
          if (text.startsWith('$')) continue;
          const asked = operator.endsWith('~') ? text.split('|') : [text];
          for (const state of asked)
            assert.ok(STATES[label]?.includes(state), `${label}="${state}": ${query}`);
        }
      }
  });

  test('group and match by labels that one of their metrics has', () => {
    for (const query of queries) {
      const ofMetrics = namesIn(query).flatMap((name) => metrics.get(name)?.labels ?? []);
      const labels = new Set([...ofMetrics, ...OF_THE_SCRAPE]);
      for (const [, list = ''] of query.matchAll(/\b(?:by|without|on|ignoring) \(([^)]*)\)/g))
        for (const label of list.split(', ')) assert.ok(labels.has(label), `${label}: ${query}`);
    }
  });

  test('take the rate of counters only, and of every counter', () => {
    const RATED = /\b(?:rate|increase)\((ctrkit_\w+)/g;
    for (const query of queries) {
      const rated = new Set([...query.matchAll(RATED)].map(([, name = '']) => name));
      for (const name of namesIn(query))
        assert.equal(rated.has(name), metrics.get(name)?.type !== 'gauge', `${name}: ${query}`);
    }
  });

  test('have brackets that close', () => {
    for (const query of queries) {
      const open: string[] = [];
      for (const sign of query.replaceAll(/"[^"]*"/g, ''))
        if ('([{'.includes(sign)) open.push(')]}'['([{'.indexOf(sign)] ?? '');
        else if (')]}'.includes(sign)) assert.equal(open.pop(), sign, query);
      assert.deepEqual(open, [], query);
    }
  });
});

describe('docs/grafana-host.json', () => {
  test('is a dashboard of Grafana 10, with variables for data source, switch and feature', () => {
    assert.ok(dashboard.schemaVersion >= 38);
    assert.deepEqual(
      dashboard.templating.list.map(({ name, type }) => `${name}: ${type}`),
      ['datasource: datasource', 'instance: query', 'feature: query'],
    );
    const known = new Set([
      ...dashboard.templating.list.map(({ name }) => name),
      '__rate_interval',
      '__interval',
    ]);
    for (const query of queries)
      for (const [, name = ''] of query.matchAll(/\$(\w+)/g)) assert.ok(known.has(name), query);
    for (const { title, type, datasource } of dashboard.panels)
      if (type !== 'row') assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, title);
    for (const { expr, datasource } of targets)
      assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, expr);
  });

  test('has panels with ids of their own, of the kinds that Grafana has, beside each other', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const taken = new Set<string>();
    for (const { type, title, gridPos, targets: asked = [] } of dashboard.panels) {
      assert.ok(['row', 'stat', 'table', 'timeseries'].includes(type), title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      assert.equal(type === 'row', asked.length === 0, title);
      assert.equal(new Set(asked.map(({ refId }) => refId)).size, asked.length, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x} ${y}`), `${title} covers another panel`);
          taken.add(`${x} ${y}`);
        }
    }
  });

  test('has a row for each question', () => {
    assert.deepEqual(
      dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title),
      [
        'Fleet',
        'Golden coverage',
        'Fallbacks in the last day',
        'Failing now',
        'Versions by feature',
        'The daemon',
      ],
    );
  });
});

describe('docs/prometheus-rules.yml', () => {
  test('has alerts with names of their own, a severity and a line for people', () => {
    assert.ok(rules.length > 10);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, labels, annotations, for: lasting = '0s' } of rules) {
      assert.match(alert, /^Ctrkit[A-Za-z]+$/);
      assert.ok(['info', 'warning', 'critical'].includes(labels.severity), alert);
      assert.match(lasting, /^\d+[smhd]$/, alert);
      assert.match(annotations['summary'] ?? '', /\{\{ \$labels\.\w+ \}\}/, alert);
    }
  });

  test('names in its texts only labels that its expression leaves', () => {
    for (const { alert, expr, annotations } of rules) {
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].at(-1)?.[1]?.split(', ');
      const labels = grouped ?? [...(metrics.get(namesIn(expr)[0] ?? '')?.labels ?? []), ...OF_THE_SCRAPE];
      for (const text of Object.values(annotations))
        for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g))
          assert.ok(labels.includes(label), alert);
    }
  });
});
