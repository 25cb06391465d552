import {
  decodeMasterConfig,
  MASTER_CONFIG_FIELDS,
  masterConfigRow,
  type MasterConfig,
} from '../../contract/cluster/master-config.ts';
import {
  decodeMasterStatus,
  decodeMasterUpdate,
  MASTER_STATUS_FIELDS,
  MASTER_UPDATE_FIELDS,
  masterStatusRow,
  type MasterUpdate,
} from '../../contract/cluster/master-status.ts';
import type { MembershipStatus } from '../../decide/cluster/membership.ts';
import type { MembershipPorts } from './membership-ports.ts';

export interface MembershipReading {
  readonly config: MasterConfig;
  readonly status: MembershipStatus;
  /** When STATE_DB's row last changed. */
  readonly update: MasterUpdate;
}

/** Both rows KUBERNETES_MASTER|SERVER, and what the disk says of joining. Throws CtrkitError('database'). */
export async function readMembership({
  store,
  files,
}: Pick<MembershipPorts, 'store' | 'files'>): Promise<MembershipReading> {
  const [configRow, statusRow] = await store.read([
    { address: masterConfigRow, fields: MASTER_CONFIG_FIELDS },
    { address: masterStatusRow, fields: [...MASTER_STATUS_FIELDS, ...MASTER_UPDATE_FIELDS] },
  ]);
  const values = statusRow?.values ?? {};
  const { isConnected, isReachable } = decodeMasterStatus(values);
  return {
    config: decodeMasterConfig(configRow?.values ?? {}),
    update: decodeMasterUpdate(values),
    status: {
      isJoined: files.hasJoined(),
      isUnfinished: files.isUnfinished(),
      joinedServer: files.findJoinedServer(),
      isConnected,
      isReachable,
    },
  };
}
