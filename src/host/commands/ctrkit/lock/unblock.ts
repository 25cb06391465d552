import { startUnitCommand } from '../../../../text/operator-commands.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import type { Fallback } from '../../../../contract/images/ledger.ts';
import type { RowValues, RowWrite } from '../../../../contract/rows.ts';
import {
  decodeEnabledValue,
  versionEnabledLabel,
  labelsRow,
} from '../../../../contract/cluster/feature-labels.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { listBlocks } from '../../../../decide/gate/version-blocks.ts';
import { CONFLICT, retryOnConflict } from '../../../../loop/retry-on-conflict.ts';
import { findFeature, type FeatureNames } from '../reading/find-feature.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { selectLabels } from '../reading/read-feature.ts';

export interface UnblockOptions {
  readonly feature: string;
  readonly version: string;
}

/**
 * Lifts the block of a version, an operator's and that of a fallback. An explicit `true` in the label tells ctrkitd to forget the fallback. Returns the exit
 * code. Throws CtrkitError('database' | 'disk').
 */
export async function unblockVersion(
  options: UnblockOptions,
  ports: CtrkitPorts,
  databases: SwitchDatabases,
): Promise<number> {
  const { feature, version } = options;
  const { terminal } = ports;
  const features = await databases.tables.listFeatures();
  const found = findFeature(feature, features);
  if (found.kind === 'unknown') {
    terminal.report(found.text);
    return EXIT.refused;
  }
  const names = { feature, configName: found.configName, features };
  const { fallbacks } = selectFeatureLedger(ports.ledger.read().ledger, feature);
  const fallback = fallbacks.find((entry) => entry.version === version);
  const isKept =
    ports.blocks
      .list()
      .blocks.get(feature)
      ?.some((block) => block.version === version) ?? false;
  const exitCode = await retryOnConflict(async () => {
    const labels = await readLabels(options, names, databases);
    const refusal = isKept ? undefined : findRefusal(options, labels, fallback);
    if (refusal !== undefined) {
      terminal.report(refusal);
      return EXIT.refused;
    }
    const field = versionEnabledLabel(feature, version);
    const asRead = labels.map(({ address, values }) => ({ address, values: { [field]: values[field] } }));
    if (!(await databases.store.write(asRead, selectWrites(field, labels)))) return CONFLICT;
    // The label first: whoever is killed here has lifted it, as ctrkitd removes the block for a label that says true.
    ports.blocks.remove(feature, version);
    terminal.report(describeNext(options, fallback, ports));
    return EXIT.ok;
  });
  if (exitCode !== CONFLICT) return exitCode;
  terminal.report(`STATE_DB KUBE_LABELS|SET changes all the time: try again`);
  return EXIT.refused;
}

async function readLabels(
  { feature, version }: UnblockOptions,
  names: FeatureNames,
  databases: SwitchDatabases,
): Promise<RowValues[]> {
  const rows = await selectLabels(names, databases);
  const field = versionEnabledLabel(feature, version);
  return databases.store.read(
    rows.map(({ address, fields }) => ({ address, fields: [...new Set([...fields, field])] })),
  );
}

/**
 * One line why there is nothing to lift; undefined if there is. The ledger counts as well: STATE_DB is empty after a cold
 * boot, and ctrkitd may not have blocked the version again yet.
 */
function findRefusal(
  { feature, version }: UnblockOptions,
  labels: readonly RowValues[],
  fallback: Fallback | undefined,
): string | undefined {
  const blocked = [...new Set(listBlocks(feature, labels).map((block) => block.version))];
  if (blocked.includes(version) || fallback !== undefined) return undefined;
  const others = blocked.length === 0 ? 'none is' : `these are: ${blocked.join(', ')}`;
  return `version ${version} of ${feature} is not blocked; ${others}`;
}

/** Lifts the block in every STATE_DB that has it, and in the switch's own, which ctrkitd reads. */
function selectWrites(field: string, labels: readonly RowValues[]): RowWrite[] {
  const blocked = labels.filter(({ values }) => decodeEnabledValue(values[field]) === false);
  const addresses = blocked.length === 0 ? [labelsRow('state')] : blocked.map(({ address }) => address);
  return addresses.map((address) => ({ kind: 'set', address, values: { [field]: 'true' } }));
}

/** What happens now, for people. */
function describeNext(
  { feature, version }: UnblockOptions,
  fallback: Fallback | undefined,
  { view, clock }: CtrkitPorts,
): string {
  const lifted = `version ${version} of ${feature} is no longer blocked: a container of it that is held goes on, and Kubernetes may deploy it again`;
  if (fallback === undefined) return lifted;
  const daemon = view.read(clock.bootId());
  return 'found' in daemon
    ? `${lifted}; ctrkitd forgets that it fell back, and falls back again if it fails again`
    : `${lifted}; ${daemon.problem}: start it (${startUnitCommand('ctrkitd')}), or it goes on from the old fallback`;
}
