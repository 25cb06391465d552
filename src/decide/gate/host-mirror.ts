/**
 * Multi-ASIC: the shipped host side reads only its own row of the feature (D28). If that row exists, questions and results
 * are written there too. The row is on another server than the record, so each write carries its own condition: what the
 * host has written meanwhile, a `none` by which it falls back for instance, stays.
 */
import { encodeStatus, STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import { hostStatusRow, type FieldValues, type RowValues, type RowWrite } from '../../contract/rows.ts';

/** The feature, and the number of its ASIC. */
export interface MirroredFeature {
  readonly feature: string;
  readonly asic: string;
}

/** Whether the host's row takes part; `rows` are those of the gate's decision. */
export const isMirrored = (rows: readonly RowValues[]): boolean => {
  const host = findHostRow(rows);
  return host !== undefined && Object.values(host.values).some((value) => value !== undefined);
};

/**
 * The question. It goes before the same question in the record: as long as an earlier `ready` stands in the host's row, it
 * would answer this one. Its guards are those of the decision.
 */
export const planHostQuestion = (mirrored: MirroredFeature): RowWrite => planState(mirrored, 'pending');

/** The claim. It follows the claim in the record, where the host's row still says what the decision read there. */
export function planHostClaim(mirrored: MirroredFeature, rows: readonly RowValues[]): RowWrite {
  const read = findHostRow(rows)?.values[STATUS_FIELD.remoteState];
  return { ...planState(mirrored, 'running'), onlyIf: { [STATUS_FIELD.remoteState]: read } };
}

/** What the host's row may say instead of `running`, where that has been lost. */
const LOST: readonly FieldValues[] = [
  { [STATUS_FIELD.remoteState]: undefined },
  { [STATUS_FIELD.remoteState]: '' },
  // Of a release, before the claim was made again. The host says `down` before a `stopped` of its own.
  encodeStatus({ remoteState: 'stopped', systemState: 'up' }),
];
/** The host has recorded no container. */
const NOBODY = [undefined, '', 'none'];

/**
 * The heartbeat of a claim that the row was told of. Where its server was emptied, or the claim has been made again after a
 * release, it says `running` again. Whatever else it says is the host's word since, or a hand-shake: that stays. At most one
 * of the writes is made.
 */
export const planHostRenewal = (mirrored: MirroredFeature): RowWrite[] =>
  LOST.flatMap((values) =>
    NOBODY.map((currentOwner) => ({
      ...planState(mirrored, 'running'),
      onlyIf: { ...values, [STATUS_FIELD.currentOwner]: currentOwner },
      isDispensable: true,
    })),
  );

/** The release. As in the record, only `running` becomes `stopped`. It follows the release in the record, which stands. */
export const planHostStop = (mirrored: MirroredFeature): RowWrite => ({
  ...planState(mirrored, 'stopped'),
  onlyIf: encodeStatus({ remoteState: 'running' }),
  isDispensable: true,
});

const planState = ({ feature, asic }: MirroredFeature, remoteState: string) =>
  ({ kind: 'set', address: hostStatusRow(feature, asic), values: encodeStatus({ remoteState }) }) as const;

const findHostRow = (rows: readonly RowValues[]): RowValues | undefined =>
  rows.find(({ address }) => address.db === 'hostState' && address.table === 'FEATURE');
