/**
 * Processes of this machine. What a test starts, and whatever that starts, bears a mark in its environment, so that all of
 * them are found by id and ended when the test ends, however it ends.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';

/** Its value is the test's folder. */
export const MARK = 'CTRKIT_TEST_ROOT';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Undefined for a process that is gone, or dead and not yet fetched by its parent. */
function readProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = 'X', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), command };
  } catch {
    return undefined;
  }
}

const listProcesses = (): ProcessEntry[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);

export const isAlive = (pid: number): boolean => readProcess(pid) !== undefined;
export const childrenOf = (pid: number): ProcessEntry[] =>
  listProcesses().filter(({ parent }) => parent === pid);

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    return false;
  }
}

/** What runs of all that was started under `folder`, a test's own; supervisord and Redis are not among them. */
export const runningUnder = (folder: string): ProcessEntry[] =>
  listProcesses().filter(({ pid }) => hasMark(pid, `${MARK}=${folder}`));

const roots = new Set<string>();

/** A folder that goes with the test file at the latest, together with everything that was started under it. */
export const keepRoot = (root: string): Set<string> => roots.add(root);

/** Ends everything that was started under `root`, and removes it. */
export function endAll(root: string): void {
  // Once more, for what was being started while the first were ended.
  for (let found = runningUnder(root); found.length > 0; found = runningUnder(root)) {
    for (const { pid } of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was quicker.
      }
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  roots.delete(root);
}

/** What has to go with the test file, however that ends. Must not wait for anything. */
export const atExit = new Set<() => void>([() => roots.forEach(endAll)]);
const cleanUp = (): void => atExit.forEach((end) => end());

process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    cleanUp();
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
