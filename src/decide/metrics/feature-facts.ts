/** What the metrics need of one reconcile of one feature. */
import { decodeEnabledValue } from '../../contract/cluster/feature-labels.ts';
import type { FeatureConfig, FeatureStatus } from '../../contract/feature/feature.ts';
import type { ObservedBeat } from '../../contract/health/observed-beat.ts';
import type { FeatureLedger } from '../../contract/images/ledger.ts';
import type { DecidedView } from '../feature/decide-feature.ts';
import type { FeatureInput } from '../feature/feature-input.ts';
import type { FeatureMemory } from '../feature/feature-memory.ts';

export interface FeatureFacts {
  readonly feature: string;
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  readonly beat: ObservedBeat;
  readonly ledger: FeatureLedger;
  /** Those that an operator has blocked. */
  readonly blockedVersions: ReadonlySet<string>;
  readonly view: DecidedView;
  /** Milliseconds; 0: never. */
  readonly neededMs: number;
  readonly failingLimitMs: number;
  readonly notDeployedLimitMs: number;
  readonly blockedVersionCount: number;
  readonly isLocked: boolean;
  readonly isLabelPending: boolean;
}

/** Field by field: the engine's lists of an old reconcile are not kept alive. */
export function gatherFeatureFacts(
  { feature, reading, ledger, blockedVersions, lockText }: FeatureInput,
  view: DecidedView,
  { isLabelDue }: FeatureMemory,
): FeatureFacts {
  const { config, status, beat, policy, blocks } = reading;
  const blocked = ledger.fallbacks.filter(({ version }) => decodeEnabledValue(blocks[version]) !== true);
  return {
    feature,
    config,
    status,
    beat,
    ledger,
    blockedVersions,
    view,
    neededMs: policy.isDisabled ? 0 : policy.activeTimeToMarkGoodMs,
    failingLimitMs: policy.failTimeToFallbackMs,
    notDeployedLimitMs: policy.kubeFailureDetectionMs,
    blockedVersionCount: new Set([...blocked.map(({ version }) => version), ...blockedVersions]).size,
    isLocked: lockText !== undefined,
    isLabelPending: isLabelDue,
  };
}
