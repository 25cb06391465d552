import { styleText } from 'node:util';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { writeError } from '../../adapters/process/write-error.ts';
import type { Terminal } from '../../ports/terminal.ts';
import { toPlainLine } from '../../text/printable.ts';

const MAX_LINE_LENGTH = 2_000;

/** stdout and stderr of this process. `name` is the command's; colours follow TERM and NO_COLOR. */
export function createTerminal(name: string): Terminal {
  const { stdout, env } = process;
  const isTerminal = stdout.isTTY && env['TERM'] !== 'dumb';
  // Node.js has styleText since 20.12 only.
  const hasColour = isTerminal && !env['NO_COLOR'] && typeof styleText === 'function';
  return {
    isTerminal,
    // 0 on a terminal that was never told its size.
    height: () => stdout.rows || 24,
    width: () => stdout.columns || 80,
    write: (text) => writeAnswer(name, text),
    complain: writeError,
    report: (text) => writeError(`${name}: ${toPlainLine(text, MAX_LINE_LENGTH)}\n`),
    paint: (colour, text) => (hasColour ? styleText(colour, text) : text),
  };
}
