/**
 * `gate.json`, by which a gate that does not let the application go tells the agent of its container so: a held
 * container is live, and not ready for a reason (contract.md, section 5).
 */
export interface GateNotice {
  readonly state: 'waiting' | 'held';
  /** One line for people. */
  readonly text: string;
  /** The gate's process id: a notice of a gate that is gone says nothing. */
  readonly pid: number;
  /** Which start of this container it belongs to: a container's files outlive its processes. */
  readonly containerStart: string;
}

export const encodeGateNotice = ({ state, text, pid, containerStart }: GateNotice): string =>
  `${JSON.stringify({ state, text, pid, container_start: containerStart })}\n`;

/** Undefined if the text is no notice. */
export function decodeGateNotice(text: string): GateNotice | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { state, text: why, pid, container_start: containerStart } = json as Record<string, unknown>;
  if (state !== 'waiting' && state !== 'held') return undefined;
  if (typeof why !== 'string' || typeof containerStart !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
  return { state, text: why, pid, containerStart };
}
