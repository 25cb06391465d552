import { planReleases } from '../../../contract/gate/claim.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import { isDownByItself } from '../../../contract/feature/unit-state.ts';
import {
  recordCertification,
  liftFallback,
  recordRepository,
  markDutyDone,
} from '../../../decide/images/ledger-changes.ts';
import { planOwnersLabel } from '../../../decide/command/host-writes.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
import { FallbackExecutor, planBlock } from './fallback-executor.ts';
import { ImageExecutor } from './image-executor.ts';
import type { StepExecutor, StepExecutorPorts, StepContext, StepOf } from './step-executor.ts';

export class HostExecutor implements StepExecutor {
  readonly #ports: StepExecutorPorts;
  readonly #images: ImageExecutor;
  readonly #fallbacks: FallbackExecutor;

  constructor(ports: StepExecutorPorts) {
    this.#ports = ports;
    this.#images = new ImageExecutor(ports);
    this.#fallbacks = new FallbackExecutor(ports);
  }

  // oxlint-disable-next-line require-await -- most steps wait, those of the ledger do not
  async run(step: HostStep, context: StepContext): Promise<string> {
    const { ledger: keeper } = this.#ports;
    const { feature } = context;
    switch (step.kind) {
      case 'adopt-shipped':
        return this.#images.adopt(feature, step);
      case 'certify':
        keeper.update(feature, (ledger) => recordCertification(ledger, step.image, context.policy));
        return step.text;
      case 'record-repository':
        keeper.update(feature, (ledger) => recordRepository(ledger, step.repository));
        return '';
      case 'write-versions':
        return this.writeVersions(feature, step);
      case 'tag-as-local':
        return this.#images.tagAsLocal(feature, step);
      case 'remove-local-container':
        return this.#images.removeLocalContainer(step);
      case 'clean-up':
        return this.#images.cleanUp(context);
      case 'mark-duty-done':
        keeper.update(feature, (ledger) => markDutyDone(ledger, step.duty));
        return step.text;
      case 'release':
        return this.release(step);
      case 'lift-block':
        keeper.update(feature, (ledger) => liftFallback(ledger, step.imageId));
        return `the block of version ${step.version} has been lifted`;
      case 'block-version':
        await this.#ports.store().write([], [planBlock(feature, step.version)]);
        return `version ${step.version} is blocked again: STATE_DB had forgotten`;
      case 'fall-back':
        return this.#fallbacks.fallBack(feature, step);
      case 'finish-fallback':
        return this.#fallbacks.finishFallback(feature, step);
      case 'write-label':
        await this.#ports.store().write([], planOwnersLabel(feature, step.value === 'true'));
        return `Kubernetes may ${step.value === 'true' ? '' : 'not '}deploy it: set_owner has changed`;
      case 'restart':
        return this.restart(feature, step);
    }
  }

  private async restart(feature: string, { edge, text }: StepOf<'restart'>): Promise<string> {
    const { service } = this.#ports;
    // No row tells of an operator who stops a service that is down already.
    if (edge === 'start-kube' && !isDownByItself(await service.state(feature))) return '';
    await service.restart(feature);
    return `service restarted: ${text}`;
  }

  private async writeVersions(
    feature: string,
    { stableVersion, lastVersion }: StepOf<'write-versions'>,
  ): Promise<string> {
    const values = { container_stable_version: stableVersion, container_last_version: lastVersion };
    await this.#ports.store().write([], [{ kind: 'set', address: featureStatusRow(feature), values }]);
    return '';
  }

  private async release({ record, claim, text }: StepOf<'release'>): Promise<string> {
    for (const { guard, write } of planReleases(record, claim, this.#ports.clock.wallMs()))
      if (await this.#ports.store().write([guard], [write])) return text;
    return '';
  }
}
