import { toPlainLine } from '../src/text/printable.ts';
import { CtrkitError } from '../src/contract/errors.ts';
import { EXIT } from '../src/contract/exit-codes.ts';

const UNAVAILABLE: ReadonlySet<string> = new Set(['database', 'engine', 'disk', 'service', 'cluster']);

/** The one place where what went wrong becomes one line and an exit code. */
export async function runMain(name: string, main: () => Promise<number>): Promise<void> {
  const fail = (exitCode: number, text: string): void => {
    process.stderr.write(`${name}: ${toPlainLine(text, 2_000)}\n`);
    process.exitCode = exitCode;
  };
  // Thrown where nobody can catch it, in a listener of a library for one: no status but those of the contract.
  process.once('uncaughtException', (error) => {
    fail(EXIT.defect, `error: a defect of ctrkit, please report it: ${error.stack}`);
    // oxlint-disable-next-line no-process-exit -- what state the process is in, nobody knows
    process.exit();
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof CtrkitError)) {
      fail(
        EXIT.defect,
        `error: a defect of ctrkit, please report it: ${error instanceof Error ? error.stack : String(error)}`,
      );
    } else if (error.code === 'usage') fail(EXIT.usage, `error: ${error.message}. Try ${name} --help`);
    else if (UNAVAILABLE.has(error.code)) fail(EXIT.unavailable, `error: ${error.message}`);
    else fail(EXIT.defect, `error: ${error.message}`);
  }
}
