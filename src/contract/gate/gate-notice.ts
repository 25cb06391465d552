/**
 * `gate.json`, by which a gate that does not let the application go informs the agent of its container: a held container is
 * live, but not ready, and the agent reports the reason (contract.md, section 5). It names the gate's process: the notice of a
 * gate that is gone does not count.
 */
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';
import {
  decodeStartedProcess,
  encodeStartedProcess,
  parseFields,
  type StartedProcess,
} from './started-process.ts';

export interface GateNotice extends StartedProcess {
  readonly state: 'waiting' | 'held';
  /** One line for people. */
  readonly text: string;
  /** Held: boot clock, until when the container is served (contract.md, section 5); undefined where it is not. */
  readonly servedUntilMs?: number | undefined;
}

export const encodeGateNotice = ({ state, text, servedUntilMs, ...process }: GateNotice): string =>
  `${JSON.stringify({ state, text: toOneLine(text, MAX_REASON_LENGTH), served_until_ms: servedUntilMs, ...encodeStartedProcess(process) })}\n`;

/** Returns undefined if the text is no notice. */
export function decodeGateNotice(json: string): GateNotice | undefined {
  const fields = parseFields(json);
  const { state, text, served_until_ms: servedUntilMs } = fields;
  const process = decodeStartedProcess(fields);
  if (process === undefined || (state !== 'waiting' && state !== 'held') || typeof text !== 'string')
    return undefined;
  const isServed = Number.isSafeInteger(servedUntilMs);
  return { state, text, ...(isServed && { servedUntilMs: Number(servedUntilMs) }), ...process };
}
