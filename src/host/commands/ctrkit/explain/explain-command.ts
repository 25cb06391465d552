import { readTimestamps } from '../../../../loop/timestamps.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { encodeAsciiJson, toPlainLine } from '../../../../text/printable.ts';
import { explainFeature } from './explain.ts';
import type { ExplainSnapshot, Explanation, FeatureRows, Reading } from '../reading/explain-item.ts';
import { decideLocalRepository } from '../../../../decide/images/local-repository.ts';
import { omitPins } from '../../../../contract/images/pin.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { formatExplanation } from './format-explanation.ts';
import { findFeature } from '../reading/find-feature.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { explainUnknown, readFeature } from '../reading/read-feature.ts';
import { tryReading } from '../reading/reading.ts';
import { withDatabases } from '../reading/with-databases.ts';

export interface ExplainOptions {
  readonly feature: string;
  readonly json: boolean;
  readonly redisUrl: string;
}

/** Prints what is known of a feature. Returns the exit code, 0 also where some of it can't be read. */
export async function printExplanation(options: ExplainOptions, ports: CtrkitPorts): Promise<number> {
  const { feature, json } = options;
  const { terminal } = ports;
  const found = await readRows(options, ports);
  if ('unknown' in found) {
    terminal.report(found.unknown);
    return EXIT.refused;
  }
  const snapshot = await readSnapshot(feature, found.rows, ports);
  const items = explainFeature(snapshot);
  terminal.write(
    json
      ? `${encodeAsciiJson(encodeExplanation(snapshot, items))}\n`
      : formatExplanation(feature, items, terminal.paint),
  );
  return EXIT.ok;
}

type FoundRows = { readonly rows: Reading<FeatureRows> } | { readonly unknown: string };

async function readRows({ feature, redisUrl }: ExplainOptions, ports: CtrkitPorts): Promise<FoundRows> {
  const reading = await tryReading(() =>
    withDatabases(ports, redisUrl, async (databases): Promise<FoundRows> => {
      const features = await databases.tables.listFeatures();
      const found = findFeature(feature, features);
      if (found.kind === 'unknown') return { unknown: await explainUnknown(feature, found.text, databases) };
      const { configName } = found;
      return { rows: { found: await readFeature({ feature, configName, features }, databases) } };
    }),
  );
  return 'found' in reading ? reading.found : { rows: reading };
}

async function readSnapshot(
  feature: string,
  rows: Reading<FeatureRows>,
  ports: CtrkitPorts,
): Promise<ExplainSnapshot> {
  const now = readTimestamps(ports.clock);
  const ledger = await tryReading(() => ports.ledger.read());
  const locks = await tryReading(() => ports.locks.list());
  const blocks = await tryReading(() => ports.blocks.list());
  const engine = await readEngine(ports);
  const known = 'found' in ledger ? selectFeatureLedger(ledger.found.ledger, feature) : undefined;
  return {
    feature,
    now,
    rows,
    containers: engine.containers,
    images: engine.images,
    localRepository: findLocalRepository(feature, engine, { ports, remembered: known?.localRepository }),
    daemon: ports.view.read(now.bootId),
    ledger: 'found' in ledger ? { found: selectFeatureLedger(ledger.found.ledger, feature) } : ledger,
    locks: 'found' in locks ? { found: locks.found.locks } : locks,
    blocks: 'found' in blocks ? { found: blocks.found.blocks.get(feature) ?? [] } : blocks,
    diskProblems: [ledger, locks, blocks].flatMap((reading) =>
      'found' in reading ? reading.found.problems : [],
    ),
  };
}

type EngineReading = Pick<ExplainSnapshot, 'containers' | 'images'>;

async function readEngine(ports: CtrkitPorts): Promise<EngineReading> {
  const engine = await tryReading(() => ports.openEngine());
  if ('problem' in engine) return { containers: engine, images: engine };
  return {
    containers: await tryReading(async () => omitPins(await engine.found.listContainers())),
    images: await tryReading(() => engine.found.listImages()),
  };
}

const findLocalRepository = (
  feature: string,
  { containers }: EngineReading,
  { ports, remembered }: { readonly ports: CtrkitPorts; readonly remembered: string | undefined },
): string | undefined =>
  decideLocalRepository(feature, {
    mapped: ports.readLocalRepositories().repositories.get(feature),
    containerImage:
      'found' in containers
        ? containers.found.find(({ names }) => names.includes(feature))?.image
        : undefined,
    remembered,
  });

/**
 * Stable, as `--json` prints it: `topic` is one of a fixed set, `text` one line for people, `lifts` null where nothing can be done,
 * `value` null for a field that is not there. `now_ms` is on the boot clock.
 */
const encodeExplanation = (
  { feature, now, rows, containers, daemon }: ExplainSnapshot,
  items: readonly Explanation[],
) => ({
  feature,
  now_ms: now.bootMs,
  boot_id: now.bootId,
  is_database_read: 'found' in rows,
  is_engine_read: 'found' in containers,
  is_daemon_running: 'found' in daemon,
  items: items.map(({ topic, text, lifts, values }) => ({
    topic,
    text: toPlainLine(text),
    lifts: lifts === undefined ? null : toPlainLine(lifts),
    values: values.map(({ row, field, value }) => ({ row, field, value: value ?? null })),
  })),
});
