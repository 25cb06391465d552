import { readTimestamps } from '../../../../loop/timestamps.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { HEALTH_FIELDS } from '../../../../contract/health/heartbeat.ts';
import type { FeatureView } from '../../../../contract/feature/daemon-view.ts';
import { featureConfigRow, featureStatusRow, healthRow, type RowFields } from '../../../../contract/rows.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';
import type { Clock } from '../../../../ports/clock.ts';
import { findFeature } from '../reading/find-feature.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { SHOWN_CONFIG, SHOWN_STATUS } from '../reading/read-feature.ts';
import { describeStatus, type StatusEntry } from './status-entry.ts';
import { formatStatus } from './status-table.ts';

export interface StatusOptions {
  /** Undefined for all features. */
  readonly feature: string | undefined;
  readonly json: boolean;
}

export interface FoundStatus {
  readonly kind: 'found';
  readonly entries: readonly StatusEntry[];
  /** What else is worth knowing, one line each. */
  readonly notes: readonly string[];
}

/** `unknown`: there is no such feature, `text` says so in one line. */
export type StatusReading = FoundStatus | { readonly kind: 'unknown'; readonly text: string };

/** Returns the exit code. Throws CtrkitError('database' | 'disk'). */
export async function showStatus(
  options: StatusOptions,
  ports: CtrkitPorts,
  databases: SwitchDatabases,
): Promise<number> {
  const reading = await readStatus(options.feature, ports, databases);
  if (reading.kind === 'unknown') {
    ports.terminal.report(reading.text);
    return EXIT.refused;
  }
  const { clock, terminal } = ports;
  terminal.write(
    options.json
      ? `${JSON.stringify(encodeStatus(reading.entries, clock), undefined, 2)}\n`
      : formatStatus(reading.entries, clock.bootMs(), terminal.paint),
  );
  if (!options.json) for (const note of reading.notes) terminal.report(note);
  return EXIT.ok;
}

/** `now_ms` is on the boot clock, like every `_ms` of an entry. */
export const encodeStatus = (features: readonly StatusEntry[], clock: Clock) => ({
  now_ms: clock.bootMs(),
  features,
});

export async function readStatus(
  feature: string | undefined,
  ports: Pick<CtrkitPorts, 'clock' | 'ledger' | 'locks' | 'view'>,
  databases: SwitchDatabases,
): Promise<StatusReading> {
  const names = selectNames(feature, await databases.tables.listFeatures());
  if (typeof names === 'string') return { kind: 'unknown', text: names };
  const rows = await databases.store.read(names.flatMap(selectRows));
  const now = readTimestamps(ports.clock);
  const { ledger, problems: ledgerProblems } = ports.ledger.read();
  const { locks, problems: lockProblems } = ports.locks.list();
  const view = ports.view.read(now.bootId);
  const viewOf = (name: string): FeatureView | undefined =>
    'found' in view && Object.hasOwn(view.found.features, name) ? view.found.features[name] : undefined;
  const entries = names.map((one, i) =>
    describeStatus({
      feature: one.feature,
      now,
      config: rows[3 * i]?.values ?? {},
      status: rows[3 * i + 1]?.values ?? {},
      health: rows[3 * i + 2]?.values ?? {},
      ledger: selectFeatureLedger(ledger, one.feature),
      view: viewOf(one.feature),
      locks,
    }),
  );
  const shown = new Set(names.map((one) => one.feature));
  const lockNotes = locks
    .filter((lock) => shown.has(lock.feature))
    .flatMap((lock) => {
      const verdict = decideLock(lock, now);
      return verdict.kind === 'active' ? [`${lock.feature} is ${verdict.text}`] : [];
    });
  const viewNotes =
    'problem' in view ? [`${view.problem}: systemctl start ctrkitd starts it`] : view.found.problems;
  return { kind: 'found', entries, notes: [...lockNotes, ...viewNotes, ...ledgerProblems, ...lockProblems] };
}

interface ShownFeature {
  readonly feature: string;
  readonly configName: string;
}

/** A text says why there is none. */
function selectNames(feature: string | undefined, features: readonly string[]): ShownFeature[] | string {
  if (feature === undefined) return features.map((name) => ({ feature: name, configName: name }));
  const found = findFeature(feature, features);
  return found.kind === 'known' ? [{ feature, configName: found.configName }] : found.text;
}

const selectRows = ({ feature, configName }: ShownFeature): RowFields[] => [
  { address: featureConfigRow(configName), fields: SHOWN_CONFIG },
  { address: featureStatusRow(feature), fields: SHOWN_STATUS },
  { address: healthRow(feature), fields: HEALTH_FIELDS },
];
