import type { UnitState } from '../contract/feature/unit-state.ts';

/** What starts and stops the features of this host: systemd, as SONiC ships it. */
export interface ServiceControl {
  /** Resolves when the restart has been carried out. Has a time limit of its own. Throws CtrkitError('service'). */
  readonly restart: (feature: string) => Promise<void>;
  /** Undefined while the unit changes its state, or where its state is not known. Throws CtrkitError('service'), within seconds. */
  readonly readState: (feature: string) => Promise<UnitState | undefined>;
}
