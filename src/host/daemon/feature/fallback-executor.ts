import { planReturnToLocal } from '../../../decide/command/plan-writes.ts';
import { labelsRow, versionEnabledLabel } from '../../../contract/cluster/feature-labels.ts';
import type { Fallback } from '../../../contract/images/ledger.ts';
import type { RowValues, RowWrite } from '../../../contract/rows.ts';
import { isDownByItself } from '../../../contract/feature/unit-state.ts';
import { liftFallback, markFallbackDone, recordFallback } from '../../../decide/images/ledger-changes.ts';
import type { StepExecutorPorts, StepOf } from './step-executor.ts';

type FallbackPorts = Pick<StepExecutorPorts, 'ledger' | 'service' | 'openStore' | 'log'>;

/** Runs the steps that go back to the local image (HLD, "Self-mitigation"). */
export class FallbackExecutor {
  readonly #ports: FallbackPorts;

  constructor(ports: FallbackPorts) {
    this.#ports = ports;
  }

  async fallBack(feature: string, step: StepOf<'fall-back'>): Promise<string> {
    const { fallback, guards, isServiceDown, text } = step;
    const { ledger, service, log } = this.#ports;
    // A stop of a service that is down already changes no row, so systemd is asked.
    if (isServiceDown && !isDownByItself(await service.readState(feature))) return '';
    // The ledger first: one fallback an image, also for a daemon that is killed at the next line.
    if (fallback !== undefined) await ledger.update(feature, (current) => recordFallback(current, fallback));
    if (!(await this.#letLocalRun(feature, { fallback, guards }))) {
      // The service was stopped, or another container runs, since the decision. Nothing was done, so nothing counts.
      if (fallback !== undefined)
        await ledger.update(feature, (current) => liftFallback(current, fallback.imageId));
      return '';
    }
    log.warn(`${feature}: falling back to local: ${text}`);
    await service.restart(feature);
    if (fallback !== undefined)
      await ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
    return `fell back to local: ${text}`;
  }

  async finishFallback(
    feature: string,
    { fallback, isRestartDue }: StepOf<'finish-fallback'>,
  ): Promise<string> {
    const { ledger, service, openStore } = this.#ports;
    if (isRestartDue) {
      await this.#letLocalRun(feature, { fallback, guards: [] });
      await service.restart(feature);
    } else await openStore().write([], [planBlock(feature, fallback.version)]);
    await ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
    return `the fallback from version ${fallback.version}, which was cut short, is finished`;
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
