import { CtrkitError } from '../../contract/errors.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { toPlainLine } from '../../text/printable.ts';

/** The error may quote what somebody typed. */
const MAX_LINE_LENGTH = 2_000;

const UNAVAILABLE: ReadonlySet<string> = new Set(['database', 'engine', 'disk', 'service', 'cluster']);

/**
 * Runs `main` and sets its result as the exit code of this process. The one place where an error becomes a line on stderr,
 * behind the command's `name`, and an exit code.
 */
export async function runMain(name: string, main: () => Promise<number>): Promise<void> {
  // A process that ends before there is a result, because nothing is left that it could wait for, has not succeeded.
  process.exitCode = EXIT.defect;
  const fail = (exitCode: number, text: string): void => {
    process.stderr.write(`${name}: ${toPlainLine(text, MAX_LINE_LENGTH)}\n`);
    process.exitCode = exitCode;
  };
  // Thrown where nobody can catch it, in a listener of a library for instance: the exit codes are the contract's all the same.
  process.once('uncaughtException', (error) => {
    fail(EXIT.defect, describeDefect(error));
    // oxlint-disable-next-line no-process-exit -- what state the process is in, nobody knows
    process.exit();
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof CtrkitError)) fail(EXIT.defect, describeDefect(error));
    else if (error.code === 'usage') fail(EXIT.usage, `error: ${error.message}. Try ${name} --help`);
    else if (UNAVAILABLE.has(error.code)) fail(EXIT.unavailable, `error: ${error.message}`);
    else fail(EXIT.defect, `error: ${error.message}`);
  }
}

const describeDefect = (error: unknown): string =>
  `error: a defect of ctrkit, please report it: ${error instanceof Error ? error.stack : String(error)}`;
