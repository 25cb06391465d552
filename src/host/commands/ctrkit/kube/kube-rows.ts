import type { MasterConfig } from '../../../../contract/cluster/master-config.ts';
import type { MasterUpdate } from '../../../../contract/cluster/master-status.ts';
import {
  CONFIG_FIELDS,
  decodeConfig,
  decodeStatus,
  STATUS_FIELDS,
} from '../../../../contract/feature/feature.ts';
import { featureConfigRow, featureStatusRow, type FieldValues } from '../../../../contract/rows.ts';
import type { MembershipStatus } from '../../../../decide/cluster/membership.ts';
import type { MembershipFiles } from '../../../../ports/membership-files.ts';
import { readMembership } from '../../../membership/read-membership.ts';
import type { Reading } from '../reading/explain-item.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';
import { tryReading } from '../reading/reading.ts';

/** A feature that Kubernetes runs or is to run. Part of `--json`, stable. */
export interface KubeFeature {
  readonly feature: string;
  readonly set_owner: string;
  readonly current_owner: string;
  readonly version: string;
  readonly remote_state: string;
  readonly no_fallback_to_local: boolean;
}

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

/** Empty for a feature that is not Kubernetes'. */
function decodeKubeFeature(
  feature: string,
  configValues: FieldValues,
  statusValues: FieldValues,
): KubeFeature[] {
  const config = decodeConfig(configValues);
  const status = decodeStatus(statusValues);
  if (config.setOwner !== 'kube' && status.currentOwner !== 'kube') return [];
  return [
    {
      feature,
      set_owner: config.setOwner,
      current_owner: status.currentOwner,
      version: status.containerVersion,
      remote_state: status.remoteState,
      no_fallback_to_local: config.noFallbackToLocal,
    },
  ];
}
