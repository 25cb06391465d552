import { execFile } from 'node:child_process';

/** Runs a command to its end; rejects with what it said on stderr. */
export function runCommand(command: string, args: readonly string[], timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: timeoutMs, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args[0] ?? ''}: ${stderr.trim() || error.message}`));
    });
  });
}

/** What a probe prints when its answer is no; empty for yes. */
export function probeWith(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 10_000 }, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}`.trim() || error.message),
    );
  });
}

/** Asks until `attempt` gives something; rejects, saying what was awaited, when the time is over. */
export async function waitFor<T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() > endMs) throw new Error(`gave up after ${limitMs / 1000} s waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
