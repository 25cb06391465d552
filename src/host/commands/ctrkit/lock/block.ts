import { versionEnabledLabel, labelsRow } from '../../../../contract/cluster/feature-labels.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import type { Fallback } from '../../../../contract/images/ledger.ts';
import { toSeconds } from '../../../../contract/timestamps.ts';
import { selectFeatureLedger } from '../../../../decide/images/ledger-changes.ts';
import { unblockVersionCommand } from '../../../../text/operator-commands.ts';
import { encodeAsciiJson } from '../../../../text/printable.ts';
import { findFeature } from '../reading/find-feature.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { describeTime } from '../terminal/local-time.ts';
import { formatTable } from '../terminal/table.ts';

export interface BlockOptions {
  readonly feature: string;
  readonly version: string;
  readonly reason: string;
}

/**
 * Blocks a version for good. The label comes first: where it says true, from an earlier `unblock`, ctrkitd would take the block
 * for lifted. Returns the exit code. Throws CtrkitError('database' | 'disk' | 'usage').
 */
export async function blockVersion(
  { feature, version, reason }: BlockOptions,
  { blocks, clock, terminal, user }: CtrkitPorts,
  databases: SwitchDatabases,
): Promise<number> {
  const found = findFeature(feature, await databases.tables.listFeatures());
  if (found.kind === 'unknown') {
    terminal.report(found.text);
    return EXIT.refused;
  }
  const values = { [versionEnabledLabel(feature, version)]: 'false' };
  await databases.store.write([], [{ kind: 'set', address: labelsRow('state'), values }]);
  blocks.add(feature, { version, reason, owner: user, sinceTs: toSeconds(clock.wallMs()) });
  terminal.report(
    `version ${version} of ${feature} is now blocked on this switch (${reason}). To lift it: ${unblockVersionCommand(feature, version)}`,
  );
  return EXIT.ok;
}

/**
 * Prints all blocks that outlive a boot: operators' and those of fallbacks. What `--json` prints is stable: `kind` is operator or
 * fallback, `owner` null for a fallback. Returns the exit code. Throws CtrkitError('disk').
 */
export function printBlocks(
  { feature, json }: { readonly feature: string | undefined; readonly json: boolean },
  ports: Pick<CtrkitPorts, 'blocks' | 'ledger' | 'terminal'>,
): number {
  const { terminal } = ports;
  const { entries, problems } = listEntries(feature, ports);
  if (json) terminal.write(`${encodeAsciiJson({ blocks: entries, problems })}\n`);
  else if (entries.length === 0) terminal.report('no version is blocked');
  else {
    const rows = entries.map((entry) => [
      { text: entry.feature },
      { text: entry.version },
      { text: entry.owner ?? 'a fallback' },
      { text: describeTime(entry.since_ts) },
      { text: entry.reason },
    ]);
    terminal.write(formatTable(['Feature', 'Version', 'By', 'Since', 'Reason'], rows, terminal.paint));
  }
  if (!json) for (const problem of problems) terminal.report(problem);
  return EXIT.ok;
}

interface BlockEntry {
  readonly feature: string;
  readonly version: string;
  readonly kind: 'operator' | 'fallback';
  readonly owner: string | null;
  readonly reason: string;
  readonly since_ts: number;
}

function listEntries(
  only: string | undefined,
  { blocks, ledger }: Pick<CtrkitPorts, 'blocks' | 'ledger'>,
): { readonly entries: readonly BlockEntry[]; readonly problems: readonly string[] } {
  const kept = blocks.list();
  const read = ledger.read();
  const features = [...new Set([...kept.blocks.keys(), ...Object.keys(read.ledger)])].toSorted();
  const listed = features.filter((feature) => only === undefined || feature === only);
  const entries = listed.flatMap((feature) => [
    ...(kept.blocks.get(feature) ?? []).map(({ version, owner, reason, sinceTs }): BlockEntry => ({
      feature,
      version,
      kind: 'operator',
      owner,
      reason,
      since_ts: sinceTs,
    })),
    ...selectFeatureLedger(read.ledger, feature).fallbacks.map((fallback) =>
      describeFallback(feature, fallback),
    ),
  ]);
  return { entries, problems: [...kept.problems, ...read.problems] };
}

const describeFallback = (feature: string, { version, reason, sinceTs }: Fallback): BlockEntry => ({
  feature,
  version,
  kind: 'fallback',
  owner: null,
  reason,
  since_ts: sinceTs,
});
