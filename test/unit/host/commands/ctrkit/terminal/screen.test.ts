import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { openScreen } from '../../../../../../src/host/commands/ctrkit/terminal/screen.ts';

function open(height = 24, width = 80) {
  const written: string[] = [];
  return {
    written,
    screen: openScreen({ write: (text) => written.push(text), height: () => height, width: () => width }),
  };
}

test('a screen that was never drawn on leaves no trace', () => {
  const { written, screen } = open();
  screen.close();
  assert.deepEqual(written, []);
});

test('a screen is another one, drawn over in one write, and what was there before comes back once', () => {
  const { written, screen } = open();
  screen.draw(['one'], ['two']);
  screen.draw(['three'], []);
  screen.close();
  screen.close();
  assert.deepEqual(written, [
    '\u001b[?1049h\u001b[?25l\u001b[Hone\u001b[K\ntwo\u001b[K\u001b[J',
    '\u001b[Hthree\u001b[K\u001b[J',
    '\u001b[?25h\u001b[?1049l',
  ]);
});

test('what does not fit on a screen is left out, and how much is said; the footer stays', () => {
  const { written, screen } = open(4);
  screen.draw(['1', '2', '3', '4'], ['foot']);
  assert.match(written[0] ?? '', /1\u001b\[K\n2\u001b\[K\n… 2 more lines\u001b\[K\nfoot\u001b\[K\u001b\[J$/);
  screen.draw(['1', '2', '3'], ['foot']);
  assert.match(written[1] ?? '', /1\u001b\[K\n2\u001b\[K\n3\u001b\[K\nfoot/);
});

test('a line that is longer than the screen is wide takes the rows it takes, colours none', () => {
  const { written, screen } = open(4, 10);
  screen.draw(['x'.repeat(21), '2'], ['\u001b[2mten chars.\u001b[22m']);
  assert.match(written[0] ?? '', /^[^x]*… 2 more l\u001b/);
  screen.draw(['x'.repeat(20), '2'], ['\u001b[2mten chars.\u001b[22m']);
  assert.match(written[1] ?? '', /x{20}\u001b\[K\n2\u001b/);
});

test('a small terminal gets no more rows than it has, the footer first (H15)', () => {
  const lines = ['FEATURE  OWNER', 'snmp     kube', 'x'.repeat(45), 'lldp     local'];
  const footer = ['\u001b[31mthe database is away; trying again\u001b[39m', 'Ctrl-C ends'];
  for (let height = 1; height <= 8; height += 1) {
    for (let width = 1; width <= 60; width += 1) {
      const { written, screen } = open(height, width);
      screen.draw(lines, footer);
      const shown = stripVTControlCharacters(written[0] ?? '').split('\n');
      const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0);
      assert.ok(rows <= height, `${rows} rows of ${height} at ${width}: ${JSON.stringify(shown)}`);
    }
  }
  const { written, screen } = open(2, 60);
  screen.draw(lines, footer);
  assert.match(
    stripVTControlCharacters(written[0] ?? ''),
    /^the database is away; trying again\nCtrl-C ends$/,
  );
});
