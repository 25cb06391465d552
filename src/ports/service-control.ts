import type { UnitState } from '../contract/feature/unit-state.ts';

/** What starts and stops features on this host, systemd as SONiC ships it. */
export interface ServiceControl {
  /** Ends when the restart has been asked for, or with CtrkitError('service'), within a time limit of its own. */
  readonly restart: (feature: string) => Promise<void>;
  /** Undefined where it is between two states, or can't be told. Ends, or with CtrkitError('service'), soon. */
  readonly readState: (feature: string) => Promise<UnitState | undefined>;
}
