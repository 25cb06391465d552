import { findSupervisorSocket } from '../proc/own-supervisor.ts';
import { createSupervisorClient } from './rpc-client.ts';

/** Of the second within which the agent ends after SIGTERM; most of it is for the release. */
const TIMEOUT_MS = 300;

/**
 * Whether the supervisord of this container stops all programs. False also if it can't be told in time: then only the agent
 * is taken to be stopped.
 */
export async function isSupervisorStopping(): Promise<boolean> {
  const socketPath = findSupervisorSocket(process.env);
  // A connection of its own: a check may wait for an answer on the other.
  const supervisor = createSupervisorClient({
    ...(socketPath === undefined ? {} : { socketPath }),
    timeoutMs: TIMEOUT_MS,
  });
  return supervisor.isStopping().catch(() => false);
}
