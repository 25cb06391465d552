/** What a daemon has tried since KUBERNETES_MASTER|SERVER last changed. */
import { describeServer, type MasterConfig } from '../../contract/cluster/master-config.ts';
import type { MembershipHistory } from './membership.ts';

/** A history, and the configuration that it is about. */
export interface ConfigHistory extends MembershipHistory {
  readonly fingerprint: string;
}

/**
 * Another configuration starts another history: what failed with the old one says nothing about the new one. `jitter`: in
 * [0, 1), the switch's own.
 */
export function recordConfig(
  history: ConfigHistory | undefined,
  config: MasterConfig,
  { jitter, nowMs }: { readonly jitter: number; readonly nowMs: number },
): ConfigHistory {
  const fingerprint = JSON.stringify([describeServer(config), config.isDisabled, config.isInsecure]);
  if (history?.fingerprint === fingerprint) return history;
  return { fingerprint, sinceMs: nowMs, failures: 0, lastFailureMs: 0, jitter };
}

export const recordFailure = (history: ConfigHistory, nowMs: number): ConfigHistory => ({
  ...history,
  failures: history.failures + 1,
  lastFailureMs: nowMs,
});

export const recordSuccess = (history: ConfigHistory): ConfigHistory => ({ ...history, failures: 0 });
