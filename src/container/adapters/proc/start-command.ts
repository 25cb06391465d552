import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT, exitCodeOfSignal } from '../../../contract/exit-codes.ts';
import type { Command } from '../../../ports/command.ts';
import { restoreEnvironment } from './gate-settings.ts';

/** Starts a program with the streams and the environment of this process. `onError` is told why that is not possible. */
export function startCommand(words: readonly string[], onError: (text: string) => void): Command {
  const [file = '', ...args] = words;
  const child = spawn(file, args, { stdio: 'inherit', env: restoreEnvironment(process.env) });
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      onError(`${file} can't be started: ${error.message}`);
      resolve(error.code === 'ENOENT' ? EXIT.noCommand : EXIT.notExecutable);
    });
    child.once('exit', (code, signal) =>
      resolve(code ?? exitCodeOfSignal(signal === null ? 0 : constants.signals[signal])),
    );
  });
  return { ended, signal: (signal) => void child.kill(signal) };
}
