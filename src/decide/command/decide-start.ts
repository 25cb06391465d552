/**
 * What `container start` starts (contract.md, section 14; sonic.md, "Host start"; HLD, "Proposed behavior at high
 * level").
 */
import { isEnabled, type FeatureConfig, type FeatureStatus } from '../../contract/feature/feature.ts';

export interface StartInput {
  readonly config: FeatureConfig;
  readonly status: FeatureStatus;
  /** This switch has joined its Kubernetes master. */
  readonly isMasterConnected: boolean;
  /** The container on record is one that Kubernetes deployed, and it runs. */
  readonly isKubeRunning: boolean;
  /** The version that asked or ran for Kubernetes last is blocked on this switch: its container is held. */
  readonly isVersionBlocked?: boolean;
  /** The container that asks (`remote_state` pending) is not there any more. */
  readonly isAskerGone?: boolean;
}

/** `text` is the reason, for people. */
export type StartDecision =
  /** The switch's own container is started, and Kubernetes may not deploy. */
  | { readonly kind: 'local'; readonly text: string }
  /** Kubernetes may deploy; nothing is started here. */
  | { readonly kind: 'kube'; readonly text: string }
  /** Kubernetes may deploy; until it does, the switch's own container runs. */
  | {
      readonly kind: 'kube-and-local';
      /** What was asked is to be asked again. */
      readonly isAskedAnew?: boolean;
      readonly text: string;
    };

/** Whether the switch's own container is started, and whether Kubernetes may deploy. */
export function decideStart({
  config,
  status,
  isMasterConnected,
  isKubeRunning,
  isVersionBlocked = false,
  isAskerGone = false,
}: StartInput): StartDecision {
  if (config.setOwner !== 'kube') return { kind: 'local', text: 'set_owner is local' };
  if (config.noFallbackToLocal) return { kind: 'kube', text: 'no_fallback_to_local is true' };
  // The switch's own container would run the feature a second time.
  if (isKubeRunning) return { kind: 'kube', text: `container ${status.dockerId} runs it` };
  if (!isMasterConnected)
    return { kind: 'kube-and-local', text: 'the switch has not joined its Kubernetes master' };
  const { remoteState, containerVersion } = status;
  if (remoteState === '' || remoteState === 'none')
    return { kind: 'kube-and-local', text: 'Kubernetes has deployed nothing yet' };
  if (remoteState === 'pending' && isAskerGone)
    return { kind: 'kube-and-local', isAskedAnew: true, text: 'the container that asked to run it is gone' };
  return isVersionBlocked
    ? { kind: 'kube-and-local', text: `version ${containerVersion} is blocked on this switch` }
    : { kind: 'kube', text: `remote_state is ${remoteState}` };
}

/**
 * Whether it is worth to look if the container that asked is still there. Only a gate of the kit shows that, by its hold, and
 * only while the service is down; the gate of an ASIC's instance does so in another database (D28).
 */
export const canAskerBeGone = (input: StartInput, name: string): boolean => {
  const { config, status, isKubeRunning } = input;
  const isKubeNext = decideStart(input).kind === 'kube' && !isKubeRunning && !config.noFallbackToLocal;
  const isAsked = status.remoteState === 'pending' && status.pendingToken !== '';
  return isKubeNext && isAsked && status.systemState !== 'up' && !/\d$/.test(name);
};

/** `container kill` refuses a local feature that is not enabled, as the shipped command does. */
export function isKillRefused({ setOwner, state }: FeatureConfig, { currentOwner }: FeatureStatus): boolean {
  if (setOwner === 'kube' || currentOwner === 'kube') return false;
  return !isEnabled({ state });
}
