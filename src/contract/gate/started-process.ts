/** What the files of the run folder have in common: JSON of one object, which names the process that wrote it. */

export interface StartedProcess {
  readonly pid: number;
  /** With the pid it names the process; ticks since boot. */
  readonly startTicks: number;
  /** The start of the container to which the file belongs: a container's files outlive its processes. */
  readonly containerStart: string;
}

/** The fields of a JSON object; none for any other text. */
export function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const encodeStartedProcess = ({ pid, startTicks, containerStart }: StartedProcess) => ({
  pid,
  start_ticks: startTicks,
  container_start: containerStart,
});

/** Returns undefined if the fields name no process. */
export function decodeStartedProcess({
  pid,
  start_ticks: startTicks,
  container_start: containerStart,
}: Readonly<Record<string, unknown>>): StartedProcess | undefined {
  if (!isCount(pid) || pid === 0 || !isCount(startTicks) || typeof containerStart !== 'string')
    return undefined;
  return { pid, startTicks, containerStart };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
