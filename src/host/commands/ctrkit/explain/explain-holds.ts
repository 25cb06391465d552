/** Explains which containers are held, why, and what lifts it. */
import {
  enableFeatureCommand,
  setOwnerCommand,
  startUnitCommand,
  unblockVersionCommand,
} from '../../../../text/operator-commands.ts';
import { HOLD_FIELD, isHoldExpired, type HoldReason } from '../../../../contract/gate/hold.ts';
import {
  findUnit,
  listValues,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';

interface HeldNames {
  readonly feature: string;
  readonly version: string;
  readonly configName: string;
  readonly unit: string;
}

const HOLD_LIFTS: Readonly<Record<HoldReason, (names: HeldNames) => string>> = {
  'owner-is-local': ({ configName }) => setOwnerCommand(configName, 'kube'),
  'feature-disabled': ({ configName }) => enableFeatureCommand(configName),
  'system-not-up': ({ unit }) => startUnitCommand(unit),
  'version-blocked': ({ feature, version }) => unblockVersionCommand(feature, version),
  'version-is-local': () => 'nothing is amiss: the local image has this version; deploy a higher one',
  'higher-version-running': () => 'nothing is amiss: it goes on when the higher version has stopped',
  superseded: () => 'nothing is amiss: it goes on when the container that was let in has stopped',
};

export function explainHolds(
  rows: FeatureRows,
  { feature, now }: Pick<ExplainSnapshot, 'feature' | 'now'>,
): Explanation[] {
  const names = { feature, configName: rows.config.address.row, unit: findUnit(feature, rows) };
  return rows.holds
    .filter(({ values }) => values[HOLD_FIELD.bootId] === now.bootId && !isHoldExpired(values, now))
    .map((hold) => {
      const {
        [HOLD_FIELD.version]: version = '',
        [HOLD_FIELD.reason]: reason = '',
        [HOLD_FIELD.text]: text = '',
      } = hold.values;
      const lifts = Object.hasOwn(HOLD_LIFTS, reason)
        ? HOLD_LIFTS[reason as HoldReason]({ ...names, version })
        : undefined;
      return {
        topic: 'held',
        text: `container ${hold.dockerId} of version ${version} waits, ${reason}: ${text}`,
        ...(lifts === undefined ? {} : { lifts }),
        values: listValues(hold, [HOLD_FIELD.version, HOLD_FIELD.reason, HOLD_FIELD.sinceTs]),
      };
    });
}
