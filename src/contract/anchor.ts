/**
 * The anchor of a container is the oldest process of its mount namespace, which lives as long as the container. It
 * identifies one start of the container, also where process 1 is the host's (contract.md, section 10).
 */
export interface Anchor {
  readonly pid: number;
  /** When it started: field 22 of proc(5) stat, ticks since boot. */
  readonly startTicks: number;
}

/** Encodes `container_start`, by which files in CTRKIT_RUN_DIR say which start of which container they belong to. */
export const encodeContainerStart = (bootId: string, { pid, startTicks }: Anchor): string =>
  `${bootId}/${pid}/${startTicks}`;
