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
import { CtrkitError } from '../../contract/errors.ts';
import { featureConfigRow } from '../../contract/rows.ts';
import type { RowStore } from '../../ports/row-store.ts';

/** What CONFIG_DB said last of a feature and its processes: read with every heartbeat, as it may be changed. */
export class PolicyReader {
  #policy: FeaturePolicy = UNKNOWN_POLICY;
  #intervals = new Map<string, ProcessIntervals>();
  readonly #listProcesses: () => readonly string[];

  /** `listProcesses`: those that promise to beat. */
  constructor(listProcesses: () => readonly string[]) {
    this.#listProcesses = listProcesses;
  }

  get policy(): FeaturePolicy {
    return this.#policy;
  }

  /** Bound, so that it can be handed to the check that asks. */
  readonly intervalsOf = (process: string): ProcessIntervals =>
    this.#intervals.get(process) ?? DEFAULT_PROCESS_INTERVALS;

  /** Where CONFIG_DB can't be asked, what it said last still counts; it may be another server than STATE_DB's. */
  async read(store: RowStore, feature: string): Promise<void> {
    try {
      await this.#readAll(store, feature);
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
    }
  }

  async #readAll(store: RowStore, feature: string): Promise<void> {
    const processes = this.#listProcesses();
    const [config, ...rows] = await store.read([
      { address: featureConfigRow(feature), fields: POLICY_FIELDS },
      ...processes.map((process) => ({
        address: processHeartbeatRow(process),
        fields: PROCESS_HEARTBEAT_FIELDS,
      })),
    ]);
    this.#policy = decodePolicy(config?.values ?? {});
    this.#intervals = new Map(
      processes.map((process, i) => [process, decodeProcessIntervals(rows[i]?.values ?? {})]),
    );
  }
}
