import type { FeatureLedger } from '../../contract/images/ledger.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { ImageArchives, NodeArchives, NodeFiles } from '../../ports/node-archive.ts';
import type { KubeletUnit } from '../../ports/reboot.ts';

/** What exports and imports a node. */
export interface RebuildSide {
  readonly files: NodeFiles;
  readonly archives: NodeArchives;
  readonly images: ImageArchives;
  readonly kubelet: KubeletUnit;
  /** The name of the node as of now; empty while the host has none of its own. */
  readonly nodeName: () => string;
  /**
   * Keeps ctrkitd from starting, which would write its own ledger over the imported one. Returns how to release that; undefined if
   * ctrkitd runs.
   */
  readonly holdDaemon: () => Promise<(() => void) | undefined>;
}

export interface RebuildPorts extends RebuildSide {
  readonly engine: () => Promise<Pick<ContainerEngine, 'listImages' | 'tagImage'>>;
  /** Names of CONFIG_DB FEATURE. Throws CtrkitError('database' | 'usage'). */
  readonly listFeatures: () => Promise<readonly string[]>;
  /** Every feature's part of the ledger. Throws CtrkitError('disk'). */
  readonly listLedgers: () => readonly FeatureLedger[];
  readonly clock: Clock;
  /** One line for people. */
  readonly report: (text: string) => void;
  readonly signal: AbortSignal;
}
