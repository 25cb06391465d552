import Table from 'cli-table3';
import { toPlainLine } from '../../../../text/printable.ts';
import type { Colour, Terminal } from '../../../../ports/terminal.ts';

export interface Cell {
  /** Any text: it is made printable here. */
  readonly text: string;
  readonly colour?: Colour;
}

/** A header is at least this much narrower than its column, as SONiC's own tables have it. */
const HEADER_ROOM = 2;
const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((name) => [name, '']),
);

/**
 * Renders a table in the style of SONiC's own command (HLD, "show feature status"): header, dashes, two spaces between columns. Ends
 * with a newline.
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Terminal['paint'],
): string {
  const plain = rows.map((row) => row.map(({ text, colour }) => ({ text: toPlainLine(text, 120), colour })));
  const widths = headers.map((header, i) =>
    Math.max(header.length + HEADER_ROOM, ...plain.map((row) => row[i]?.text.length ?? 0)),
  );
  const table = new Table({
    chars: { ...NO_BORDERS, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(
    [...headers],
    widths.map((width) => '-'.repeat(width)),
    ...plain.map((row) => row.map(({ text, colour }) => (colour === undefined ? text : paint(colour, text)))),
  );
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
