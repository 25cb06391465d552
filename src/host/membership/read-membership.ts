import {
  decodeMasterConfig,
  MASTER_CONFIG_FIELDS,
  masterConfigRow,
  type MasterConfig,
} from '../../contract/cluster/master-config.ts';
import { isTrue } from '../../contract/feature/feature.ts';
import { masterRow } from '../../contract/feature/switch-rows.ts';
import type { MembershipStatus } from '../../decide/cluster/membership.ts';
import type { FieldValues } from '../../contract/rows.ts';
import type { MembershipPorts } from './membership-ports.ts';

const MASTER_STATUS_FIELDS = ['connected', 'server_reachability', 'update_time', 'last_update_ts'] as const;

export interface MembershipReading {
  readonly config: MasterConfig;
  readonly standing: MembershipStatus;
  /** STATE_DB `KUBERNETES_MASTER|SERVER`. */
  readonly status: FieldValues;
}

/** Throws CtrkitError('database'). */
export async function readMembership({
  store,
  tools,
}: Pick<MembershipPorts, 'store' | 'tools'>): Promise<MembershipReading> {
  const [config, status] = await store.read([
    { address: masterConfigRow, fields: MASTER_CONFIG_FIELDS },
    { address: masterRow, fields: MASTER_STATUS_FIELDS },
  ]);
  const values = status?.values ?? {};
  return {
    config: decodeMasterConfig(config?.values ?? {}),
    status: values,
    standing: {
      isJoined: tools.hasJoined(),
      isUnfinished: tools.isUnfinished(),
      joinedBy: tools.joinedBy(),
      isConnected: decodeYesNo(values['connected']),
      isReachable: decodeYesNo(values['server_reachability']),
    },
  };
}

/** Undefined as long as nobody has said. */
const decodeYesNo = (text: string | undefined): boolean | undefined =>
  text === undefined || text === '' ? undefined : isTrue(text);
