import { EXIT } from '../../contract/exit-codes.ts';
import { replaceStderr } from './own-stderr.ts';
import { writeError } from './write-error.ts';

/**
 * Loads the command that the launcher names as the first word, and with it runs it: each module runs its own command. The
 * word is taken out of argv, which is then as the command expects it. Nothing of the other commands is loaded.
 */
export function runCommand(commands: Readonly<Record<string, () => Promise<unknown>>>): void {
  replaceStderr();
  const [name = ''] = process.argv.splice(2, 1);
  const load = commands[name];
  if (load === undefined) {
    writeError(`ctrkit: "${name}" is no command of this bundle: run it by its own name\n`);
    process.exitCode = EXIT.defect;
  } else void load();
}
