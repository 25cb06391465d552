import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_CHECKS_CONFIG, findTiming } from '../../src/container/health/checks-config/checks-config.ts';
import { decodeChecksConfig } from '../../src/container/health/checks-config/decode-checks-config.ts';
import type { CheckTiming } from '../../src/contract/health/check.ts';
import { runsOf } from '../support/run-counts.ts';

/** Milliseconds of a number of seconds with at most three decimals. */
const ms = (least: number, most: number) => fc.integer({ min: least, max: most });
const count = fc.integer({ min: 1, max: 100 });

const timing: fc.Arbitrary<Partial<CheckTiming>> = fc.record(
  {
    initialDelayMs: ms(0, 3_600_000),
    periodMs: ms(500, 3_600_000),
    timeoutMs: ms(100, 600_000),
    failureThreshold: count,
    successThreshold: count,
  },
  { requiredKeys: [] },
);

const FIELDS = {
  initialDelayMs: 'initialDelaySeconds',
  periodMs: 'periodSeconds',
  timeoutMs: 'timeoutSeconds',
  failureThreshold: 'failureThreshold',
  successThreshold: 'successThreshold',
} as const;

const encodeFields = (values: Partial<CheckTiming>): string[] =>
  Object.entries(FIELDS).flatMap(([key, field]) => {
    const value = values[key as keyof typeof FIELDS];
    if (value === undefined) return [];
    return [`${field} = ${key.endsWith('Ms') ? value / 1000 : value}`];
  });

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,31}$/).filter((text) => !text.startsWith('start'));

/** What breaks a decoder is what is nearly right. */
const WORDS = [
  ['[checks]', '[hooks]', '[[checks]]', '[defaults]', 'a', '"required.d/x"', '__proto__', 'constructor'],
  ['tcp', 'unix', 'file', 'memoryPercent', 'maxAgeSeconds', 'periodSeconds', 'kind', 'startProgram'],
  ['=', '=', '.', ',', '{', '}', '[', ']', '\n', '\n', '"', "'", '"""', '#', '\\', '\u0000', '\ufeff'],
  ['1', '-0', '0x1F', '1e999', 'nan', 'inf', 'true', '"/x"', '"127.0.0.1:1"', '2026-01-01', '10:00:00'],
];
const word = fc.constantFrom(...WORDS.flat());
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
  fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
);

describe('checks.toml, whatever is in it', () => {
  test('no text throws; one with errors gives the defaults, and each error is one printable line', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { config, errors } = decodeChecksConfig(text);
        if (errors.length > 0) assert.deepEqual(config, DEFAULT_CHECKS_CONFIG);
        assert.ok(errors.length <= 11);
        for (const error of errors) assert.match(error, /^[ -~]{1,600}$/);
      }),
      runsOf(5_000),
    );
  });

  test('nesting as deep as the file is long throws nothing either', () => {
    for (const text of [
      `a = ${'['.repeat(60_000)}`,
      `a = ${'{a='.repeat(20_000)}`,
      `${'a.'.repeat(30_000)}a = 1`,
      `checks.x.tcp.${'a.'.repeat(30_000)}a = 1`,
      `[${'a.'.repeat(30_000)}a]`,
    ])
      assert.ok(decodeChecksConfig(text).errors.length > 0);
  });

  test('what a legal file says of times is what counts', () => {
    fc.assert(
      fc.property(
        timing,
        fc.uniqueArray(fc.tuple(name, timing), { selector: ([text]) => text, maxLength: 5 }),
        (defaults, lines) => {
          const { config, errors } = decodeChecksConfig(
            [
              '[defaults]',
              ...encodeFields(defaults),
              '[hooks]',
              ...lines.map(([text, own]) => `"wanted.d/${text}" = { ${encodeFields(own).join(', ')} }`),
              '[checks]',
              ...lines.map(
                ([text, own]) => `${text} = { ${['unix = "/x"', ...encodeFields(own)].join(', ')} }`,
              ),
            ].join('\n'),
          );
          assert.deepEqual(errors, []);
          const base = { ...DEFAULT_CHECKS_CONFIG.timing, ...defaults };
          assert.deepEqual(config.timing, base);
          // Not the order: JavaScript puts keys that are numbers first.
          const timings = new Map(config.builtin.map((check) => [check.name, check.timing]));
          for (const [text, own] of lines) {
            assert.deepEqual(timings.get(text), { ...base, ...own });
            assert.deepEqual(findTiming(config, `wanted.d/${text}`), { ...base, ...own });
          }
        },
      ),
      runsOf(1_000),
    );
  });
});
