import type { Databases } from '../../contract/databases.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { RowStore } from '../../ports/row-store.ts';

export interface StatePorts {
  readonly databases: Databases;
  readonly store: RowStore;
  readonly claimFile: ClaimFile;
  readonly clock: Clock;
  readonly lastEnd: LastEnd;
  /** This container's own id and a fresh token. */
  readonly self: { readonly dockerId: string; readonly token: string; readonly containerStart: string };
  /** Prints the answer on stdout. */
  readonly print: (text: string) => void;
  /** Prints on stderr what was done or refused. */
  readonly printNotice: (text: string) => void;
}
