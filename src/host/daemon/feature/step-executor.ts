import type { ImagePolicy } from '../../../contract/images/image-policy.ts';
import type { CleanUpPlan } from '../../../decide/images/clean-up.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
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
  readonly clock: Clock;
  readonly log: Log;
  /** Throws CtrkitError('database') while there is none. */
  store(): RowStore;
}

export interface StepContext {
  readonly feature: string;
  readonly policy: ImagePolicy;
  /** Made afresh from what the engine has at this moment. */
  planCleanUp(): Promise<CleanUpPlan>;
}

/** Carries steps out. Throws what its ports throw: the step is then still to be done. */
export interface StepExecutor {
  /** One line on what was done, empty if there was nothing left to do. */
  run(step: HostStep, context: StepContext): Promise<string>;
}
