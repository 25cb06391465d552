import { readFileSync } from 'node:fs';

/** The variable from which the command that runs again learns which container was waited for. 64 hex digits. */
const WAITED_VARIABLE = 'CTRKIT_WAITED_CONTAINER';

/** Seconds. How often coreutils' tail looks whether the process is still there. */
const POLL_EVERY_S = '0.5';

/**
 * Waits for the end of a container's first process without Node.js: a switch has one such wait for each feature, for
 * months, and 13 MB each would be half a gigabyte (D30). This process becomes a shell whose only child is `tail --pid`,
 * and then the same command again, which asks the engine how it ended. Does not return where that is possible: with a
 * Node.js that can replace itself (22.15, 23.11), and with the container's processes in sight.
 */
export function becomeLightWait(
  containerId: string,
  pid: number | undefined,
  command: readonly string[],
): void {
  const replace = (process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => void })
    .execve;
  if (replace === undefined || pid === undefined || !/^[0-9a-f]{64}$/.test(containerId)) return;
  if (!isProcessOf(containerId, pid)) return;
  const script = 'tail --pid="$1" -s "$2" -f /dev/null; shift 2; exec "$@"';
  const env = { ...process.env, [WAITED_VARIABLE]: containerId };
  try {
    replace.call(process, '/bin/sh', ['sh', '-c', script, 'sh', String(pid), POLL_EVERY_S, ...command], env);
  } catch {
    // No such shell: this process waits itself.
  }
}

/** Seen from here: in a process namespace of its own the number would be somebody else's. */
function isProcessOf(containerId: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId);
  } catch {
    return false;
  }
}

/** Empty for none. Taken out of the environment: nothing that is started from here is to inherit it. */
export function takeWaitedContainer(env: NodeJS.ProcessEnv): string {
  const id = env[WAITED_VARIABLE] ?? '';
  delete env[WAITED_VARIABLE];
  return /^[0-9a-f]{64}$/.test(id) ? id : '';
}
