/**
 * The metrics of ctrkitd that are about one feature (docs/metrics.md). Names and labels are a contract: dashboards and alerts
 * use them. No label has values without a bound, but for the version of an `_info`, which has one series at a time.
 */
import type { Metric } from '../../text/exposition.ts';
import type { CertificationVerdict, FailureCause, FallbackVerdict } from '../feature/daemon-view.ts';
import type { Owner } from '../feature/feature.ts';
import type { HealthStatus } from '../health/health-report.ts';

const gaugeOf = (name: string, help: string, ...labels: string[]): Metric => ({
  name: `ctrkit_feature_${name}`,
  type: 'gauge',
  help,
  labels: ['feature', ...labels],
});
const counterOf = (name: string, help: string, ...labels: string[]): Metric => ({
  ...gaugeOf(name, help, ...labels),
  type: 'counter',
});

/** A set of states: for each of them a series, 1 for the one that is so. A record, so that the compiler finds one that is missing. */
const listStates = <State extends string>(states: Readonly<Record<State, true>>): readonly State[] =>
  Object.keys(states) as State[];

export type OwnerState = Owner | 'none';
export const OWNER_STATES = listStates<OwnerState>({ local: true, kube: true, none: true });
export const REMOTE_STATES = ['none', 'pending', 'ready', 'running', 'stopped'] as const;
/** `silent`: the heartbeat is overdue. `unknown`: there is none of the container that runs the feature. */
export type HealthState = HealthStatus | 'silent' | 'unknown';
export const HEALTH_STATES = listStates<HealthState>({
  starting: true,
  healthy: true,
  degraded: true,
  unhealthy: true,
  stopping: true,
  silent: true,
  unknown: true,
});
export const CERTIFICATION_STATES = listStates<CertificationVerdict['kind']>({
  off: true,
  golden: true,
  'own-rung': true,
  'not-counting': true,
  counting: true,
  certified: true,
});
export const FALLBACK_STATES = listStates<FallbackVerdict['kind']>({
  off: true,
  well: true,
  unknown: true,
  failing: true,
  refused: true,
  'fall-back': true,
});
export const FAILURE_CAUSES = listStates<FailureCause>({
  unhealthy: true,
  'crash-looping': true,
  silent: true,
  'not-deployed': true,
});

export const FEATURE_METRIC = {
  enabled: gaugeOf('enabled', '1 unless CONFIG_DB has the feature disabled.'),
  wantedOwner: gaugeOf('wanted_owner', 'Who is to run it, set_owner: 1 for the one who is.', 'owner'),
  owner: gaugeOf('owner', 'Who runs it, current_owner: 1 for the one who does.', 'owner'),
  remoteState: gaugeOf('remote_state', 'How far Kubernetes is, remote_state: 1 for what it says.', 'state'),
  health: gaugeOf('health', 'Health of the container that runs it: 1 for the status it has.', 'status'),
  running: gaugeOf('running_info', 'Version of the container that runs it, always 1.', 'version'),
  golden: gaugeOf(
    'golden_info',
    'Version of the highest rung that stands and where it is from, always 1.',
    'version',
    'source',
  ),
  rungPresent: gaugeOf('rung_present', 'Rungs of the ladder: 1 if the engine has the image.', 'rung'),
  rungStanding: gaugeOf(
    'rung_standing',
    'Rungs of the ladder: 1 if the image is there and has not failed.',
    'rung',
  ),
  certification: gaugeOf('certification', 'Verdict on the image that runs: 1 for the one it is.', 'state'),
  earned: gaugeOf('certification_earned_seconds', 'Healthy time that counts towards golden.'),
  needed: gaugeOf('certification_needed_seconds', 'Healthy time that makes an image golden; 0: none ever.'),
  fallback: gaugeOf('fallback', 'Verdict on falling back: 1 for the one it is.', 'state'),
  failing: gaugeOf('failing', '1 for the cause of what fails, or is refused a fallback.', 'cause'),
  failingTime: gaugeOf('failing_seconds', 'Failing time that counts towards a fallback.'),
  failingLimit: gaugeOf('failing_limit_seconds', 'Failing time at which it falls back; 0: never.'),
  fallbacks: counterOf('fallbacks_total', 'Fallbacks since the start of ctrkitd.'),
  openFallbacks: gaugeOf(
    'open_fallbacks',
    'Images that were fallen back from and that nobody has unblocked.',
  ),
  restarts: counterOf(
    'service_restarts_total',
    'Restarts of its service since the start of ctrkitd.',
    'edge',
  ),
  locked: gaugeOf('locked', "1 while an operator's lock is in force."),
  blockedVersions: gaugeOf('blocked_versions', 'Versions that may not run here.'),
  holds: gaugeOf('holds', 'Containers that are held by their gate.'),
  problems: gaugeOf('problems', 'What is wrong with its policy and its images, as ctrkit status lists it.'),
  labelPending: gaugeOf('label_pending', "1 while the node's label does not say yet what set_owner says."),
} as const satisfies Readonly<Record<string, Metric>>;
