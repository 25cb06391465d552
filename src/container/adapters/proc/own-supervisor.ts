import type { Environment } from '../../../contract/environment.ts';

/**
 * Returns a function that makes supervisord stop all programs and end, by SIGTERM to the parent process, as SONiC's exit
 * listener does. That needs no socket. The function returns false if supervisord did not start this process, is gone, or
 * may not be signalled.
 */
export function createSupervisorStop(env: Environment): () => boolean {
  const parent = process.ppid;
  // supervisord sets it for every process that it starts.
  if (env['SUPERVISOR_ENABLED'] !== '1') return () => false;
  return () => {
    try {
      // The parent of an orphan is another process.
      return process.ppid === parent && process.kill(parent, 'SIGTERM');
    } catch {
      return false;
    }
  };
}

/** The path of the unix socket of the supervisord that started this process; undefined if it has none. */
export function findSupervisorSocket(env: Environment): string | undefined {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(env['SUPERVISOR_SERVER_URL'] ?? '') ?? [];
  return path;
}
