import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CRITICAL_KINDS, parseProcessList } from '../../src/contract/health/process-list.ts';
import { runsOf } from '../support/run-counts.ts';

const format = { path: '/etc/supervisor/critical_processes', kinds: CRITICAL_KINDS };
const blanks = fc.constantFrom('', ' ', '\t', '  ');
const name = fc.stringMatching(/^[A-Za-z0-9._|%$ü-]{1,30}$/);
const entry = fc.record({ kind: fc.constantFrom('program' as const, 'group' as const), name });
const good = fc.tuple(entry, blanks, blanks).map(([{ kind, name: named }, before, after]) => ({
  kind,
  name: named,
  line: `${before}${kind}:${named}${after}`,
}));
const noise = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\n]/g, ''));

test('whatever is in a list, it is read without harm, and what comes of it is legal', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          noise,
          good.map(({ line }) => line),
        ),
      ),
      (lines) => {
        const { entries, errors } = parseProcessList(lines.join('\n'), format);
        for (const { name: legal } of entries) assert.match(legal, /^[^\s:/]{1,128}$/u);
        for (const error of errors) assert.ok(error.length < 250 && !error.includes('\n'));
        assert.equal(new Set(entries.map(({ kind, name: n }) => `${kind}:${n}`)).size, entries.length);
      },
    ),
    runsOf(1_000),
  );
});

test('the good lines are all found, whatever is between them, and each bad one is told with its number', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(good, fc.constant(undefined)), { maxLength: 9 }), (items) => {
      const text = items.map((item) => item?.line ?? 'no such: li:ne').join('\r\n');
      const { entries, errors } = parseProcessList(text, format);
      const wanted = items.flatMap((item) => (item === undefined ? [] : `${item.kind}:${item.name}`));
      assert.deepEqual(
        entries.map(({ kind, name: named }) => `${kind}:${named}`),
        [...new Set(wanted)],
      );
      const bad = items.flatMap((item, index) => (item === undefined ? index + 1 : []));
      assert.deepEqual(
        errors.map((error) => Number(/, line (\d+): /.exec(error)?.[1])),
        bad,
      );
    }),
    runsOf(1_000),
  );
});
