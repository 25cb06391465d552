import type { AgentState } from '../contract/gate/agent-presence.ts';

/** The file by which the agent tells the gate of the same container that it is there, and that the container stops. */
export interface AgentPresence {
  /**
   * Returns undefined if no agent has run in this start of the container. `isStopping` is what the agent
   * has said last: that the container is being stopped. One that was killed since may have been wrong. Throws CtrkitError('defect') if unreadable.
   */
  readonly read: () => { readonly isAlive: boolean; readonly isStopping: boolean } | undefined;
  /**
   * Writes that this process is the agent, whole or not at all; nothing if the file says so already. Throws
   * CtrkitError('defect') with what is wrong with the folder or the disk.
   */
  readonly write: (state: AgentState) => void;
}
