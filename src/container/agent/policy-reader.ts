import {
  decodePolicy,
  decodeProcessIntervals,
  DEFAULT_PROCESS_INTERVALS,
  POLICY_FIELDS,
  PROCESS_HEARTBEAT_FIELDS,
  processHeartbeatRow,
  UNKNOWN_POLICY,
  type FeaturePolicy,
  type ProcessIntervals,
} from '../../contract/feature/feature-policy.ts';
import {
  fastRestartRow,
  isRestartEnabled,
  RESTART_FIELDS,
  warmRestartRow,
} from '../../contract/feature/switch-rows.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { featureConfigRow } from '../../contract/rows.ts';
import type { RowStore } from '../../ports/row-store.ts';

/** The policy of a feature and its processes in CONFIG_DB, and whether a reboot is announced in STATE_DB. It is read with every heartbeat, because it may change. */
export class PolicyReader {
  #policy: FeaturePolicy = UNKNOWN_POLICY;
  #intervals = new Map<string, ProcessIntervals>();
  readonly #listProcesses: () => readonly string[];

  /** `listProcesses` returns the processes that write SONiC's process heartbeats. */
  constructor(listProcesses: () => readonly string[]) {
    this.#listProcesses = listProcesses;
  }

  get policy(): FeaturePolicy {
    return this.#policy;
  }

  /** A bound function, to be passed to the check of process heartbeats. */
  readonly intervalsOf = (process: string): ProcessIntervals =>
    this.#intervals.get(process) ?? DEFAULT_PROCESS_INTERVALS;

  /**
   * If CONFIG_DB can't be read, the last policy stays; its server may be another one than STATE_DB's. `nowMs` is of the boot
   * clock. Returns what is wrong with single rows, one line each: they hide no others. Never throws.
   */
  async read(store: RowStore, feature: string, nowMs: number): Promise<readonly string[]> {
    try {
      return await this.#readAll(store, feature, nowMs);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      return [];
    }
  }

  async #readAll(store: RowStore, feature: string, nowMs: number): Promise<readonly string[]> {
    const processes = this.#listProcesses();
    const found = await store.read(
      [
        { address: featureConfigRow(feature), fields: POLICY_FIELDS },
        { address: warmRestartRow, fields: RESTART_FIELDS },
        { address: fastRestartRow, fields: RESTART_FIELDS },
        ...processes.map((process) => ({
          address: processHeartbeatRow(process),
          fields: PROCESS_HEARTBEAT_FIELDS,
        })),
      ].map((row) => ({ ...row, isDispensable: true })),
    );
    const [config, warm, fast, ...rows] = found;
    const isAnnounced = [warm, fast].some((row) => isRestartEnabled(row?.values ?? {}));
    const rebootSinceMs = isAnnounced ? (this.#policy.rebootSinceMs ?? nowMs) : undefined;
    const policy = config?.problem === undefined ? decodePolicy(config?.values ?? {}) : this.#policy;
    this.#policy = { ...policy, rebootSinceMs };
    this.#intervals = new Map(
      processes.map((process, i) => [process, decodeProcessIntervals(rows[i]?.values ?? {})]),
    );
    return found.flatMap(({ problem }) => problem ?? []);
  }
}
