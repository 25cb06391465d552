import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from '../../../../ports/terminal.ts';

/** ECMA-48 and xterm: switches to the alternate screen, so that the old content comes back, and hides the cursor. */
const OPEN = '\u001b[?1049h\u001b[?25l';
const CLOSE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_REST = '\u001b[K';
const CLEAR_REST = '\u001b[J';

export interface Screen {
  /**
   * Never more rows than the terminal has. `footer` comes first: of a terminal that is too small for it, as much as fits. Lines
   * that do not fit are left out, and their number is shown.
   */
  readonly draw: (lines: readonly string[], footer: readonly string[]) => void;
  /** Leaves the terminal as it was; a second call does nothing. */
  readonly close: () => void;
}

/** Each drawing covers the one before, in one write, so that nothing flickers. */
export function openScreen(terminal: Pick<Terminal, 'write' | 'height' | 'width'>): Screen {
  let isOpen = false;
  return {
    draw(lines, footer) {
      const width = Math.max(terminal.width(), 1);
      const height = Math.max(terminal.height(), 1);
      const shownFooter = cutLines(footer, height, width);
      const room = height - countRows(shownFooter, width);
      const text = [...fitLines(lines, room, width), ...shownFooter].map(
        (line) => `${line}${CLEAR_LINE_REST}`,
      );
      terminal.write(`${isOpen ? '' : OPEN}${HOME}${text.join('\n')}${CLEAR_REST}`);
      isOpen = true;
    },
    close() {
      if (isOpen) terminal.write(CLOSE);
      isOpen = false;
    },
  };
}

/** Rows that the lines take: a terminal wraps a line that is longer than it is wide. */
const countRows = (lines: readonly string[], width: number): number =>
  lines.reduce((sum, line) => sum + Math.max(Math.ceil(stripVTControlCharacters(line).length / width), 1), 0);

function fitLines(lines: readonly string[], room: number, width: number): string[] {
  if (countRows(lines, width) <= room) return [...lines];
  const kept = [...lines];
  // One row is for the number of missing lines.
  while (kept.length > 0 && countRows(kept, width) > room - 1) kept.pop();
  return room < 1 ? [] : [...kept, `… ${lines.length - kept.length} more lines`.slice(0, width)];
}

/** From the first line on as many as fit; of a line that is too long by itself, its beginning, without colours. */
function cutLines(lines: readonly string[], room: number, width: number): string[] {
  const kept = [...lines];
  while (kept.length > 1 && countRows(kept, width) > room) kept.pop();
  return countRows(kept, width) <= room
    ? kept
    : kept.map((line) => stripVTControlCharacters(line).slice(0, room * width));
}
