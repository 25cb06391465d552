import type { Clock } from '../../ports/clock.ts';
import type { KubeletUnit, RebootHooks, RebootMarkStore } from '../../ports/reboot.ts';

/** What a reboot is prepared and finished by, for `ctrkit reboot` and for the daemon. */
export interface RebootSide {
  readonly marks: RebootMarkStore;
  readonly hooks: RebootHooks;
  readonly kubelet: KubeletUnit;
  /** kubelet has a cluster's configuration. */
  readonly hasJoined: () => boolean;
}

export interface RebootPorts extends RebootSide {
  readonly clock: Clock;
  /** One line for people. */
  readonly report: (text: string) => void;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}
