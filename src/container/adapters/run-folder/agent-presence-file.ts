import { decodeAgentRecord, encodeAgentRecord } from '../../../contract/gate/agent-presence.ts';
import type { AgentPresence } from '../../../ports/agent-presence.ts';
import { isStillRunning, readProcessStat } from '../proc/process-stat.ts';
import { readIfExists, writeAtomically } from './files.ts';

const AGENT_FILE = 'agent.json';

/** The agent's file `agent.json` in `folder`. A record of another `containerStart` is of an earlier start of the container. */
export function createAgentPresence(folder: string, containerStart: string): AgentPresence {
  const path = `${folder}/${AGENT_FILE}`;
  return {
    read() {
      const record = decodeAgentRecord(readIfExists(path));
      if (record?.containerStart !== containerStart) return undefined;
      const { pid, startTicks, state } = record;
      return { isAlive: isStillRunning(pid, startTicks), isStopping: state === 'stopping' };
    },
    write(state) {
      const startTicks = readProcessStat('self')?.startTicks ?? 0;
      const text = encodeAgentRecord({ pid: process.pid, startTicks, containerStart, state });
      // Readable by everybody: the gate may run as another user than the agent.
      if (!isWritten(path, text)) writeAtomically(folder, AGENT_FILE, text, 0o644);
    },
  };
}

/** What can't be read, a pipe for instance, is written over. */
function isWritten(path: string, text: string): boolean {
  try {
    return readIfExists(path) === text;
  } catch {
    return false;
  }
}
