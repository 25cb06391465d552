import { planReturnToLocal } from '../../../decide/command/plan-writes.ts';
import { labelsRow, versionEnabledLabel } from '../../../contract/cluster/feature-labels.ts';
import type { Fallback } from '../../../contract/images/ledger.ts';
import type { RowValues, RowWrite } from '../../../contract/rows.ts';
import { shortImageId } from '../../../contract/images/image.ts';
import { isDownByItself } from '../../../contract/feature/unit-state.ts';
import { liftFallback, markFallbackDone, recordFallback } from '../../../decide/images/ledger-changes.ts';
import type { LocalTarget } from '../../../decide/images/local-target.ts';
import type { ImageExecutor } from './image-executor.ts';
import type { StepContext, StepExecutorPorts, StepOf } from './step-executor.ts';

interface FallbackPorts extends Pick<StepExecutorPorts, 'ledger' | 'service' | 'openStore' | 'log'> {
  readonly images: Pick<ImageExecutor, 'prepareLocalStart'>;
}

/** Runs the steps that go back to the local image (HLD, "Self-mitigation"). */
export class FallbackExecutor {
  readonly #ports: FallbackPorts;

  constructor(ports: FallbackPorts) {
    this.#ports = ports;
  }

  async fallBack(step: StepOf<'fall-back'>, context: StepContext): Promise<string> {
    const { fallback, target, guards, isServiceDown, text } = step;
    const { feature } = context;
    const { ledger, service, log } = this.#ports;
    // A stop of a service that is down already changes no row, so systemd is asked.
    if (isServiceDown && !isDownByItself(await service.readState(feature))) return '';
    // The ledger first: one fallback an image, also for a daemon that is killed at the next line.
    if (fallback !== undefined) await ledger.update(feature, (current) => recordFallback(current, fallback));
    await this.#prepareImage(target, context);
    if (!(await this.#letLocalRun(feature, { fallback, guards }))) {
      // The service was stopped, or another container runs, since the decision. Nothing was done, so nothing counts.
      if (fallback !== undefined)
        await ledger.update(feature, (current) => liftFallback(current, fallback.imageId));
      return '';
    }
    const which = `local, version ${target.version} (${shortImageId(target.imageId)})`;
    log.warn(`${feature}: falling back to ${which}: ${text}`);
    await service.restart(feature);
    if (fallback !== undefined)
      await ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
    return `fell back to ${which}: ${text}`;
  }

  async finishFallback(step: StepOf<'finish-fallback'>, context: StepContext): Promise<string> {
    const { fallback, target } = step;
    const { feature } = context;
    const { ledger, service, openStore } = this.#ports;
    const isRestartDue = await this.#isRestartDue(step, feature);
    // systemd does not say whether an operator has stopped the service: ask again.
    if (isRestartDue === undefined) return '';
    if (isRestartDue) {
      if (target !== undefined) await this.#prepareImage(target, context);
      await this.#letLocalRun(feature, { fallback, guards: [] });
      await service.restart(feature);
    } else await openStore().write([], [planBlock(feature, fallback.version)]);
    await ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
    return `the fallback from version ${fallback.version}, which was cut short, is finished`;
  }

  /** Undefined where the unit is between two states. */
  async #isRestartDue(
    { isRestartDue, isServiceDown }: StepOf<'finish-fallback'>,
    feature: string,
  ): Promise<boolean | undefined> {
    if (!isRestartDue || !isServiceDown) return isRestartDue;
    const state = await this.#ports.service.readState(feature);
    return state === undefined ? undefined : isDownByItself(state);
  }

  /** What the restart is to run, listed anew. */
  async #prepareImage({ imageId }: LocalTarget, { feature, planLocalStart }: StepContext): Promise<void> {
    for (const step of await planLocalStart(imageId)) {
      const text = await this.#ports.images.prepareLocalStart(feature, step);
      if (text !== '') this.#ports.log.info(`${feature}: ${text}`);
    }
  }

  /** Writes that local is next and blocks the version, in one step. False if a guard did not hold: then nothing is written. */
  #letLocalRun(
    feature: string,
    { fallback, guards }: { readonly fallback: Fallback | undefined; readonly guards: readonly RowValues[] },
  ): Promise<boolean> {
    const local = planReturnToLocal(feature);
    const writes = fallback === undefined ? [local] : [local, planBlock(feature, fallback.version)];
    return this.#ports.openStore().write(guards, writes);
  }
}

/** `<f>_<version>_enabled` = false: the gate holds this version until the block is lifted. */
export const planBlock = (feature: string, version: string): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [versionEnabledLabel(feature, version)]: 'false' },
});
