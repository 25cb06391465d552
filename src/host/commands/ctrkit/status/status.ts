import { startUnitCommand } from '../../../../text/operator-commands.ts';
import { encodeAsciiJson } from '../../../../text/printable.ts';
import { readInBatches } from '../../../../loop/read-in-batches.ts';
import { readTimestamps } from '../../../../loop/timestamps.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { HEALTH_FIELDS } from '../../../../contract/health/heartbeat.ts';
import type { FeatureLock } from '../../../../contract/feature/lock.ts';
import { featureConfigRow, featureStatusRow, healthRow, type RowFields } from '../../../../contract/rows.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { ViewReading } from '../../../../ports/view-file.ts';
import type { Timestamps } from '../../../../contract/timestamps.ts';
import { findView } from '../reading/explain-item.ts';
import { selectFeatures, type FeatureNames } from '../reading/find-feature.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { explainUnknown, SHOWN_CONFIG, SHOWN_STATUS } from '../reading/read-feature.ts';
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
  /** Those of `notes` that tell which entries are not whole. */
  readonly problems: readonly string[];
}

/** `unknown`: there is no such feature, `text` says so in one line. */
export type StatusReading = FoundStatus | { readonly kind: 'unknown'; readonly text: string };

/** Prints the status once. Returns the exit code. Throws CtrkitError('database' | 'disk'). */
export async function printStatus(
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
      ? `${encodeAsciiJson(encodeStatus(reading.entries, clock))}\n`
      : formatStatus(reading.entries, clock.bootMs(), terminal.paint),
  );
  for (const note of options.json ? reading.problems : reading.notes) terminal.report(note);
  return EXIT.ok;
}

/** Stable, as `--json` prints it. `now_ms` is on the boot clock, like every `_ms` of an entry. */
export const encodeStatus = (features: readonly StatusEntry[], clock: Clock) => ({
  now_ms: clock.bootMs(),
  features,
});

/** One reading of everything. Throws CtrkitError('database' | 'disk'). */
export async function readStatus(
  feature: string | undefined,
  ports: Pick<CtrkitPorts, 'clock' | 'ledger' | 'locks' | 'blocks' | 'view'>,
  databases: SwitchDatabases,
): Promise<StatusReading> {
  const selected = selectFeatures(feature, await databases.tables.listFeatures());
  if (selected.kind === 'unknown')
    return { kind: 'unknown', text: await explainUnknown(feature ?? '', selected.text, databases) };
  const { names } = selected;
  const rows = await readInBatches(databases.store, names.map(selectRows));
  const now = readTimestamps(ports.clock);
  const { ledger, problems: ledgerProblems } = ports.ledger.read();
  const { locks, problems: lockProblems } = ports.locks.list();
  const { blocks, problems: blockProblems } = ports.blocks.list();
  const view = ports.view.read(now.bootId);
  const entries = names.map((name, i) =>
    describeStatus({
      feature: name.feature,
      now,
      config: rows[i]?.[0]?.values ?? {},
      status: rows[i]?.[1]?.values ?? {},
      health: rows[i]?.[2]?.values ?? {},
      ledger: selectFeatureLedger(ledger, name.feature),
      blockedVersions: new Set(blocks.get(name.feature)?.map(({ version }) => version)),
      view: findView({ daemon: view, feature: name.feature }),
      locks,
    }),
  );
  const problems = rows.flat().flatMap(({ problem }) => problem ?? []);
  const notes = [
    ...problems,
    ...describeLocks(names, locks, now),
    ...describeDaemon(view),
    ...describePolicies(names, view),
    ...ledgerProblems,
    ...lockProblems,
    ...blockProblems,
  ];
  return { kind: 'found', entries, notes, problems };
}

/** A field of GLOBAL is in the way of every feature, and is told once. */
const describePolicies = (names: readonly FeatureNames[], view: ViewReading): string[] => [
  ...new Set(names.flatMap(({ feature }) => findView({ daemon: view, feature })?.policyProblems ?? [])),
];

const selectRows = ({ feature, configName }: FeatureNames): RowFields[] => [
  { address: featureConfigRow(configName), fields: SHOWN_CONFIG, isDispensable: true },
  { address: featureStatusRow(feature), fields: SHOWN_STATUS, isDispensable: true },
  { address: healthRow(feature), fields: HEALTH_FIELDS, isDispensable: true },
];

function describeLocks(
  names: readonly FeatureNames[],
  locks: readonly FeatureLock[],
  now: Timestamps,
): string[] {
  const shown = new Set(names.map(({ feature }) => feature));
  return locks.flatMap((lock) => {
    const verdict = decideLock(lock, now);
    return shown.has(lock.feature) && verdict.kind === 'active' ? [`${lock.feature} is ${verdict.text}`] : [];
  });
}

const describeDaemon = (view: ViewReading): readonly string[] =>
  'problem' in view ? [`${view.problem}: ${startUnitCommand('ctrkitd')} starts it`] : view.found.problems;
