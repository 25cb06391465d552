import type { Environment } from '../../../contract/environment.ts';

/**
 * How a listener has its supervisord stop all programs and end: SIGTERM to its parent, as SONiC's exit listener does.
 * It needs no socket. False for a process that supervisord did not start, whose supervisord is gone, or that may not.
 */
export function createSupervisorStop(env: Environment): () => boolean {
  const parent = process.ppid;
  // supervisord sets it for what it starts.
  if (env['SUPERVISOR_ENABLED'] !== '1') return () => false;
  return () => {
    try {
      // An orphan's parent is another process.
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
