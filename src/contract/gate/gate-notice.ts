/**
 * `gate.json`, by which a gate that does not let the application go informs the agent of its container: a held container is
 * live, but not ready, and the agent reports the reason (contract.md, section 5).
 */
export interface GateNotice {
  readonly state: 'waiting' | 'held';
  /** One line for people. */
  readonly text: string;
  /** The gate's process id: the notice of a gate that is gone does not count. */
  readonly pid: number;
  /** With the pid it names the process; ticks since boot. */
  readonly startTicks: number;
  /** The start of the container to which the notice belongs: a container's files outlive its processes. */
  readonly containerStart: string;
}

export const encodeGateNotice = ({ state, text, pid, startTicks, containerStart }: GateNotice): string =>
  `${JSON.stringify({ state, text, pid, start_ticks: startTicks, container_start: containerStart })}\n`;

/** Returns undefined if the text is no notice. */
export function decodeGateNotice(text: string): GateNotice | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { state, text: why, pid, start_ticks, container_start } = json as Record<string, unknown>;
  if (state !== 'waiting' && state !== 'held') return undefined;
  if (typeof why !== 'string' || typeof container_start !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
  if (typeof start_ticks !== 'number' || !Number.isInteger(start_ticks) || start_ticks < 0) return undefined;
  return { state, text: why, pid, startTicks: start_ticks, containerStart: container_start };
}
