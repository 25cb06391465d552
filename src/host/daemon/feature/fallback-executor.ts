import { labelsRow, versionEnabledLabel } from '../../../contract/cluster/feature-labels.ts';
import type { Fallback } from '../../../contract/images/ledger.ts';
import { featureStatusRow, type RowValues, type RowWrite } from '../../../contract/rows.ts';
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
    if (fallback !== undefined) ledger.update(feature, (current) => recordFallback(current, fallback));
    if (!(await this.#letLocalRun(feature, { fallback, guards }))) {
      // The service was stopped, or another container runs, since the decision. Nothing was done, so nothing counts.
      if (fallback !== undefined)
        ledger.update(feature, (current) => liftFallback(current, fallback.imageId));
      return '';
    }
    log.warn(`${feature}: falling back to local: ${text}`);
    await service.restart(feature);
    if (fallback !== undefined)
      ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
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
    ledger.update(feature, (current) => markFallbackDone(current, fallback.imageId));
    return `the fallback from version ${fallback.version}, which was cut short, is finished`;
  }

  /**
   * Writes `remote_state` = `none`, by which `container start` starts the local image, and the version's block, in one step.
   * `system_state` is down from here on: otherwise the gate of another container would overwrite `none` with
   * `pending`, and local would not be started. False if a guard did not hold: then nothing is written.
   */
  #letLocalRun(
    feature: string,
    { fallback, guards }: { readonly fallback: Fallback | undefined; readonly guards: readonly RowValues[] },
  ): Promise<boolean> {
    const none: RowWrite = {
      kind: 'set',
      address: featureStatusRow(feature),
      values: { remote_state: 'none', system_state: 'down' },
      remove: ['pending_token'],
    };
    const writes = fallback === undefined ? [none] : [none, planBlock(feature, fallback.version)];
    return this.#ports.openStore().write(guards, writes);
  }
}

/** `<f>_<version>_enabled` = false: the gate holds this version until the block is lifted. */
export const planBlock = (feature: string, version: string): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [versionEnabledLabel(feature, version)]: 'false' },
});
