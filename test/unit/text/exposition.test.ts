import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeLabel, EXPOSITION_TYPE, renderExposition, type Metric } from '../../../src/text/exposition.ts';

const GAUGE: Metric = { name: 'ctrkit_x', type: 'gauge', help: 'Help.', labels: ['feature', 'state'] };
const COUNTER: Metric = { name: 'ctrkit_y_total', type: 'counter', help: 'Help.', labels: [] };
const SUMMARY: Metric = { name: 'ctrkit_z_seconds', type: 'summary', help: 'Help.', labels: ['call'] };

const encode = (feature: string, state: string): string =>
  `${encodeLabel('feature', feature)},${encodeLabel('state', state)}`;

describe('the text exposition', () => {
  test('is the format that every Prometheus reads, family by family', () => {
    assert.equal(EXPOSITION_TYPE, 'text/plain; version=0.0.4; charset=utf-8');
    const text = renderExposition([
      { metric: GAUGE, samples: [{ labels: encode('snmp', 'a b'), value: 1 }] },
      { metric: COUNTER, samples: [{ labels: '', value: 12.5 }] },
      {
        metric: SUMMARY,
        samples: [
          { labels: encodeLabel('call', 'list'), value: 0.25, suffix: '_sum' },
          { labels: encodeLabel('call', 'list'), value: 3, suffix: '_count' },
        ],
      },
    ]);
    assert.deepEqual(text.split('\n'), [
      '# HELP ctrkit_x Help.',
      '# TYPE ctrkit_x gauge',
      'ctrkit_x{feature="snmp",state="a b"} 1',
      '# HELP ctrkit_y_total Help.',
      '# TYPE ctrkit_y_total counter',
      'ctrkit_y_total 12.5',
      '# HELP ctrkit_z_seconds Help.',
      '# TYPE ctrkit_z_seconds summary',
      'ctrkit_z_seconds_sum{call="list"} 0.25',
      'ctrkit_z_seconds_count{call="list"} 3',
      '',
    ]);
  });

  test('leaves out a family without samples, and writes numbers that are none as Prometheus has them', () => {
    const values = [NaN, Infinity, -Infinity, 1e21, -0.5];
    const text = renderExposition([
      { metric: COUNTER, samples: [] },
      { metric: GAUGE, samples: values.map((value, i) => ({ labels: encode('f', `${i}`), value })) },
    ]);
    assert.ok(!text.includes('ctrkit_y_total'));
    const written = [...text.matchAll(/\} (.*)$/gm)].map(([, value]) => value);
    assert.deepEqual(written, ['NaN', '+Inf', '-Inf', '1e+21', '-0.5']);
  });

  test('writes a help of more lines as one', () => {
    const metric = { ...COUNTER, help: 'a\\b\nctrkit_evil 1' };
    const text = renderExposition([{ metric, samples: [{ labels: '', value: 1 }] }]);
    assert.ok(text.startsWith('# HELP ctrkit_y_total a\\\\b\\nctrkit_evil 1\n'));
  });
});
