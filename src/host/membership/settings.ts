/**
 * How a switch joins and leaves, as the environment and SONiC's file of timers say (contract.md, sections 11 and 13).
 */
import type { Environment } from '../../contract/environment.ts';
import { splitWords } from '../../text/command-words.ts';
import { findSubdomainFault } from '../../contract/cluster/kubernetes-names.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { DEFAULT_MEMBERSHIP_TIMING, type MembershipTiming } from '../../decide/cluster/membership.ts';
import type { AdminConfigPlaces, ClusterToolSettings } from '../../ports/cluster-tools.ts';
import { chooseNodeName } from '../node-name.ts';

const DEFAULT_URL = 'https://{ip}:{port}/admin.conf';
const DEFAULT_JOIN = 'kubeadm join --discovery-file {config} --node-name {node}';
const DEFAULT_RESET = 'kubeadm reset --force';

const ADMIN_CONFIG = 'kube_admin.conf';
const OLD_FOLDER = '/etc/sonic';

export interface MembershipSettings extends Omit<ClusterToolSettings, keyof AdminConfigPlaces> {
  /** Empty for the usual place. */
  readonly namedAdminConfigPath: string;
}

/** `root` stands for / in tests. */
export function placeAdminConfig(
  { namedAdminConfigPath, ...settings }: MembershipSettings,
  stateDir: string,
  root = '',
): ClusterToolSettings {
  if (namedAdminConfigPath !== '')
    return { ...settings, adminConfigPath: namedAdminConfigPath, oldAdminConfigPath: undefined };
  return {
    ...settings,
    adminConfigPath: `${stateDir}/${ADMIN_CONFIG}`,
    oldAdminConfigPath: `${root}${OLD_FOLDER}/${ADMIN_CONFIG}`,
  };
}

/** Throws CtrkitError('usage') for a setting that could only fail, or that would do something else than is meant. */
export function readMembershipSettings(env: Environment, hostName: () => string): MembershipSettings {
  const readText = (name: string, fallback: string): string => (env[name] ?? '').trim() || fallback;
  const adminConfigUrl = readText('CTRKIT_ADMIN_CONF_URL', DEFAULT_URL);
  const sample = adminConfigUrl.replaceAll('{ip}', '192.0.2.1').replaceAll('{port}', '6443');
  if (!adminConfigUrl.startsWith('https://') || !URL.canParse(sample))
    throw createSettingError(
      'CTRKIT_ADMIN_CONF_URL',
      'is no https URL: write https://{ip}:{port}/admin.conf, for instance',
    );
  const joinCommand = parseWords('CTRKIT_JOIN_COMMAND', readText('CTRKIT_JOIN_COMMAND', DEFAULT_JOIN));
  if (!joinCommand.slice(1).some((word) => word.includes('{config}')))
    throw createSettingError(
      'CTRKIT_JOIN_COMMAND',
      'does not say where the configuration’s path goes: write {config}',
    );
  const configuredName = readText('CTRKIT_NODE_NAME', '');
  const fault = configuredName === '' ? undefined : findSubdomainFault(configuredName);
  if (fault !== undefined) throw createSettingError('CTRKIT_NODE_NAME', `is no name for a node: it ${fault}`);
  const name = chooseNodeName(env, hostName);
  const unit = readText('CTRKIT_KUBELET_UNIT', 'kubelet');
  if (!/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/.test(unit))
    throw createSettingError('CTRKIT_KUBELET_UNIT', 'is no name of a unit: write kubelet, or none');
  return {
    namedAdminConfigPath: readText('CTRKIT_KUBE_ADMIN_CONF', ''),
    kubeletConfigPath: readText('CTRKIT_KUBELET_CONF', '/etc/kubernetes/kubelet.conf'),
    adminConfigUrl,
    caPath: readText('CTRKIT_ADMIN_CONF_CA', ''),
    joinCommand,
    resetCommand: parseWords('CTRKIT_RESET_COMMAND', readText('CTRKIT_RESET_COMMAND', DEFAULT_RESET)),
    kubeletUnit: unit === 'none' ? '' : unit,
    nodeName: name.read,
    findNameFault: name.findJoinFault,
  };
}

function parseWords(name: string, text: string): string[] {
  const words = splitWords(text);
  if (words.length === 0) throw createSettingError(name, 'is empty');
  return words;
}

const createSettingError = (name: string, fault: string): CtrkitError =>
  new CtrkitError('usage', `${name} ${fault}`);

const MAX_S = 86_400;

/** `values` of SONiC's remote_ctr.config.json. A value that makes no sense gives a warning, and the default counts. */
export function readMembershipTiming(values: Readonly<Record<string, unknown>>): {
  readonly timing: MembershipTiming;
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const readMs = (name: string, fallbackMs: number): number => {
    const found = values[name];
    if (found === undefined) return fallbackMs;
    const seconds = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
    if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_S) return seconds * 1_000;
    const text = JSON.stringify(found).slice(0, 40);
    warnings.push(`${name} is ${text}: write seconds, up to ${MAX_S}; using ${fallbackMs / 1_000}`);
    return fallbackMs;
  };
  const { joinLatencyOnBootMs, retryJoinMs } = DEFAULT_MEMBERSHIP_TIMING;
  return {
    timing: {
      joinLatencyOnBootMs: readMs('join_latency_on_boot_seconds', joinLatencyOnBootMs),
      // Never without a pause: an API server that refuses must not be asked in a hot loop.
      retryJoinMs: Math.max(1_000, readMs('retry_join_interval_seconds', retryJoinMs)),
    },
    warnings,
  };
}
