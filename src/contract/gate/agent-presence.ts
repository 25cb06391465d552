/**
 * `agent.json`, by which an agent tells the gate of its container that it is there, and that the container stops
 * (contract.md, section 10). Nobody removes it: it says which process to look for.
 */
import {
  decodeStartedProcess,
  encodeStartedProcess,
  parseFields,
  type StartedProcess,
} from './started-process.ts';

export type AgentState = 'running' | 'stopping';

export interface AgentRecord extends StartedProcess {
  readonly state: AgentState;
}

export const encodeAgentRecord = ({ state, ...process }: AgentRecord): string =>
  `${JSON.stringify({ ...encodeStartedProcess(process), state })}\n`;

/** Returns undefined if the text is no such record. */
export function decodeAgentRecord(text: string): AgentRecord | undefined {
  const fields = parseFields(text);
  const { state } = fields;
  const process = decodeStartedProcess(fields);
  if (process === undefined || (state !== 'running' && state !== 'stopping')) return undefined;
  return { ...process, state };
}
