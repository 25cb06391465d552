import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EXIT } from '../../src/contract/exit-codes.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** The cells of the table under `| exit | meaning |`. */
function readExitTable(): { readonly exit: string; readonly meaning: string }[] {
  const lines = read('README.md').split('\n');
  const head = lines.findIndex((line) => /^\|\s*exit\s*\|\s*meaning\s*\|/i.test(line));
  assert.notEqual(head, -1, 'README.md has no table | exit | meaning |');
  const rows = lines.slice(head + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end === -1 ? undefined : end).map((line) => {
    const [, exit = '', meaning = ''] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    return { exit, meaning };
  });
}

describe('README.md', () => {
  test('its table of exit codes has every code of the source, in order, and no other', () => {
    const table = readExitTable();
    const codes = table.map(({ exit }) => exit).filter((exit) => /^\d+$/.test(exit));
    const wanted = Object.values(EXIT).toSorted((a, b) => a - b);
    assert.deepEqual(codes.map(Number), wanted);
  });

  test('its table of exit codes has the shell’s convention for a signal, and a meaning for each', () => {
    const table = readExitTable();
    const others = table.map(({ exit }) => exit).filter((exit) => !/^\d+$/.test(exit));
    assert.deepEqual(others, ['128+n']);
    for (const { exit, meaning } of table) assert.notEqual(meaning, '', exit);
  });
});

describe('CHANGELOG.md', () => {
  test('its top heading is the version of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const heading = read('CHANGELOG.md').match(/^## +\[?v?([^\]\s]+)/m)?.[1];
    assert.equal(heading, version);
  });
});
