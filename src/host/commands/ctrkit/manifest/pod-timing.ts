/** When kubelet asks, how long it waits, and what a rollout waits for: all from the kit's own intervals (docs/checks.md). */
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from '../../../../contract/health/heartbeat.ts';
import type { ProbeName } from '../../../../contract/health/probe.ts';
import { parseTime, refuseRequest } from './manifest-arguments.ts';

/**
 * Of every probe. The answer takes a millisecond; the rest is the runtime's, which on a busy switch needs seconds to
 * start a process in a container. Since 1.20 kubelet counts its impatience as a failure, and what it gave up on
 * stays in the container: 1 s, its default, makes both things worse.
 */
const PROBE_TIMEOUT_S = 5;

/** The agent's own `startupGraceSeconds`, where the image's checks.toml has no other. */
const DEFAULT_STARTUP_GRACE_MS = 300_000;
/** The agent's grace begins when the gate lets go. Before that come the engine, supervisord and Node.js. */
const BEFORE_GATE_MS = 60_000;
/** Seconds. A start is over within a few: asking often makes it Ready early. Each asking costs an exec. */
const STARTUP_PERIOD_S = 2;

/** The default of the kit, as `CTRKIT_RELEASE_AFTER` (contract.md, section 7). */
const DEFAULT_RELEASE_AFTER_MS = 6_000;
/** supervisord tells of a stop up to 2 s late (D11), and the agent is gone within 1 s of its release. */
const AROUND_RELEASE_MS = 3_000;
/** kubelet's own default: time for programs that take long to stop. */
const DEFAULT_GRACE_S = 30;
const DAY_MS = 86_400_000;

/** What of the container's environment changes the timing. */
export interface KitTiming {
  readonly heartbeatIntervalMs: number;
  readonly releaseAfterMs: number;
}

export const DEFAULT_KIT_TIMING: KitTiming = {
  heartbeatIntervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
  releaseAfterMs: DEFAULT_RELEASE_AFTER_MS,
};

/** The three probe fields of a container. `startupGrace` as on the command line. */
export function planProbes(startupGrace: string | undefined) {
  const range = { leastMs: 1_000, mostMs: DAY_MS, example: '10m' };
  const graceMs =
    startupGrace === undefined ? DEFAULT_STARTUP_GRACE_MS : parseTime('--startup-grace', startupGrace, range);
  return {
    // 0 while the container is held or waits for the host, so that kubelet does not kill it for that. Otherwise
    // it outlasts the agent's own patience: the agent knows what is missing, and its word is to count.
    startupProbe: planProbe('startup', {
      periodSeconds: STARTUP_PERIOD_S,
      failureThreshold: Math.ceil((graceMs + BEFORE_GATE_MS) / (STARTUP_PERIOD_S * 1_000)),
    }),
    // The check behind a no has been patient already, by thresholds of its own. Twice, because the first no may
    // be the runtime's: a pod that is not Ready for an instant begins its minReadySeconds anew.
    readinessProbe: planProbe('readiness', { periodSeconds: 5, failureThreshold: 2 }),
    // The answers go stale 20 to 30 s after the agent's end, and supervisord starts it again within that time. Three
    // times 10 s more before kubelet restarts everything for it; a critical process that ended has by then ended
    // the container, where auto_restart says so.
    livenessProbe: planProbe('liveness', { periodSeconds: 10, failureThreshold: 3 }),
  };
}

const planProbe = (
  name: ProbeName,
  timing: { readonly periodSeconds: number; readonly failureThreshold: number },
) => ({
  exec: { command: ['/usr/bin/health_probe', name] },
  timeoutSeconds: PROBE_TIMEOUT_S,
  ...timing,
});

/** Seconds from SIGTERM to SIGKILL, as `--grace` has it or the default, and a note where that had to be longer. */
export function planGrace(
  grace: string | undefined,
  { releaseAfterMs }: KitTiming,
): { readonly seconds: number; readonly notes: readonly string[] } {
  const neededS = Math.ceil((releaseAfterMs + AROUND_RELEASE_MS) / 1_000);
  const why = `the record is released ${releaseAfterMs / 1_000} s after a stop began, which supervisord tells up to 2 s late`;
  if (grace === undefined) {
    const seconds = Math.max(DEFAULT_GRACE_S, neededS);
    const notes = seconds > DEFAULT_GRACE_S ? [`terminationGracePeriodSeconds is ${seconds}: ${why}`] : [];
    return { seconds, notes };
  }
  const seconds = Math.ceil(
    parseTime('--grace', grace, { leastMs: 0, mostMs: DAY_MS, example: '30s' }) / 1_000,
  );
  if (seconds >= neededS) return { seconds, notes: [] };
  return refuseRequest(`--grace is ${seconds} s: write ${neededS}s or more: ${why}`);
}

/**
 * Seconds that a pod has to be Ready before the rollout goes on to the next: until then its image is golden on that
 * switch, or it has failed. kubelet calls a pod Ready after it has become healthy, so the count starts no
 * earlier than that of ctrkitd, which judges at heartbeats: up to one interval later. Kubernetes cuts the
 * beginning to whole seconds: one more.
 */
export function planMinReadySeconds(timeToGolden: string, { heartbeatIntervalMs }: KitTiming): number {
  const option = '--time-to-golden';
  // Far below the API's limit of 68 years: a rollout of two switches would outlive both.
  const range = { leastMs: 0, mostMs: 365 * DAY_MS, example: '10m' };
  const ms = parseTime(option, timeToGolden, range);
  if (ms === 0)
    return refuseRequest(
      `${option} is 0, by which nothing ever becomes golden: write what active_time_to_mark_good has, or leave it away`,
    );
  return Math.ceil((ms + heartbeatIntervalMs) / 1_000) + 1;
}

/** `maxUnavailable` of a rollout: a number of switches, or a share of them. */
export function planBatch(batch: string | undefined): number | string {
  const text = batch ?? '1';
  const match = /^([1-9]\d{0,8})(%?)$/.exec(text);
  const count = Number(match?.[1] ?? 0);
  if (match !== null && match[2] === '') return count;
  if (match !== null && count <= 100) return text;
  const why = /^0+%?$/.test(text) ? ': no switch would ever be updated' : '';
  return refuseRequest(
    `--batch is "${text.slice(0, 40)}"${why}: write a number of switches from 1, or 1% to 100%`,
  );
}
