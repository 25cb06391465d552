import { EXIT } from '../../contract/exit-codes.ts';
import { toPlainLine } from '../../text/printable.ts';
import { breakSilence } from './silence.ts';
import { writeError } from './write-error.ts';

let isGuarded = false;
let isCut = false;

/**
 * Writes `text` to stdout, as the answer of the command `name`. Nobody reads any more, as with `| head`: no reason to complain.
 * Any other error, a full disk for instance, cuts the answer: that is told in one line, and the process ends with 69. Every
 * command writes by this. Only here, and not at the start: whoever says nothing need not load the stream.
 */
export function writeAnswer(name: string, text: string): void {
  breakSilence();
  if (!isGuarded) process.stdout.on('error', (error) => cutAnswer(name, error));
  isGuarded = true;
  process.stdout.write(text);
}

/** What a command that would end with `exitCode` ends with: 69 where its answer is cut. */
export const chooseExitCode = (exitCode: number): number => (isCut ? EXIT.unavailable : exitCode);

function cutAnswer(name: string, { code, message }: NodeJS.ErrnoException): void {
  if (isCut || code === 'EPIPE') return;
  isCut = true;
  writeError(`${name}: error: the output is cut, stdout can't be written: ${toPlainLine(message)}\n`);
  // The error may come after the end of the command.
  process.exitCode = EXIT.unavailable;
}
