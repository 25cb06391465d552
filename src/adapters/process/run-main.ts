import { CtrkitError } from '../../contract/errors.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { toPlainLine } from '../../text/printable.ts';
import { chooseExitCode } from './write-answer.ts';
import { writeError } from './write-error.ts';

/** The error may quote what somebody typed. */
const MAX_LINE_LENGTH = 2_000;

const UNAVAILABLE: ReadonlySet<string> = new Set(['database', 'engine', 'disk', 'service', 'cluster']);

/** Of node:fs: a folder or file is named, by a setting, that there can't be. */
const IMPOSSIBLE_PATH: ReadonlySet<unknown> = new Set(['ENAMETOOLONG', 'ELOOP', 'ENOTDIR']);

/**
 * Runs `main` and sets its result as the exit code of this process. With `runAndReport` the one place where an error becomes a
 * line on stderr, behind the command's `name`, and an exit code.
 */
export async function runMain(name: string, main: () => Promise<number>): Promise<void> {
  // A process that ends before there is a result, because nothing is left that it could wait for, has not succeeded.
  process.exitCode = EXIT.defect;
  // Thrown where nobody can catch it, in a listener of a library for instance: the exit codes are the contract's all the same.
  process.once('uncaughtException', (error) => {
    printError(name, describeDefect(error));
    process.exitCode = EXIT.defect;
    // oxlint-disable-next-line no-process-exit -- what state the process is in, nobody knows
    process.exit();
  });
  process.exitCode = chooseExitCode(await runAndReport(name, main));
}

/** Runs `main`; returns its result, or the exit code of its error, which it prints. */
export async function runAndReport(name: string, main: () => Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof CtrkitError)) {
      const { code, path, message } = error as NodeJS.ErrnoException;
      const isSetting = IMPOSSIBLE_PATH.has(code) && path !== undefined;
      printError(name, isSetting ? `error: ${message}` : describeDefect(error));
      return isSetting ? EXIT.usage : EXIT.defect;
    }
    const { code, message } = error;
    printError(name, `error: ${message}${code === 'usage' ? `. Try ${name} --help` : ''}`);
    if (code === 'usage') return EXIT.usage;
    if (code === 'command') return EXIT.notExecutable;
    return UNAVAILABLE.has(code) ? EXIT.unavailable : EXIT.defect;
  }
}

const printError = (name: string, text: string): void =>
  writeError(`${name}: ${toPlainLine(text, MAX_LINE_LENGTH)}\n`);

const describeDefect = (error: unknown): string =>
  `error: a defect of ctrkit, please report it: ${error instanceof Error ? error.stack : String(error)}`;
