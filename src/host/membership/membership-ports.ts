import type { AdminConfigSource } from '../../ports/admin-config-source.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClusterTools } from '../../ports/cluster-tools.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { MembershipFiles } from '../../ports/membership-files.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { ServiceControl } from '../../ports/service-control.ts';

/** What joining and leaving take beside the databases: the same for `ctrkit kube` and for the daemon. */
export interface MembershipSide {
  readonly tools: ClusterTools;
  readonly files: MembershipFiles;
  readonly adminConfigs: AdminConfigSource;
  readonly service: ServiceControl;
  /**
   * Only one process at a time joins or leaves on this host. Returns how to release the lock; undefined if another process has
   * it, or if a tool that one has started still runs.
   */
  readonly acquireLock: () => Promise<(() => void) | undefined>;
}

/** What a join or a leave works with. */
export interface MembershipPorts extends Omit<MembershipSide, 'acquireLock'> {
  readonly store: Pick<RowStore, 'read' | 'write'>;
  readonly listFeatures: () => Promise<string[]>;
  readonly locks: Pick<LockStore, 'list'>;
  readonly clock: Clock;
  /** Reports progress, one line. */
  readonly report: (text: string) => void;
  /** Reports a failure that does not stop the rest, one line. */
  readonly warn: (text: string) => void;
  /** Ends what is under way, and nothing more is begun. */
  readonly signal: AbortSignal;
}
