/** Probes, grace period and rollout timing of a pod, derived from ctrkit's own intervals (docs/checks.md). */
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from '../../../../contract/health/heartbeat.ts';
import type { ProbeName } from '../../../../contract/health/health-line.ts';
import { parseTime, refuseRequest } from './manifest-arguments.ts';

/**
 * The timeout of every probe. The answer takes a millisecond, but on a busy switch the runtime needs seconds to start a
 * process in a container. kubelet counts a timeout as a failure (since 1.20), and the process that it gave up on stays in
 * the container: with the default of 1 s both would happen often.
 */
const PROBE_TIMEOUT_S = 5;

/** The agent's default for `startupGraceSeconds` of checks.toml. */
const DEFAULT_STARTUP_GRACE_MS = 300_000;
/** Before the agent's grace begins, engine, supervisord and gate have to start. */
const BEFORE_GATE_MS = 60_000;
/** A start takes seconds: a short period makes the pod Ready early. Each probe costs an exec. */
const STARTUP_PERIOD_S = 2;

/** Range and default of `CTRKIT_RELEASE_AFTER` (contract.md, section 7). */
const LONGEST_RELEASE_AFTER_MS = 600_000;
const DEFAULT_RELEASE_AFTER_MS = 6_000;
/** supervisord reports a stop up to 2 s late (D11), and the agent ends within 1 s of its release. */
const AROUND_RELEASE_MS = 3_000;
/** kubelet's own default: time for programs that take long to stop. */
const DEFAULT_GRACE_S = 30;
const DAY_MS = 86_400_000;

/** Settings of the container's environment that the timing depends on. */
export interface KitTiming {
  readonly heartbeatIntervalMs: number;
  /** Undefined: nobody has set it, so it follows from the grace period. */
  readonly releaseAfterMs: number | undefined;
}

export const DEFAULT_KIT_TIMING: KitTiming = {
  heartbeatIntervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
  releaseAfterMs: undefined,
};

/** The three probes of a container. `startupGrace` is the command line's word. Throws CtrkitError('usage'). */
export function planProbes(startupGrace: string | undefined) {
  const range = { leastMs: 1_000, mostMs: DAY_MS, example: '10m' };
  const graceMs =
    startupGrace === undefined ? DEFAULT_STARTUP_GRACE_MS : parseTime('--startup-grace', startupGrace, range);
  return {
    // health_probe answers 0 while the container is held or waits for the host, so that kubelet does not kill it for
    // that. Otherwise the probe lasts longer than the agent's grace: the agent knows what is missing, and decides.
    startupProbe: planProbe('startup', {
      periodSeconds: STARTUP_PERIOD_S,
      failureThreshold: Math.ceil((graceMs + BEFORE_GATE_MS) / (STARTUP_PERIOD_S * 1_000)),
    }),
    // Checks have thresholds of their own. Two failures, because one may be the runtime's, and a pod that is not Ready
    // for an instant begins its minReadySeconds anew.
    readinessProbe: planProbe('readiness', { periodSeconds: 5, failureThreshold: 2 }),
    // Answers go stale 20 to 30 s after the agent's end, and supervisord restarts the agent within that time. kubelet
    // restarts the container another 30 s later. By then the end of a critical process has ended the container itself,
    // where auto_restart wants that.
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

export interface GracePlan {
  /** Seconds from SIGTERM to SIGKILL. */
  readonly seconds: number;
  /** By which the agent releases the record in time, where nobody has set that. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly notes: readonly string[];
}

/**
 * The grace period, `--grace` or a default, and a release that agrees with it: as late as the kill allows, because until then
 * the application may still run. Throws CtrkitError('usage').
 */
export function planGrace(grace: string | undefined, { releaseAfterMs }: KitTiming): GracePlan {
  const neededS = Math.ceil(((releaseAfterMs ?? DEFAULT_RELEASE_AFTER_MS) + AROUND_RELEASE_MS) / 1_000);
  const releaseS = (releaseAfterMs ?? DEFAULT_RELEASE_AFTER_MS) / 1_000;
  const why = `the record is released ${releaseS} s after a stop began, which supervisord tells up to 2 s late`;
  const seconds = grace === undefined ? Math.max(DEFAULT_GRACE_S, neededS) : parseGrace(grace);
  if (seconds < neededS) return refuseRequest(`--grace is ${seconds} s: write ${neededS}s or more: ${why}`);
  const isLonger = grace === undefined && seconds > DEFAULT_GRACE_S;
  const notes = isLonger ? [`terminationGracePeriodSeconds is ${seconds}: ${why}`] : [];
  const latestS = Math.min(seconds * 1_000 - AROUND_RELEASE_MS, LONGEST_RELEASE_AFTER_MS) / 1_000;
  const isSet = releaseAfterMs !== undefined;
  return { seconds, variables: isSet ? [] : [['CTRKIT_RELEASE_AFTER', `${latestS}s`]], notes };
}

const parseGrace = (grace: string): number =>
  Math.ceil(parseTime('--grace', grace, { leastMs: 0, mostMs: DAY_MS, example: '30s' }) / 1_000);

/**
 * Seconds that a pod has to be Ready before the rollout goes on to the next switch: by then its image is golden there, or it
 * has failed. A pod becomes Ready after it has become healthy, so Kubernetes starts to count no earlier than ctrkitd.
 * ctrkitd decides at a heartbeat, up to one interval later, and Kubernetes cuts the start to a whole second: one more.
 */
export function planMinReadySeconds(timeToGolden: string, { heartbeatIntervalMs }: KitTiming): number {
  const option = '--time-to-golden';
  // A year. The API's limit is 68.
  const range = { leastMs: 0, mostMs: 365 * DAY_MS, example: '10m' };
  const ms = parseTime(option, timeToGolden, range);
  if (ms === 0)
    return refuseRequest(
      `${option} is 0, by which nothing ever becomes golden: write what active_time_to_mark_good has, or leave it away`,
    );
  return Math.ceil((ms + heartbeatIntervalMs) / 1_000) + 1;
}

/** `maxUnavailable` of a rollout: a number of switches, or a percentage. Throws CtrkitError('usage'). */
export function parseBatch(batch: string | undefined): number | string {
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
