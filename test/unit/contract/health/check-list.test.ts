import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeChecks, encodeChecks } from '../../../../src/contract/health/check-list.ts';
import type { CheckReport } from '../../../../src/contract/health/health-report.ts';
import { runsOf } from '../../../support/run-counts.ts';

const report = (name: string, over: Partial<CheckReport> = {}): CheckReport => ({
  name,
  kind: 'required',
  result: 'ok',
  sinceMs: 1_000,
  message: '',
  ...over,
});
const many = (count: number, over: Partial<CheckReport> = {}) =>
  Array.from({ length: count }, (_, i) => report(`required.d/hook-${i}`, over));

describe('the checks of a heartbeat', () => {
  test('are an entry each, as the contract has it', () => {
    const checks = [
      report('start'),
      report('hook', { kind: 'wanted', result: 'failing', message: 'no "GET"' }),
    ];
    assert.deepEqual(JSON.parse(encodeChecks(checks)), [
      { name: 'start', kind: 'required', result: 'ok', since_ms: 1000, message: '' },
      { name: 'hook', kind: 'wanted', result: 'failing', since_ms: 1000, message: 'no "GET"' },
    ]);
    assert.equal(encodeChecks([]), '[]');
  });

  test('a message is one line of plain characters, whatever a hook has printed', () => {
    const [entry] = decodeChecks(encodeChecks([report('hook', { message: 'a\nb\u0000\u001b[31mé✓' })]));
    assert.equal(entry?.message, 'a?b?[31m?');
  });

  test('a long message is cut with a mark', () => {
    const [entry] = decodeChecks(encodeChecks([report('hook', { message: 'x'.repeat(5_000) })]));
    assert.equal(entry?.message, `${'x'.repeat(197)}...`);
  });

  test('many messages are shortened before any check is left out', () => {
    const checks = many(30, { message: 'm'.repeat(200) });
    const text = encodeChecks(checks);
    assert.ok(text.length <= 4096);
    assert.deepEqual(
      decodeChecks(text).map(({ name }) => name),
      checks.map(({ name }) => name),
    );
  });

  test('where checks have to go, what fails is kept, and how many went is told', () => {
    const checks = [...many(100), report('bad', { result: 'failing' }), report('odd', { result: 'unknown' })];
    const text = encodeChecks(checks);
    const kept = decodeChecks(text);
    assert.ok(text.length <= 4096);
    assert.deepEqual(
      kept.slice(0, 2).map(({ name }) => name),
      ['bad', 'odd'],
    );
    assert.deepEqual((JSON.parse(text) as unknown[]).at(-1), { cut: checks.length - kept.length });
  });

  test('4 KB is kept whatever the checks are, and what is there can be read', () => {
    const anyReport = fc.record({
      name: fc.string({ maxLength: 60 }),
      kind: fc.constantFrom('required' as const, 'wanted' as const),
      result: fc.constantFrom('ok' as const, 'failing' as const, 'unknown' as const),
      sinceMs: fc.nat(),
      message: fc.string({ unit: 'binary', maxLength: 400 }),
    });
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 60 }), (checks) => {
        const text = encodeChecks(checks);
        assert.ok(Buffer.byteLength(text) <= 4096);
        const cut = (JSON.parse(text) as { cut?: number }[]).at(-1)?.cut ?? 0;
        assert.equal(decodeChecks(text).length + cut, checks.length);
      }),
      runsOf(500),
    );
  });

  test('a name too long for the row is left out, and told', () => {
    assert.equal(encodeChecks([report('n'.repeat(5_000))]), '[{"cut":1}]');
  });

  test('text that is no list of checks is read as what makes sense of it', () => {
    for (const text of ['', 'x', '{}', 'null', '7', '[null, 1, "a", [], {}]', '[{"cut": 3}]'])
      assert.deepEqual(decodeChecks(text), [], text);
    const good = '{"name":"a","kind":"wanted","result":"ok","message":""}';
    const bad = ['"kind":"other"', '"result":"fine"', '"name":1', '"message":null'].map((field) =>
      JSON.stringify({ ...(JSON.parse(good) as object), ...(JSON.parse(`{${field}}`) as object) }),
    );
    assert.deepEqual(
      decodeChecks(`[${[good, ...bad].join()}]`).map(({ name }) => name),
      ['a'],
    );
  });
});
