import { createAgentEntry } from '../adapters/run-folder/agent-entry-files.ts';
import { enterAsAgent } from '../agent/enter-as-agent.ts';
import type { buildContainerPorts } from './container-ports.ts';

/** Makes this process the agent of the container; false, and told, where another one is. */
export async function isOnlyAgent(ports: ReturnType<typeof buildContainerPorts>): Promise<boolean> {
  const { settings, containerStart, log } = ports;
  const agentEntry = createAgentEntry(settings.runDir, containerStart);
  if (await enterAsAgent({ ...ports, agentEntry })) return true;
  log.error('another agent of this container runs (agent.json names it): this one ends, and starts nothing');
  return false;
}
