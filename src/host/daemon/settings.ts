import type { Environment } from '../../contract/environment.ts';
import { parseDurationMs } from '../../text/duration.ts';
import { DEFAULT_FALLBACK_TIMING, type FallbackTiming } from '../../decide/feature/fallback-refusal.ts';

/** The environment as the daemon reads it; `ctrkitd --help` lists it. */
export interface DaemonSettings {
  readonly stateDir: string;
  readonly runDir: string;
  /** Empty for the default. */
  readonly restartCommand: string;
  /** SONiC's list of image names, empty for the one it ships. */
  readonly imageNamesFile: string;
  readonly timing: FallbackTiming;
  readonly cluster: ClusterSettings;
  /** Settings that are not what they should be, a line each; their defaults are used. */
  readonly warnings: readonly string[];
}

export interface ClusterSettings {
  /** The kubelet's; none: the cluster is somebody else's. */
  readonly kubeconfigs: readonly string[];
  /** Whether it is the one by which joining is told: else another program joins and leaves, as k3s does. */
  readonly isJoinedByUs: boolean;
  /** Empty for the one SONiC ships. */
  readonly sonicVersionFile: string;
}

/** The kubelet's own as kubeadm writes it. */
const KUBELET_CONFIG = '/etc/kubernetes/kubelet.conf';
/** In place of a path: a switch whose labels and KUBERNETES_MASTER another program keeps. */
const NO_CLUSTER = 'none';

const LONGEST_MS = 7 * 86_400_000;

export function readDaemonSettings(env: Environment): DaemonSettings {
  const warnings: string[] = [];
  const duration = (name: string, defaultMs: number): number => {
    const text = env[name] ?? '';
    const ms = text === '' ? defaultMs : parseDurationMs(text);
    if (ms !== undefined && ms <= LONGEST_MS) return ms;
    warnings.push(
      `${name} is ${JSON.stringify(text.slice(0, 40))}: write a number of seconds, or N[ms|s|m|h|d], up to 7d; using ${defaultMs / 1_000} s`,
    );
    return defaultMs;
  };
  return {
    stateDir: env['CTRKIT_STATE_DIR'] || '/var/lib/ctrkit',
    runDir: env['CTRKIT_RUN_DIR'] || '/run/ctrkit',
    restartCommand: env['CTRKIT_RESTART_COMMAND'] ?? '',
    imageNamesFile: env['CTRKIT_IMAGE_NAMES'] ?? '',
    timing: {
      coolDownMs: duration('CTRKIT_FALLBACK_COOL_DOWN', DEFAULT_FALLBACK_TIMING.coolDownMs),
      daemonGraceMs: duration('CTRKIT_FALLBACK_GRACE', DEFAULT_FALLBACK_TIMING.daemonGraceMs),
    },
    cluster: readClusterSettings(env),
    warnings,
  };
}

export function readClusterSettings(env: Environment): ClusterSettings {
  const path = env['CTRKIT_KUBECONFIG'] ?? '';
  // Never SONiC's admin configuration: a daemon that labels one node has no use for all the power there is.
  const usual = env['CTRKIT_KUBELET_CONF'] || KUBELET_CONFIG;
  return {
    kubeconfigs: path === NO_CLUSTER ? [] : [path || usual],
    isJoinedByUs: path === '' || path === usual,
    sonicVersionFile: env['CTRKIT_SONIC_VERSION_FILE'] ?? '',
  };
}
