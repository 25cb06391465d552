import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT, exitCodeOfSignal } from '../../../contract/exit-codes.ts';
import type { Command } from '../../../ports/command.ts';
import { restoreEnvironment } from './gate-settings.ts';
import { findLostVariables } from './lost-variables.ts';
import { findLauncher } from './parents.ts';

/** Only as process 1 the launcher is there: the environment of any other parent is not what this process was given. */
function findLost(): Record<string, string> {
  const launcher = findLauncher(process.env);
  return launcher === undefined ? {} : findLostVariables(launcher, process.env);
}

interface StartListeners {
  /** Why it can't be started. */
  readonly onError: (text: string) => void;
  readonly onStart: (pid: number) => void;
}

/**
 * Starts a program with the streams and the environment of this process, and, as process 1, with what the launcher's shell has left out of that.
 */
export function startCommand(words: readonly string[], { onError, onStart }: StartListeners): Command {
  const [file = '', ...args] = words;
  const env = restoreEnvironment({ ...findLost(), ...process.env });
  const fail = (error: NodeJS.ErrnoException): number => {
    onError(`${file} can't be started: ${error.message}`);
    return error.code === 'ENOENT' ? EXIT.noCommand : EXIT.notExecutable;
  };
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: 'inherit', env });
  } catch (error) {
    // Node.js tells some errors of the kernel by an event, and throws all others.
    return { ended: Promise.resolve(fail(error as NodeJS.ErrnoException)), signal: () => {} };
  }
  if (child.pid !== undefined) onStart(child.pid);
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => resolve(fail(error)));
    child.once('exit', (code, signal) =>
      resolve(code ?? exitCodeOfSignal(signal === null ? 0 : constants.signals[signal])),
    );
  });
  return { ended, signal: (signal) => void child.kill(signal) };
}
