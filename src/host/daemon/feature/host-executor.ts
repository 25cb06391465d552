import { encodeStatus } from '../../../contract/feature/status-fields.ts';
import { planReleases } from '../../../contract/gate/claim.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import { isDownByItself } from '../../../contract/feature/unit-state.ts';
import {
  liftFallback,
  recordCertification,
  recordLocalRepository,
  recordRepository,
} from '../../../decide/images/ledger-changes.ts';
import { planOwnersLabel } from '../../../decide/command/plan-writes.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
import { writeFirst } from '../../../loop/write-first.ts';
import { FallbackExecutor, planBlock } from './fallback-executor.ts';
import { ImageExecutor } from './image-executor.ts';
import { ImageRestorer } from './image-restorer.ts';
import { runPinStep } from './pin-executor.ts';
import type { StepContext, StepExecutor, StepExecutorPorts, StepOf } from './step-executor.ts';

/** Runs the steps on this host. */
export class HostExecutor implements StepExecutor {
  readonly #ports: StepExecutorPorts;
  readonly #images: ImageExecutor;
  readonly #fallbacks: FallbackExecutor;
  readonly #restorer: ImageRestorer;

  constructor(ports: StepExecutorPorts) {
    const { engine, ledger, service, log, openStore } = ports;
    this.#ports = ports;
    this.#restorer = new ImageRestorer({ engine, log });
    this.#images = new ImageExecutor({ engine, ledger, log });
    this.#fallbacks = new FallbackExecutor({ ledger, service, log, openStore, images: this.#images });
  }

  async run(step: HostStep, context: StepContext): Promise<string> {
    const { feature } = context;
    switch (step.kind) {
      case 'adopt-shipped':
        return this.#images.adoptShipped(feature, step);
      case 'name-image':
      case 'tag-as-local':
      case 'remove-local-container':
        return this.#images.prepareLocalStart(feature, step);
      case 'clean-up':
        return this.#images.cleanUp(context);
      case 'pin-image':
      case 'unpin-image':
      case 'return-name':
        return runPinStep(this.#ports.engine, step);
      case 'restore-image':
        return this.#restorer.start(feature, step);
      case 'certify':
      case 'record-repository':
      case 'record-local-repository':
      case 'lift-block':
        return this.#updateLedger(step, feature);
      case 'lift-operator-block':
        this.#ports.blocks.remove(feature, step.version);
        return `the operator's block of version ${step.version} has been lifted`;
      case 'write-versions':
      case 'block-version':
      case 'write-label':
        return this.#writeRow(feature, step);
      case 'release':
        return this.#releaseRecord(step);
      case 'fall-back':
        return this.#fallbacks.fallBack(step, context);
      case 'finish-fallback':
        return this.#fallbacks.finishFallback(step, context);
      case 'restart':
        return this.#restartService(feature, step);
    }
  }

  async #updateLedger(
    step: StepOf<'certify' | 'record-repository' | 'record-local-repository' | 'lift-block'>,
    feature: string,
  ): Promise<string> {
    const { ledger } = this.#ports;
    switch (step.kind) {
      case 'certify':
        await ledger.update(feature, (current) => recordCertification(current, step));
        return step.text;
      case 'record-repository':
        await ledger.update(feature, (current) => recordRepository(current, step.repository));
        return '';
      case 'record-local-repository':
        await ledger.update(feature, (current) => recordLocalRepository(current, step.repository));
        return '';
      case 'lift-block':
        await ledger.update(feature, (current) => liftFallback(current, step.imageId));
        return `the block of version ${step.version} has been lifted`;
    }
  }

  async #writeRow(
    feature: string,
    step: StepOf<'write-versions' | 'block-version' | 'write-label'>,
  ): Promise<string> {
    const store = this.#ports.openStore();
    switch (step.kind) {
      case 'write-versions': {
        const values = encodeStatus({ stableVersion: step.stableVersion, lastVersion: step.lastVersion });
        await store.write([], [{ kind: 'set', address: featureStatusRow(feature), values }]);
        return '';
      }
      case 'block-version':
        await store.write([], [planBlock(feature, step.version)]);
        return `version ${step.version} is blocked again: STATE_DB had forgotten`;
      case 'write-label':
        await store.write([], planOwnersLabel(feature, step.value === 'true'));
        return `Kubernetes may ${step.value === 'true' ? '' : 'not '}deploy it: set_owner has changed`;
    }
  }

  async #restartService(feature: string, { edge, text }: StepOf<'restart'>): Promise<string> {
    const { service } = this.#ports;
    // A stop of a service that is down already changes no row, so systemd is asked.
    if (edge === 'start-kube' && !isDownByItself(await service.readState(feature))) return '';
    if (edge === 'failed-unit' && (await service.readState(feature)) !== 'failed') return '';
    await service.restart(feature);
    return `service restarted: ${text}`;
  }

  async #releaseRecord({ record, claim, text }: StepOf<'release'>): Promise<string> {
    const releases = planReleases(record, claim, this.#ports.clock.wallMs());
    return (await writeFirst(this.#ports.openStore(), releases)) ? text : '';
  }
}
