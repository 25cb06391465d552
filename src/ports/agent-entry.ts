import type { StartedProcess } from '../contract/gate/started-process.ts';

/** The processes of this start of the container that are about to become its agent. */
export interface AgentEntry {
  readonly self: Pick<StartedProcess, 'pid' | 'startTicks'>;
  /** Shows this process to `listOthers` of the others. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly announce: () => void;
  readonly withdraw: () => void;
  /** The others that have announced themselves and run; empty where that can't be read. */
  readonly listOthers: () => readonly Pick<StartedProcess, 'pid' | 'startTicks'>[];
}
