/**
 * How often the Node is read, and how often a watch of it is opened. A watch that the API server ends, refuses or lets run silent
 * must not become a hot loop, and must not make thousands of switches come at one instant. All times are boot clock.
 */
import { decideBackoffMs, type BackoffTiming } from '../../contract/backoff.ts';

/** The API server ends a watch after this; then the Node is read anew. */
const WATCH_S = 240;
/** Added by chance, up to this, so that the watches of many switches don't end at one instant. */
const WATCH_JITTER_S = 120;
/** An API server sends a bookmark each minute. A server that sends none is asked less and less often. */
const SILENCE: BackoffTiming = { firstMs: 75_000, longestMs: WATCH_S * 1_000 };
/** Thousands of switches notice at one instant that their API server has ended. */
const REOPEN_WITHIN_MS = 2_000;
/** A watch that lasted longer was not refused. */
const SHORT_WATCH_MS = 5_000;
/** A Node that is not there is registered by kubelet, which takes its own time. */
const NODE_BACKOFF: BackoffTiming = { firstMs: 800, longestMs: 60_000 };
/** An API server that restarts refuses one or two watches. */
const REPORT_AFTER_REFUSALS = 3;

export interface WatchPace {
  /** When the last watch was opened. */
  readonly openedMs: number;
  /** The last change or bookmark of the watch. */
  readonly lastSignMs: number;
  /** How often in a row a read showed that a silent watch had missed nothing. */
  readonly silentChecks: number;
  /** How often in a row a watch was short, or there was no Node to watch. */
  readonly failures: number;
  /** How often in a row the API server answered and refused a watch. */
  readonly refusals: number;
  /** No read and no watch sooner, while there is no watch. */
  readonly nextOpenMs: number;
}

export const startWatchPace = (): WatchPace => ({
  openedMs: 0,
  lastSignMs: 0,
  silentChecks: 0,
  failures: 0,
  refusals: 0,
  nextOpenMs: 0,
});

/** Seconds; `random` in [0, 1). */
export const decideWatchTimeoutS = (random: number): number => Math.round(WATCH_S + WATCH_JITTER_S * random);

export const recordOpening = (pace: WatchPace, nowMs: number): WatchPace => ({
  ...pace,
  openedMs: nowMs,
  lastSignMs: nowMs,
});

export const recordOpened = (pace: WatchPace): WatchPace => ({ ...pace, refusals: 0 });

export function recordRefusal(pace: WatchPace, nowMs: number, random: number): WatchPace {
  const refusals = pace.refusals + 1;
  return { ...pace, refusals, nextOpenMs: nowMs + decideBackoffMs(NODE_BACKOFF, refusals, random) };
}

export const recordSign = (pace: WatchPace, nowMs: number): WatchPace => ({
  ...pace,
  silentChecks: 0,
  lastSignMs: nowMs,
});

/** A read showed that the silent watch has missed nothing. */
export const recordSilentCheck = (pace: WatchPace, nowMs: number): WatchPace => ({
  ...pace,
  silentChecks: pace.silentChecks + 1,
  lastSignMs: nowMs,
});

export function recordEnd(pace: WatchPace, nowMs: number, random: number): WatchPace {
  const failures = nowMs - pace.openedMs < SHORT_WATCH_MS ? pace.failures + 1 : 0;
  const pauseMs =
    failures === 0 ? REOPEN_WITHIN_MS * random : decideBackoffMs(NODE_BACKOFF, failures, random);
  return { ...pace, failures, nextOpenMs: nowMs + pauseMs };
}

/** There is no Node to watch. */
export function recordMissing(pace: WatchPace, nowMs: number, random: number): WatchPace {
  const failures = pace.failures + 1;
  return {
    ...pace,
    refusals: 0,
    failures,
    nextOpenMs: nowMs + decideBackoffMs(NODE_BACKOFF, failures, random),
  };
}

/** When the Node is to be read: a watch is silent for too long, or there is none and the next one is due. */
export const findNextReadMs = (pace: WatchPace, isWatching: boolean): number =>
  isWatching ? pace.lastSignMs + decideBackoffMs(SILENCE, pace.silentChecks + 1) : pace.nextOpenMs;

/** The API server refuses watches for longer than a restart takes: people are told. */
export const isWatchRefused = ({ refusals }: WatchPace): boolean => refusals >= REPORT_AFTER_REFUSALS;
