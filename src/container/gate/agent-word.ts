import { CtrkitError } from '../../contract/errors.ts';
import type { AgentPresence } from '../../ports/agent-presence.ts';

/** How often a gate of a container that stops looks whether the stop was called off (`supervisorctl reload`). */
export const STOPPING_PAUSE_MS = 1_000;

/** Whether an agent of this container runs. Where it can't be told, false: two who do an agent's work are better than none. */
export function hasAgent(presence: Pick<AgentPresence, 'read'>): boolean {
  try {
    return presence.read()?.isAlive === true;
  } catch (error) {
    if (error instanceof CtrkitError) return false;
    throw error;
  }
}

export interface StopEvidence {
  readonly agentPresence: Pick<AgentPresence, 'read'>;
  /** Whether supervisord stops all programs; false too where it does not answer in time. */
  readonly isSupervisorStopping: () => Promise<boolean>;
}

/**
 * Whether this container is being stopped, by its agent's word: what is claimed now nobody would renew, or release. The word
 * of an agent that has ended counts only while supervisord still stops: it may have been killed, and the container gone on.
 * Throws CtrkitError('defect') if the word can't be read.
 */
export async function isContainerStopping(ports: StopEvidence): Promise<boolean> {
  const presence = ports.agentPresence.read();
  if (presence?.isStopping !== true) return false;
  return presence.isAlive || ports.isSupervisorStopping();
}
