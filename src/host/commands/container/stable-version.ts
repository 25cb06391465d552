import { encodeStatus } from '../../../contract/feature/status-fields.ts';
import { isVersion } from '../../../contract/names.ts';
import { featureStatusRow } from '../../../contract/rows.ts';
import type { ContainerDetails } from '../../../ports/container-engine.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

const VERSION_VARIABLE = 'IMAGE_VERSION=';

/**
 * Records the version of the switch's own container as the stable one, as `container wait` of the shipped kit does: the clean-up of
 * the shipped daemon rests on it. Not where ctrkitd runs, which writes the version of the golden image there. Throws
 * CtrkitError('database').
 */
export async function recordStableVersion(
  name: string,
  { names, environment }: ContainerDetails,
  store: RowStore,
  { hasDaemon, isMirroring }: Pick<ContainerPorts, 'hasDaemon' | 'isMirroring'>,
): Promise<void> {
  if (!names.includes(name) || !hasDaemon()) return;
  const stableVersion = findImageVersion(environment);
  if (!isVersion(stableVersion) || (await isMirroring())) return;
  const values = encodeStatus({ stableVersion });
  await store.write([], [{ kind: 'set', address: featureStatusRow(name), values }]);
}

/** The IMAGE_VERSION of a container; empty if it has none. */
export const findImageVersion = (environment: readonly string[]): string =>
  environment.findLast((entry) => entry.startsWith(VERSION_VARIABLE))?.slice(VERSION_VARIABLE.length) ?? '';
