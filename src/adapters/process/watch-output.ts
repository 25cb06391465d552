import { EXIT } from '../../contract/exit-codes.ts';
import { toPlainLine } from '../../text/printable.ts';
import { writeError } from './write-error.ts';

/**
 * Watches stdout of the command `name`, whose answer it is. Nobody reads any more, as with `| head`: no reason to complain.
 * Any other error, a full disk for instance, cuts the answer: that is told in one line, and the process ends with 69. Returns
 * what to make of the command's own exit code.
 */
export function watchOutput(name: string): (exitCode: number) => number {
  let isCut = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (isCut || code === 'EPIPE') return;
    isCut = true;
    writeError(`${name}: error: the output is cut, stdout can't be written: ${toPlainLine(message)}\n`);
    // The error may come after the end of the command.
    process.exitCode = EXIT.unavailable;
  });
  return (exitCode) => (isCut ? EXIT.unavailable : exitCode);
}
