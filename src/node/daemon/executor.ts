import { planReleases } from '../../contract/claim.ts';
import { enabledLabel } from '../../contract/feature.ts';
import { featureStatusRow, labelsRow, type RowWrite } from '../../contract/rows.ts';
import { isDownByItself } from '../../contract/unit-state.ts';
import type { CleanUpPlan } from '../../decide/clean-up.ts';
import { certify, liftFallback, rememberRepository, strikeOut } from '../../decide/golden.ts';
import type { HostStep } from '../../decide/host-step.ts';
import type { ImagePolicy } from '../../contract/image-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { ServiceControl } from '../../ports/service-control.ts';
import { FallbackActs, planBlock } from './fallback-acts.ts';
import { ImageActs } from './image-acts.ts';
import type { LedgerKeeper } from './ledger-keeper.ts';

export interface ExecutorPorts {
  readonly engine: ContainerEngine;
  readonly keeper: LedgerKeeper;
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
export interface Executor {
  /** One line on what was done, empty if there was nothing left to do. */
  run(step: HostStep, context: StepContext): Promise<string>;
}

export class HostExecutor implements Executor {
  readonly #ports: ExecutorPorts;
  readonly #images: ImageActs;
  readonly #fallbacks: FallbackActs;

  constructor(ports: ExecutorPorts) {
    this.#ports = ports;
    this.#images = new ImageActs(ports);
    this.#fallbacks = new FallbackActs(ports);
  }

  // oxlint-disable-next-line require-await -- most steps wait, those of the ledger do not
  async run(step: HostStep, context: StepContext): Promise<string> {
    const { keeper } = this.#ports;
    const { feature } = context;
    switch (step.kind) {
      case 'adopt-shipped':
        return this.#images.adopt(feature, step);
      case 'certify':
        keeper.update(feature, (ledger) => certify(ledger, step.image, context.policy));
        return step.text;
      case 'remember-repository':
        keeper.update(feature, (ledger) => rememberRepository(ledger, step.repository));
        return '';
      case 'mirror':
        return this.mirror(feature, step);
      case 'tag-as-local':
        return this.#images.tagAsLocal(feature, step);
      case 'remove-local-container':
        return this.#images.removeLocalContainer(step);
      case 'clean-up':
        return this.#images.cleanUp(context);
      case 'strike-out':
        keeper.update(feature, (ledger) => strikeOut(ledger, step.duty));
        return step.text;
      case 'release':
        return this.release(step);
      case 'lift':
        keeper.update(feature, (ledger) => liftFallback(ledger, step.imageId));
        return `the block of version ${step.version} has been lifted`;
      case 'block':
        await this.#ports.store().write([], [planBlock(feature, step.version)]);
        return `version ${step.version} is blocked again: STATE_DB had forgotten`;
      case 'fall-back':
        return this.#fallbacks.fallBack(feature, step);
      case 'finish-fallback':
        return this.#fallbacks.finishFallback(feature, step);
      case 'label':
        await this.#ports.store().write([], [planLabel(feature, step.value)]);
        return `Kubernetes may ${step.value === 'true' ? '' : 'not '}deploy it: set_owner has changed`;
      case 'restart':
        return this.restart(feature, step);
    }
  }

  private async restart(
    feature: string,
    { edge, text }: Extract<HostStep, { kind: 'restart' }>,
  ): Promise<string> {
    const { service } = this.#ports;
    // No row tells of an operator who stops a service that is down already.
    if (edge === 'start-kube' && !isDownByItself(await service.state(feature))) return '';
    await service.restart(feature);
    return `service restarted: ${text}`;
  }

  private async mirror(
    feature: string,
    { stableVersion, lastVersion }: Extract<HostStep, { kind: 'mirror' }>,
  ): Promise<string> {
    const values = { container_stable_version: stableVersion, container_last_version: lastVersion };
    await this.#ports.store().write([], [{ kind: 'set', address: featureStatusRow(feature), values }]);
    return '';
  }

  private async release({ record, claim, text }: Extract<HostStep, { kind: 'release' }>): Promise<string> {
    for (const { guard, write } of planReleases(record, claim, this.#ports.clock.wallMs()))
      if (await this.#ports.store().write([guard], [write])) return text;
    return '';
  }
}

const planLabel = (feature: string, value: string): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [enabledLabel(feature)]: value },
});
