import { decodeKubeFeature, type KubeFeature } from './kube-feature-entry.ts';
import type { MasterConfig } from '../../../../contract/cluster/master-config.ts';
import type { MasterUpdate } from '../../../../contract/cluster/master-status.ts';
import { CONFIG_FIELDS, STATUS_FIELDS } from '../../../../contract/feature/feature.ts';
import { featureConfigRow, featureStatusRow } from '../../../../contract/rows.ts';
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
      const features = await readKubeFeatures(databases);
      const membership = await readMembership({ store: databases.store, files });
      return { ...membership, features };
    });
  } finally {
    databases?.close();
  }
}

async function readKubeFeatures({ store, tables }: SwitchDatabases): Promise<KubeFeature[]> {
  const names = await tables.listFeatures();
  const rows = await store.read(
    names.flatMap((name) => [
      { address: featureConfigRow(name), fields: CONFIG_FIELDS },
      { address: featureStatusRow(name), fields: STATUS_FIELDS },
    ]),
  );
  return names.flatMap((feature, i) =>
    decodeKubeFeature(feature, rows[2 * i]?.values ?? {}, rows[2 * i + 1]?.values ?? {}),
  );
}
