import type { Databases } from '../../../../contract/databases.ts';
import type { RowAddress } from '../../../../contract/rows.ts';
import type { BlockStore } from '../../../../ports/block-store.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { ContainerEngine } from '../../../../ports/container-engine.ts';
import type { LedgerStore } from '../../../../ports/ledger-store.ts';
import type { LockStore } from '../../../../ports/lock-store.ts';
import type { RowStore } from '../../../../ports/row-store.ts';
import type { SwitchTables } from '../../../../ports/switch-tables.ts';
import type { Terminal } from '../../../../ports/terminal.ts';
import type { ViewFile } from '../../../../ports/view-file.ts';
import type { MembershipSide } from '../../../membership/membership-ports.ts';
import type { RebuildSide } from '../../../rebuild/rebuild-ports.ts';
import type { RebootSide } from '../../../reboot/reboot-ports.ts';

/** Both databases of the switch. Nothing is connected before the first call. */
export interface SwitchDatabases {
  readonly locations: Databases;
  readonly store: RowStore;
  readonly tables: SwitchTables;
  /** The names of all fields of one row. Throws CtrkitError('database'). */
  readonly listFields: (address: RowAddress) => Promise<string[]>;
  readonly close: () => void;
}

/** What the subcommands of `ctrkit` need of the outside. */
export interface CtrkitPorts {
  readonly clock: Clock;
  /** `redisUrl` is empty for the switch's own. Throws CtrkitError('usage' | 'database'). */
  readonly openDatabases: (redisUrl: string) => SwitchDatabases;
  /** The same engine each time; the command does not close it. Throws CtrkitError('engine' | 'usage'). */
  readonly openEngine: () => Promise<ContainerEngine>;
  /** SONiC's list of local repositories, by feature, and what is wrong with the list, one line each. */
  readonly readLocalRepositories: () => {
    readonly repositories: ReadonlyMap<string, string>;
    readonly problems: readonly string[];
  };
  readonly locks: LockStore;
  readonly blocks: BlockStore;
  readonly ledger: Pick<LedgerStore, 'read'>;
  readonly view: Pick<ViewFile, 'read' | 'watch'>;
  /**
   * A file that somebody named, or stdin for `-`. Throws CtrkitError('usage') where it can't be read, or has more than
   * `maxBytes`.
   */
  readonly readInput: (path: string, maxBytes: number) => Promise<string>;
  /** What is under way ends when `signal` aborts. Throws CtrkitError('usage') for a setting that makes no sense. */
  readonly openMembership: (signal: AbortSignal, purpose: 'read' | 'act') => Promise<MembershipSide>;
  /** Throws CtrkitError('usage') for a setting that makes no sense. */
  readonly openReboot: () => Promise<RebootSide>;
  /**
   * `root` stands for /, empty for / itself; `isWriter`: the state folder is to be written. Throws CtrkitError('usage') for a
   * setting that makes no sense.
   */
  readonly openRebuild: (root: string, isWriter: boolean) => Promise<RebuildSide>;
  readonly terminal: Terminal;
  /** The owner of a new lock, unless the command line names another. */
  readonly user: string;
  /** Calls `onInterrupt` with the exit code of the signal instead of ending at once. Returns how to stop that. */
  readonly catchSignals: (onInterrupt: (exitCode: number) => void) => () => void;
}
