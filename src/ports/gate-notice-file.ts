import type { GateNotice } from '../contract/gate/gate-notice.ts';
import type { StartedProcess } from '../contract/gate/started-process.ts';

/** The file by which a closed gate informs the agent of the same container. */
export interface GateNoticeFile {
  /** Returns undefined unless the notice is of a gate that runs in this start of the container. */
  readonly read: () => GateNotice | undefined;
  /** The notice of a gate of this start of the container that lies there, whether or not that gate still runs. */
  readonly readLast: () => GateNotice | undefined;
  /** Whether the file holds what this process wrote last, and no other gate has written over it. Never throws. */
  readonly isOwn: () => boolean;
  /** Writes the notice, whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (notice: Omit<GateNotice, keyof StartedProcess>) => void;
  readonly remove: () => void;
}
