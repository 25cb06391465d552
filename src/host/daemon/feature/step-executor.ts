import type { CleanUpPlan } from '../../../decide/images/clean-up.ts';
import type { LocalStartStep } from '../../../decide/images/local-start.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
import type { BlockStore } from '../../../ports/block-store.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';
import type { Log } from '../../../ports/log.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';
import type { LedgerCache } from './ledger-cache.ts';

/** One kind of step. */
export type StepOf<Kind extends HostStep['kind']> = Extract<HostStep, { kind: Kind }>;

export interface StepExecutorPorts {
  readonly engine: ContainerEngine;
  readonly ledger: LedgerCache;
  readonly service: ServiceControl;
  readonly blocks: Pick<BlockStore, 'remove'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The store that is open now. Throws CtrkitError('database') while there is none. */
  readonly openStore: () => RowStore;
}

export interface StepContext {
  readonly feature: string;
  /** Lists the engine's containers and images anew for each plan. */
  readonly planCleanUp: () => Promise<CleanUpPlan>;
  /** What makes the image the one that the next start in local mode runs; lists anew too. */
  readonly planLocalStart: (imageId: string) => Promise<LocalStartStep[]>;
}

/** Runs steps. Throws what its ports throw: then the step is still to be done. */
export interface StepExecutor {
  /** Returns one line on what was done, empty if nothing had to be. */
  readonly run: (step: HostStep, context: StepContext) => Promise<string>;
}
