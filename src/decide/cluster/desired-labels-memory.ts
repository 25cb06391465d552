/**
 * Whether a label that is wished no more was taken back or only forgotten. STATE_DB is empty after a cold boot, and after
 * a Redis that came back; the node has what was written before. To take `<f>_enabled` away then would have Kubernetes
 * delete pods of features that systemd is about to start, and to take `<f>_<version>_enabled` = false away would deploy
 * a version that failed here, until the ledger's block is written again.
 */
import type { Labels } from '../../contract/cluster/node-labels.ts';

/** A switch has started all of its features by then, those that SONiC starts late too. */
const FORGOTTEN_FOR_MS = 600_000;
/** A person or a program takes back a label, or the few of one feature; what takes back more at once is a flush. */
const MOST_AT_ONCE = 3;

export interface DesiredLabelsMemory {
  /** As they were at the last look. */
  readonly keys: ReadonlySet<string>;
  /** Taken back, as far as could be seen: they vanished while the others stayed. */
  readonly takenBack: ReadonlySet<string>;
  /** Boot clock: since when nothing has been forgotten, or seen for the first time. */
  readonly sinceMs: number;
}

/** Of a daemon that has just started, or lost its databases: what is not wished may have been forgotten. */
export const startDesiredLabelsMemory = (nowMs: number): DesiredLabelsMemory => ({
  keys: new Set(),
  takenBack: new Set(),
  sinceMs: nowMs,
});

export function recordDesiredLabels(
  memory: DesiredLabelsMemory,
  labels: Labels,
  nowMs: number,
): DesiredLabelsMemory {
  const keys = new Set(Object.keys(labels));
  const vanished = [...memory.keys].filter((key) => !keys.has(key));
  if (vanished.length > 0 && (keys.size === 0 || vanished.length > MOST_AT_ONCE))
    return { keys, takenBack: new Set(), sinceMs: nowMs };
  const takenBack = [...memory.takenBack, ...vanished].filter((key) => !keys.has(key));
  return { keys, takenBack: new Set(takenBack), sinceMs: memory.sinceMs };
}

/** It is wished no more, and not because it was forgotten. */
export const isTakenBack = (memory: DesiredLabelsMemory, key: string, nowMs: number): boolean =>
  !memory.keys.has(key) && (memory.takenBack.has(key) || nowMs >= memory.sinceMs + FORGOTTEN_FOR_MS);

/** Boot clock: when time alone may have changed the answer; undefined for never. */
export const desiredLabelsSettleAtMs = (memory: DesiredLabelsMemory, nowMs: number): number | undefined =>
  nowMs < memory.sinceMs + FORGOTTEN_FOR_MS ? memory.sinceMs + FORGOTTEN_FOR_MS : undefined;
