import { execFile } from 'node:child_process';

export interface CommandResult {
  /** The exit code; 128 and above stand for a signal where Docker says so. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a failing exit code is an answer, a passed time limit an error. */
export const runProgram = (
  file: string,
  args: readonly string[],
  limitMs: number,
  input = '',
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else {
        const why = error.killed === true ? `not done within ${limitMs} ms` : error.message;
        reject(new Error(`${file} ${args.join(' ')}: ${why}\n${stderr}`, { cause: error }));
      }
    });
    // A program that does not read its input may be gone before it is written.
    child.stdin?.on('error', () => undefined).end(input);
  });

/** Any docker command, within a time limit. */
export const docker = (args: readonly string[], limitMs = 60_000): Promise<CommandResult> =>
  runProgram('docker', args, limitMs);

/** A docker command that has to succeed; returns its standard output without the last line end. */
export const dockerOutput = async (args: readonly string[], limitMs?: number): Promise<string> => {
  const { code, stdout, stderr } = await docker(args, limitMs);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  return stdout.trimEnd();
};

/** There is a process of that number, a zombie too. */
export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};
