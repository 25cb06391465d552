import { decodeKubeFeature, type KubeFeature } from './kube-feature-entry.ts';
import type { MasterConfig } from '../../../../contract/cluster/master-config.ts';
import type { MasterUpdate } from '../../../../contract/cluster/master-status.ts';
import { CONFIG_FIELDS, STATUS_FIELDS } from '../../../../contract/feature/feature.ts';
import { featureConfigRow, featureStatusRow } from '../../../../contract/rows.ts';
import { readInBatches } from '../../../../loop/read-in-batches.ts';
import type { MembershipStatus } from '../../../../decide/cluster/membership.ts';
import type { MembershipFiles } from '../../../../ports/membership-files.ts';
import { readMembership } from '../../../membership/read-membership.ts';
import type { Reading } from '../reading/explain-item.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { tryReading } from '../reading/reading.ts';

/** What the databases say of the cluster. */
export interface KubeRows {
  readonly config: MasterConfig;
  readonly status: MembershipStatus;
  readonly update: MasterUpdate;
  readonly features: readonly KubeFeature[];
  /** The keys of features that are no hash, one line each. */
  readonly problems: readonly string[];
}

/** A database that is away is a problem for people, not an error. Throws CtrkitError('usage'). */
export async function readKubeRows(
  redisUrl: string,
  { openDatabases }: Pick<CtrkitPorts, 'openDatabases'>,
  files: MembershipFiles,
): Promise<Reading<KubeRows>> {
  let databases: SwitchDatabases | undefined;
  try {
    return await tryReading(async () => {
      databases = openDatabases(redisUrl);
      const { features, problems } = await readKubeFeatures(databases);
      const membership = await readMembership({ store: databases.store, files });
      return { ...membership, features, problems };
    });
  } finally {
    databases?.close();
  }
}

async function readKubeFeatures({
  store,
  tables,
}: SwitchDatabases): Promise<Pick<KubeRows, 'features' | 'problems'>> {
  const names = await tables.listFeatures();
  const rows = await readInBatches(
    store,
    names.map((name) => [
      { address: featureConfigRow(name), fields: CONFIG_FIELDS, isDispensable: true },
      { address: featureStatusRow(name), fields: STATUS_FIELDS, isDispensable: true },
    ]),
  );
  const features = names.flatMap((feature, i) => {
    const [config, status] = rows[i] ?? [];
    // Of a feature that could not be read whole nothing is said but that.
    if (config?.problem !== undefined || status?.problem !== undefined) return [];
    return decodeKubeFeature(feature, config?.values ?? {}, status?.values ?? {});
  });
  return { features, problems: rows.flat().flatMap(({ problem }) => problem ?? []) };
}
