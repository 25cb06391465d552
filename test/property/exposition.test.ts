import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeLabel, renderExposition, type Metric } from '../../src/text/exposition.ts';
import { parseExposition } from '../support/exposition.ts';
import { runsOf } from '../support/run-counts.ts';

const GAUGE: Metric = { name: 'ctrkit_x', type: 'gauge', help: 'Help.', labels: ['feature', 'state'] };
const COUNTER: Metric = { name: 'ctrkit_y_total', type: 'counter', help: 'Help.', labels: [] };

const encode = (feature: string, state: string): string =>
  `${encodeLabel('feature', feature)},${encodeLabel('state', state)}`;

test('lets a scraper read every label as it is, whatever is in it', () => {
  const label = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\"\n{},= 1a]*$/));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(label, label), { selector: String, maxLength: 5 }), (all) => {
      const samples = all.map(([feature, state], i) => ({ labels: encode(feature, state), value: i }));
      const families = parseExposition(
        renderExposition([
          { metric: GAUGE, samples },
          { metric: COUNTER, samples: [{ labels: '', value: 1 }] },
        ]),
      );
      const read = families.get('ctrkit_x')?.samples ?? [];
      assert.deepEqual(
        read.map(({ labels }) => [labels['feature'], labels['state']]),
        all,
      );
    }),
    runsOf(20_000),
  );
});
