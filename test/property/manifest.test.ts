import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { load } from 'js-yaml';
import { CtrkitError } from '../../src/contract/errors.ts';
import {
  findDnsLabelFault,
  findEnvironmentNameFault,
  findLabelKeyFault,
  findLabelValueFault,
} from '../../src/contract/cluster/kubernetes-names.ts';
import { isFeatureName, isVersion } from '../../src/contract/names.ts';
import { encodeYaml } from '../../src/host/commands/ctrkit/manifest/manifest-text.ts';
import { plan } from '../support/manifest-request.ts';
import { runsOf } from '../support/run-counts.ts';

const feature = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/).filter(isFeatureName);
const plainVersion = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/);
const anyVersion = fc.stringMatching(/^[!-{}~]{1,128}$/).filter(isVersion);
const path = fc.stringMatching(/^(?:\/[A-Za-z0-9._ -]{1,12}){1,5}$/);
const words = fc.oneof(fc.string({ maxLength: 30 }), fc.stringMatching(/^[-+._0-9eExXoObB:, TZ]{1,12}$/));

/** Undefined where it is refused: by the one error that says why. */
function planned(...given: Parameters<typeof plan>) {
  try {
    return plan(...given);
  } catch (error) {
    assert.ok(error instanceof CtrkitError && error.code === 'usage', String(error));
    assert.doesNotMatch(error.message, /\n/);
    return undefined;
  }
}

function assertLegal({ objects }: ReturnType<typeof plan>): void {
  for (const { metadata, spec } of objects) {
    const { template, selector } = spec;
    const pod = template.spec;
    const [container] = pod.containers;
    for (const name of [
      metadata.name,
      metadata.namespace,
      container.name,
      ...pod.volumes.map((one) => one.name),
    ])
      assert.equal(findDnsLabelFault(name), undefined, name);
    const labels = [metadata.labels, template.metadata.labels, selector.matchLabels, pod.nodeSelector ?? {}];
    for (const [key, value] of labels.flatMap((one) => Object.entries(one))) {
      assert.equal(findLabelKeyFault(key), undefined, key);
      assert.equal(findLabelValueFault(value), undefined, value);
    }
    const [, blockKey = ''] = /"key":"([^"]*)"/.exec(JSON.stringify(pod.affinity)) ?? [];
    assert.equal(findLabelKeyFault(blockKey), undefined, blockKey);
    // A selector that does not select the template's own pods is refused.
    for (const [key, value] of Object.entries(selector.matchLabels))
      assert.equal(template.metadata.labels[key], value);
    const targets = container.volumeMounts.map(({ mountPath }) => mountPath);
    assert.equal(new Set(targets).size, targets.length);
    assert.deepEqual(
      new Set(container.volumeMounts.map(({ name }) => name)),
      new Set(pod.volumes.map(({ name }) => name)),
    );
    for (const { name } of container.env) assert.equal(findEnvironmentNameFault(name), undefined, name);
  }
}

describe('a manifest', () => {
  test('of any feature and version is refused, or all its names and labels are legal (D23, D24)', () => {
    fc.assert(
      fc.property(
        feature,
        fc.oneof(plainVersion, anyVersion),
        fc.subarray(['0', '7', '15']),
        (name, version, asics) => {
          const made = planned({ feature: name, version, asics });
          if (made !== undefined) assertLegal(made);
        },
      ),
      runsOf(2_000),
    );
  });

  test('of a short feature and an ordinary version is made', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9_]{0,10}[a-z]$/),
        fc.stringMatching(/^\d{8}\.\d{1,3}$/),
        (name, version) => assertLegal(plan({ feature: name, version })),
      ),
    );
  });

  test('with any words is refused, or legal: nothing else is thrown', () => {
    const pair = fc.tuple(words, words).map(([key, value]) => `${key}=${value}`);
    const volume = fc.tuple(fc.oneof(path, words), fc.oneof(path, words)).map((parts) => parts.join(':'));
    const changes = fc.record(
      {
        selectors: fc.array(pair, { maxLength: 2 }),
        environment: fc.array(pair, { maxLength: 3 }),
        volumes: fc.array(volume, { maxLength: 4 }),
        platform: words,
        hwsku: words,
        name: words,
        namespace: words,
        batch: words,
        grace: words,
        timeToGolden: words,
        memory: words,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(changes, (given) => {
        const made = planned(given);
        if (made !== undefined) assertLegal(made);
      }),
      runsOf(2_000),
    );
  });

  test('with any paths has each once, under a name of its own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(path, path), { maxLength: 12 }), (pairs) => {
        const made = planned({ volumes: pairs.map((pair) => pair.join(':')) });
        if (made !== undefined) assertLegal(made);
      }),
    );
  });
});

/** What a number, a date, a yes or nothing looks like to one reader of YAML 1.1 or another. */
const DOUBTFUL = /^(?:[-+._]*\d[-+.,:\w ]*|~|null|true|false|yes|no|on|off|y|n|[-+.]*(?:inf|nan))$/i;

describe('YAML', () => {
  test('comes back as what it was, whatever the texts are', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary-ascii' }), words);
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { noNullPrototype: true }),
        (object) => {
          assert.deepEqual(load(encodeYaml([object], 'x')), object);
        },
      ),
      runsOf(1_000),
    );
  });

  test('quotes whatever a reader could take for something other than a text', () => {
    fc.assert(
      fc.property(words, (word) => {
        fc.pre(DOUBTFUL.test(word));
        const yaml = encodeYaml([{ a: word }], 'x');
        assert.match(yaml, /\na: ['"|]/);
        assert.deepEqual(load(yaml), { a: word });
      }),
      runsOf(2_000),
    );
  });
});
