import type { Databases } from '../../../contract/databases.ts';
import type { RowAddress } from '../../../contract/rows.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';
import type { LedgerStore } from '../../../ports/ledger-store.ts';
import type { LockStore } from '../../../ports/lock-store.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { SwitchTables } from '../../../ports/switch-tables.ts';
import type { ViewFile } from '../../view/view-file.ts';

/** Both databases of the switch. Nothing is connected before the first call. */
export interface SwitchDatabases {
  readonly databases: Databases;
  readonly store: RowStore;
  readonly tables: SwitchTables;
  /** The names of all fields of one row. Throws CtrkitError('database'). */
  readonly listFields: (address: RowAddress) => Promise<string[]>;
  readonly close: () => void;
}

export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** Where the answer goes. */
export interface Terminal {
  /** Somebody looks at it: it may be drawn anew. */
  readonly isTerminal: boolean;
  /** Lines, and characters a line, that fit. */
  readonly height: () => number;
  readonly width: () => number;
  /** To stdout, as it is. */
  readonly write: (text: string) => void;
  /** A line on stderr, after the command's name. */
  readonly tell: (text: string) => void;
  /** As it is where colours are not wanted. */
  readonly paint: (colour: Colour, text: string) => string;
}

export interface CtrkitPorts {
  readonly clock: Clock;
  /** `redisUrl` is empty for the switch's own. Throws CtrkitError('usage' | 'database'). */
  readonly openDatabases: (redisUrl: string) => SwitchDatabases;
  /** Whoever gives it closes it. Throws CtrkitError('engine' | 'usage'). */
  readonly openEngine: () => Promise<ContainerEngine>;
  /** By feature, the repository of its local image as SONiC's own list has it; and what is wrong with the list. */
  readonly readLocalRepositories: () => {
    readonly repositories: ReadonlyMap<string, string>;
    readonly problems: readonly string[];
  };
  readonly locks: LockStore;
  readonly ledger: Pick<LedgerStore, 'read'>;
  readonly view: Pick<ViewFile, 'read' | 'watch'>;
  readonly terminal: Terminal;
  /** Whose locks these are, unless somebody else is named. */
  readonly user: string;
  /** Calls `onInterrupt` with the exit code of the signal instead of ending at once. Returns how to stop that. */
  readonly catchSignals: (onInterrupt: (exitCode: number) => void) => () => void;
}
