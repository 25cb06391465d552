import type { Clock } from '../../../ports/clock.ts';
import type { ContainerDetails, ContainerEngine } from '../../../ports/container-engine.ts';
import type { KnownBlocks } from '../../../ports/known-blocks.ts';
import type { KnownLadder } from '../../../ports/known-ladder.ts';
import type { Log } from '../../../ports/log.ts';
import type { RowStore } from '../../../ports/row-store.ts';

/** What the actions of `container` need of the outside. */
export interface ContainerPorts {
  /** The host's databases, connected by the first call. Opened again after a failure. Throws CtrkitError('usage' | 'database'). */
  readonly openStore: () => RowStore;
  /** The same engine each time. Throws CtrkitError('engine'). */
  readonly openEngine: () => Promise<ContainerEngine>;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The versions that this host's disk blocks. Throws nothing. */
  readonly readKnownBlocks: (feature: string) => Promise<KnownBlocks>;
  /** The ladder that this host's disk has of the feature; undefined where it has none. Throws CtrkitError('disk'). */
  readonly readKnownLadder: (feature: string) => Promise<KnownLadder | undefined>;
  /** systemd has started this command, for a service that it starts again. */
  readonly isOfService: () => boolean;
  /** How long `wait` gives Kubernetes before the switch's own container is to run instead, milliseconds. */
  readonly readRevertToLocalMs: () => number;
  /** Replaces this process by a lighter one that waits for the container's end; returns where that is not possible. */
  readonly becomeLightWait: (container: ContainerDetails) => void;
  /** The id of the container whose end a lighter process has waited for before this one; empty for none. */
  readonly waitedContainer: string;
  /** A daemon for the host's features is installed, whichever and running or not. */
  readonly hasDaemon: () => boolean;
  /** ctrkitd runs, and keeps `container_stable_version`. */
  readonly isMirroring: () => Promise<boolean>;
  /** Prints the answer to stdout. */
  readonly print: (text: string) => void;
  /** Prints one line to stderr: what was done or refused. */
  readonly report: (text: string) => void;
}
