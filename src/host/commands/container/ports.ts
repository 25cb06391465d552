import type { Clock } from '../../../ports/clock.ts';
import type { ContainerDetails, ContainerEngine } from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';
import type { RowStore } from '../../../ports/row-store.ts';

export interface ContainerPorts {
  /** The host's databases. Throws CtrkitError('usage' or 'database'). Asked again after a failure. */
  readonly openStore: () => RowStore;
  /** The same one each time; most commands need none. Throws CtrkitError('engine'). */
  readonly openEngine: () => Promise<ContainerEngine>;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  /** How long Kubernetes may take until the switch's own container is to run instead, milliseconds. */
  readonly readRevertToLocalMs: () => number;
  /** Waits for the container's end without this process, and does not return; returns where that can't be. */
  readonly becomeLightWait: (container: ContainerDetails) => void;
  /** The container that was waited for so, once this process is there again; empty for none. */
  readonly waitedContainer: string;
  /** The answer, on stdout. */
  readonly print: (text: string) => void;
  /** What was refused or done, one line on stderr. */
  readonly report: (text: string) => void;
}
