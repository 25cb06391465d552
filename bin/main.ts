import { CtrkitError } from '../src/contract/errors.ts';
import { EXIT } from '../src/contract/exit-codes.ts';

/** The one place where what went wrong becomes one line and an exit code. */
export async function runMain(name: string, main: () => Promise<number>): Promise<void> {
  const fail = (exitCode: number, text: string): void => {
    process.stderr.write(`${name}: ${text.replaceAll('\n', ' ')}\n`);
    process.exitCode = exitCode;
  };
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof CtrkitError)) {
      fail(
        EXIT.defect,
        `error: a defect of ctrkit, please report it: ${error instanceof Error ? error.stack : String(error)}`,
      );
    } else if (error.code === 'usage') fail(EXIT.usage, `error: ${error.message}. Try ${name} --help`);
    else if (error.code === 'database') fail(EXIT.unavailable, `error: ${error.message}`);
    else fail(EXIT.defect, `error: ${error.message}`);
  }
}
