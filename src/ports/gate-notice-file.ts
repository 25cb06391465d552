import type { GateNotice } from '../contract/gate/gate-notice.ts';

/** The notice of a gate that is closed, for the agent of the same container. */
export interface GateNoticeFile {
  /** Undefined if there is none, or none of a gate that still runs in this start of the container. */
  readonly read: () => GateNotice | undefined;
  /** Whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (notice: Pick<GateNotice, 'state' | 'text'>) => void;
  readonly remove: () => void;
}
