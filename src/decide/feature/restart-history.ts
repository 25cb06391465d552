/** When a service that was restarted for an owner may be restarted again. */
import { decideBackoffMs, type BackoffTiming } from '../../contract/backoff.ts';
import type { SwitchEdge } from './switch-over.ts';

export interface RestartEntry {
  readonly edge: SwitchEdge;
  /** Boot clock. */
  readonly atMs: number;
}

/** The restarts of a feature by this daemon, the newest last. */
export type RestartHistory = readonly RestartEntry[];

const BACKOFF: BackoffTiming = { firstMs: 30_000, longestMs: 600_000 };
/** Twice the longest back-off: after so long without a restart the history counts no more. */
const FORGET_AFTER_MS = 1_200_000;
/** Enough for the longest back-off. */
const LONGEST_HISTORY = 16;
/** So many restarts for other edges are an operator's changes of mind; more are a loop. */
const FREE_EDGES = 2;

/**
 * When the service may be restarted for this edge, boot clock: `nowMs`, or later where an earlier restart for it has not
 * helped, 30 s after the last one, then 60 s, up to 10 min. The history goes by edges, not by the decisions' keys: a key
 * changes with every start of a container, so a loop would never meet the same one.
 */
export function decideRestartAtMs(history: RestartHistory, edge: SwitchEdge, nowMs: number): number {
  const recent = selectRecent(history, nowMs);
  const sameEdge = recent.filter((entry) => entry.edge === edge).length;
  const failures = Math.max(sameEdge, recent.length - FREE_EDGES);
  const last = recent.at(-1);
  if (last === undefined || failures <= 0) return nowMs;
  return Math.max(last.atMs + decideBackoffMs(BACKOFF, failures), nowMs);
}

export const recordRestart = (history: RestartHistory, entry: RestartEntry): RestartHistory =>
  [...selectRecent(history, entry.atMs), entry].slice(-LONGEST_HISTORY);

/** The whole series or nothing: forgotten entry by entry, a series that goes on would shrink while it does. */
const selectRecent = (history: RestartHistory, nowMs: number): RestartHistory =>
  nowMs - (history.at(-1)?.atMs ?? -Infinity) < FORGET_AFTER_MS ? history : [];
