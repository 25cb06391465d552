/** Explains the heartbeat of the container on record, and which of its checks fail. */
import { decodeStatus } from '../../../../contract/feature/feature.ts';
import { decodeChecks } from '../../../../contract/health/check-list.ts';
import { HEALTH_FIELD, isOverdue } from '../../../../contract/health/heartbeat.ts';
import { decodeObservedBeat } from '../../../../contract/health/observed-beat.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import {
  listValues,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
} from '../reading/explain-item.ts';
import { findHolder } from './explain-run.ts';

type Snapshot = Pick<ExplainSnapshot, 'now'>;

export function explainHeartbeat(rows: FeatureRows, { now }: Snapshot): Explanation[] {
  const beat = decodeObservedBeat(rows.health.values);
  const values = listValues(rows.health, [
    HEALTH_FIELD.status,
    HEALTH_FIELD.reason,
    HEALTH_FIELD.seq,
    HEALTH_FIELD.beatMs,
    HEALTH_FIELD.intervalMs,
    HEALTH_FIELD.restarts,
    HEALTH_FIELD.token,
  ]);
  if (beat.beatMs === undefined || beat.bootId !== now.bootId) {
    const isNeeded = findHolder(rows, { now }) !== undefined;
    const text = isNeeded ? 'none: a container of an image without the kit has none' : 'none';
    return [{ topic: 'heartbeat', text, values }];
  }
  const ageMs = now.bootMs - beat.beatMs;
  const isLate = isOverdue({ beatMs: beat.beatMs, intervalMs: beat.intervalMs }, now);
  const isOurs = beat.token === decodeStatus(rows.status.values).claimToken;
  const state = `${beat.status ?? 'unknown'}${beat.reason === '' ? '' : ` (${beat.reason})`}`;
  const when = `${describeDuration(ageMs)} ago, every ${describeDuration(beat.intervalMs)}`;
  const restarts = beat.restarts ? `, ${beat.restarts} unexpected exits since its start` : '';
  const note = `${isLate ? ', overdue' : ''}${isOurs ? '' : ', of an earlier container'}`;
  const item: Explanation = { topic: 'heartbeat', text: `${state}, ${when}${restarts}${note}`, values };
  return isOurs && !isLate ? [item, ...explainChecks(rows)] : [item];
}

/** The checks that are not ok. */
const explainChecks = ({ health }: FeatureRows): Explanation[] =>
  decodeChecks(health.values[HEALTH_FIELD.checks] ?? '')
    .filter(({ result }) => result !== 'ok')
    .map(({ name, kind, result, message }) => ({
      topic: 'check',
      text: `${name} (${kind}) is ${result}: ${message}`,
      values: listValues(health, [HEALTH_FIELD.checks]),
    }));
