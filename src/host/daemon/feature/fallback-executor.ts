import { versionEnabledLabel, labelsRow } from '../../../contract/cluster/feature-labels.ts';
import type { Fallback } from '../../../contract/images/ledger.ts';
import { featureStatusRow, type RowValues, type RowWrite } from '../../../contract/rows.ts';
import { isDownByItself } from '../../../contract/feature/unit-state.ts';
import { markFallbackDone, liftFallback, recordFallback } from '../../../decide/images/ledger-changes.ts';
import type { StepExecutorPorts, StepOf } from './step-executor.ts';

type FallbackPorts = Pick<StepExecutorPorts, 'ledger' | 'service' | 'store' | 'log'>;

/** What the executor does to go back to the local image (HLD, "Self-mitigation"). */
export class FallbackExecutor {
  readonly #ports: FallbackPorts;

  constructor(ports: FallbackPorts) {
    this.#ports = ports;
  }

  async fallBack(feature: string, step: StepOf<'fall-back'>): Promise<string> {
    const { fallback, guards, isServiceDown, text } = step;
    const { ledger: keeper, service, log } = this.#ports;
    // No row tells of an operator who stops a service that is down already.
    if (isServiceDown && !isDownByItself(await service.state(feature))) return '';
    // The disk first: once an image, also for a daemon that is killed on the next line.
    if (fallback !== undefined) keeper.update(feature, (ledger) => recordFallback(ledger, fallback));
    if (!(await this.letLocalRun(feature, { fallback, guards }))) {
      // Stopped, or another container's, since it was decided: nothing was done, so nothing counts.
      if (fallback !== undefined) keeper.update(feature, (ledger) => liftFallback(ledger, fallback.imageId));
      return '';
    }
    log.warn(`${feature}: falling back to local: ${text}`);
    await service.restart(feature);
    if (fallback !== undefined)
      keeper.update(feature, (ledger) => markFallbackDone(ledger, fallback.imageId));
    return `fell back to local: ${text}`;
  }

  async finishFallback(
    feature: string,
    { fallback, isRestartDue }: StepOf<'finish-fallback'>,
  ): Promise<string> {
    if (isRestartDue) {
      await this.letLocalRun(feature, { fallback, guards: [] });
      await this.#ports.service.restart(feature);
    } else await this.#ports.store().write([], [planBlock(feature, fallback.version)]);
    this.#ports.ledger.update(feature, (ledger) => markFallbackDone(ledger, fallback.imageId));
    return `the fallback from version ${fallback.version}, which was cut short, is finished`;
  }

  /**
   * `none`, so that `container start` starts the local image, and the version's block, in one step (HLD,
   * "Self-mitigation"). The service counts as down from here on: another container's gate would answer `none` with
   * `pending`, and local would not be started.
   */
  private letLocalRun(
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
    return this.#ports.store().write(guards, writes);
  }
}

/** `<f>_<version>_enabled` = false: the gate holds this version until somebody lifts it. */
export const planBlock = (feature: string, version: string): RowWrite => ({
  kind: 'set',
  address: labelsRow('state'),
  values: { [versionEnabledLabel(feature, version)]: 'false' },
});
