import type { Environment } from '../../contract/environment.ts';
import { parseDurationMs } from '../../text/duration.ts';
import { DEFAULT_FALLBACK_TIMING, type FallbackTiming } from '../../decide/feature/fallback-refusal.ts';

/** What the daemon reads from its environment; `ctrkitd --help` lists the variables. */
export interface DaemonSettings {
  /** Empty for the usual folder. */
  readonly stateDir: string;
  readonly runDir: string;
  /** Empty for the default command. */
  readonly restartCommand: string;
  /** SONiC's list of image names; empty for the path where SONiC has it. */
  readonly imageNamesFile: string;
  readonly timing: FallbackTiming;
  readonly cluster: ClusterSettings;
  /** Where metrics are served, as it is written; empty: nowhere. */
  readonly httpAddress: string;
  /** Settings that make no sense, a line each: their defaults are used. */
  readonly warnings: readonly string[];
}

export interface ClusterSettings {
  /** Paths; the first that exists is used. Empty where another program keeps KUBERNETES_MASTER and the node's labels. */
  readonly kubeconfigs: readonly string[];
  /** The kubeconfig is the kubelet's own, which joining writes. False where another program joins and leaves, as k3s does. */
  readonly isJoinedByUs: boolean;
  /** Empty for the path where SONiC has it. */
  readonly sonicVersionFile: string;
}

/** Where kubeadm writes the kubelet's own kubeconfig. */
const KUBELET_CONFIG = '/etc/kubernetes/kubelet.conf';
/** CTRKIT_KUBECONFIG of a switch where another program keeps KUBERNETES_MASTER and the node's labels. */
const NO_CLUSTER = 'none';

const LONGEST_DURATION_MS = 7 * 86_400_000;

export function readDaemonSettings(env: Environment): DaemonSettings {
  const warnings: string[] = [];
  const parseDuration = (name: string, defaultMs: number): number => {
    const text = env[name] ?? '';
    const ms = text === '' ? defaultMs : parseDurationMs(text);
    if (ms !== undefined && ms <= LONGEST_DURATION_MS) return ms;
    warnings.push(
      `${name} is ${JSON.stringify(text.slice(0, 40))}: write a number of seconds, or N[ms|s|m|h|d], up to 7d; using ${defaultMs / 1_000} s`,
    );
    return defaultMs;
  };
  return {
    stateDir: env['CTRKIT_STATE_DIR'] ?? '',
    runDir: env['CTRKIT_RUN_DIR'] || '/run/ctrkit',
    restartCommand: env['CTRKIT_RESTART_COMMAND'] ?? '',
    imageNamesFile: env['CTRKIT_IMAGE_NAMES'] ?? '',
    timing: {
      coolDownMs: parseDuration('CTRKIT_FALLBACK_COOL_DOWN', DEFAULT_FALLBACK_TIMING.coolDownMs),
      daemonGraceMs: parseDuration('CTRKIT_FALLBACK_GRACE', DEFAULT_FALLBACK_TIMING.daemonGraceMs),
    },
    cluster: readClusterSettings(env),
    httpAddress: env['CTRKIT_HTTP'] ?? '',
    warnings,
  };
}

export function readClusterSettings(env: Environment): ClusterSettings {
  const path = env['CTRKIT_KUBECONFIG'] ?? '';
  // Never SONiC's admin configuration: a daemon that labels one node does not need an administrator's rights.
  const usual = env['CTRKIT_KUBELET_CONF'] || KUBELET_CONFIG;
  return {
    kubeconfigs: path === NO_CLUSTER ? [] : [path || usual],
    isJoinedByUs: path === '' || path === usual,
    sonicVersionFile: env['CTRKIT_SONIC_VERSION_FILE'] ?? '',
  };
}
