import type { ProcessNode } from '../contract/health/process-node.ts';

/** The processes of this container below its supervisord. */
export interface ProcessTree {
  /** Returns them as they are now; undefined if they can't be read, or supervisord is not this process's parent. Never throws. */
  readonly read: () => readonly ProcessNode[] | undefined;
  /** Lets a stopped process go on. Never throws. */
  readonly letGoOn: (pid: number) => void;
}
