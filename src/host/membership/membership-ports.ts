import type { Clock } from '../../ports/clock.ts';
import type { ClusterTools } from '../../ports/cluster-tools.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { ServiceControl } from '../../ports/service-control.ts';

/** What a join or a leave is given: a command's and the daemon's are the same acts. */
export interface MembershipPorts {
  readonly store: Pick<RowStore, 'read' | 'write'>;
  readonly listFeatures: () => Promise<string[]>;
  readonly tools: ClusterTools;
  readonly service: ServiceControl;
  readonly locks: Pick<LockStore, 'list'>;
  readonly clock: Clock;
  /** Something is being done, or was. */
  readonly say: (text: string) => void;
  /** Something went wrong, and the rest goes on. */
  readonly warn: (text: string) => void;
  /** What is under way is ended, and nothing more is begun. */
  readonly signal: AbortSignal;
}
