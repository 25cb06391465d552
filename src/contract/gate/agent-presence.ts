/**
 * `agent.json`, by which an agent tells the gate of its container that it is there, and that the container stops
 * (contract.md, section 10). Nobody removes it: it says which process to look for.
 */
export type AgentState = 'running' | 'stopping';

export interface AgentRecord {
  readonly pid: number;
  /** With the pid it names the process; ticks since boot. */
  readonly startTicks: number;
  /** The start of the container to which the record belongs: a container's files outlive its processes. */
  readonly containerStart: string;
  readonly state: AgentState;
}

export const encodeAgentRecord = ({ pid, startTicks, containerStart, state }: AgentRecord): string =>
  `${JSON.stringify({ pid, start_ticks: startTicks, container_start: containerStart, state })}\n`;

/** Returns undefined if the text is no such record. */
export function decodeAgentRecord(text: string): AgentRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { pid, start_ticks, container_start, state } = json as Record<string, unknown>;
  if (!isCount(pid) || pid === 0 || !isCount(start_ticks)) return undefined;
  if (typeof container_start !== 'string' || (state !== 'running' && state !== 'stopping')) return undefined;
  return { pid, startTicks: start_ticks, containerStart: container_start, state };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
