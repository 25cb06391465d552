/**
 * Was a label that is desired no more withdrawn, or was it lost? STATE_DB is empty after a cold boot, and after a Redis server
 * that came back empty, while the Node still has the labels of before. Removing `<f>_enabled` then would make Kubernetes delete
 * pods of features that systemd is about to start. Removing `<f>_<version>_enabled` = false would deploy a version that failed
 * here, until the block is written again. So if all labels vanish at once, or more than three, that counts as data loss, and
 * no label is removed for ten minutes.
 */
import type { Labels } from '../../contract/cluster/node-labels.ts';

/** After this time a switch has started all of its features, those that SONiC starts late too. */
const LOSS_GRACE_MS = 600_000;
/** A person or a program withdraws one label, or the few of one feature. */
const MAX_WITHDRAWN_AT_ONCE = 3;

export interface DesiredLabelsMemory {
  /** The keys that were desired when they were last read. */
  readonly keys: ReadonlySet<string>;
  /** Keys that vanished while others stayed. */
  readonly withdrawn: ReadonlySet<string>;
  /** Boot clock: the last data loss, or when the labels were first read. */
  readonly sinceMs: number;
}

/** The memory of a daemon that has just started or lost its databases: every absent label may have been lost. */
export const startDesiredLabelsMemory = (nowMs: number): DesiredLabelsMemory => ({
  keys: new Set(),
  withdrawn: new Set(),
  sinceMs: nowMs,
});

export function recordDesiredLabels(
  memory: DesiredLabelsMemory,
  labels: Labels,
  nowMs: number,
): DesiredLabelsMemory {
  const keys = new Set(Object.keys(labels));
  const vanished = [...memory.keys].filter((key) => !keys.has(key));
  if (vanished.length > 0 && (keys.size === 0 || vanished.length > MAX_WITHDRAWN_AT_ONCE))
    return { keys, withdrawn: new Set(), sinceMs: nowMs };
  const withdrawn = [...memory.withdrawn, ...vanished].filter((key) => !keys.has(key));
  return { keys, withdrawn: new Set(withdrawn), sinceMs: memory.sinceMs };
}

/** The label is desired no more, and its absence is no data loss. */
export const isWithdrawn = (memory: DesiredLabelsMemory, key: string, nowMs: number): boolean =>
  !memory.keys.has(key) && (memory.withdrawn.has(key) || nowMs >= memory.sinceMs + LOSS_GRACE_MS);

/** Boot clock: when time alone changes what `isWithdrawn` says; undefined for never. */
export const findSettleAtMs = (memory: DesiredLabelsMemory, nowMs: number): number | undefined =>
  nowMs < memory.sinceMs + LOSS_GRACE_MS ? memory.sinceMs + LOSS_GRACE_MS : undefined;
