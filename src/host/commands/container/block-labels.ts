/**
 * The labels of versions that this host's disk blocks. A cold boot empties STATE_DB, and the feature's service may be up before
 * ctrkitd writes them again: so whoever lets Kubernetes deploy writes them first (contract.md, section 14).
 */
import {
  decodeEnabledValue,
  labelsRow,
  versionEnabledLabel,
} from '../../../contract/cluster/feature-labels.ts';
import type { FeatureStatus } from '../../../contract/feature/feature.ts';
import type { RowValues, RowWrite } from '../../../contract/rows.ts';
import { CONFLICT, describeConflicts, retryOnConflict } from '../../../loop/retry-on-conflict.ts';
import type { RepeatLog } from '../../../loop/repeat-log.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ContainerPorts } from './ports.ts';

export interface BlockLabels {
  /** Those that nobody has lifted by the label `true`. */
  readonly blocked: ReadonlySet<string>;
  /** Of `blocked`, those whose label says nothing. */
  readonly lost: readonly string[];
  /** The labels as they were read; none where nothing is to be written. */
  readonly guards: readonly RowValues[];
  /** What STATE_DB lacks. */
  readonly writes: readonly RowWrite[];
  /** What can't be read, one line each: it blocks nothing. */
  readonly problems: readonly string[];
}

/** One read of the databases more, where a version is blocked, and none elsewhere. Throws CtrkitError('database'). */
export async function readBlockLabels(
  name: string,
  store: Pick<RowStore, 'read'>,
  { readKnownBlocks }: Pick<ContainerPorts, 'readKnownBlocks'>,
): Promise<BlockLabels> {
  const { versions, problems } = await readKnownBlocks(name);
  if (versions.length === 0) return { blocked: new Set(), lost: [], guards: [], writes: [], problems };
  const fields = versions.map((version) => versionEnabledLabel(name, version));
  const [row] = await store.read([{ address: labelsRow('state'), fields, isDispensable: true }]);
  const valueOf = (version: string) => decodeEnabledValue(row?.values[versionEnabledLabel(name, version)]);
  const blocked = new Set(versions.filter((version) => valueOf(version) !== true));
  const lost = [...blocked].filter((version) => valueOf(version) === undefined);
  const isReadable = row !== undefined && row.problem === undefined;
  if (lost.length === 0 || !isReadable) return { blocked, lost: [], guards: [], writes: [], problems };
  const values = Object.fromEntries(lost.map((version) => [versionEnabledLabel(name, version), 'false']));
  return {
    blocked,
    lost,
    guards: [row],
    writes: [{ kind: 'set', address: row.address, values, isDispensable: true }],
    problems,
  };
}

/** One line for each label that was written again, and for what can't be read. */
export const describeBlockLabels = ({ lost, problems }: BlockLabels): string[] => [
  ...lost.map((version) => `version ${version} is blocked again: STATE_DB had forgotten`),
  ...problems.map((problem) => `not read: ${problem}`),
];

/** For `container wait`: keeps the host's answer from a blocked version. */
export class BlockGuard {
  readonly #name: string;
  readonly #ports: ContainerPorts;
  readonly #log: RepeatLog;
  #hasLooked = false;

  constructor(name: string, ports: ContainerPorts, log: RepeatLog) {
    this.#name = name;
    this.#ports = ports;
    this.#log = log;
  }

  /**
   * Whether the version that asks is blocked. Looks when the wait begins, and whenever a container asks, and writes the labels that
   * STATE_DB lacks. Throws CtrkitError('database').
   */
  async isAskerBlocked(store: RowStore, { remoteState, containerVersion }: FeatureStatus): Promise<boolean> {
    const isAsking = remoteState === 'pending';
    if (this.#hasLooked && !isAsking) return false;
    const labels = await this.#restoreLabels(store);
    this.#hasLooked = true;
    return isAsking && labels.blocked.has(containerVersion);
  }

  async #restoreLabels(store: RowStore): Promise<BlockLabels> {
    const labels = await retryOnConflict(async () => {
      const found = await readBlockLabels(this.#name, store, this.#ports);
      if (found.writes.length === 0) return found;
      return (await store.write(found.guards, found.writes)) ? found : CONFLICT;
    });
    if (labels === CONFLICT)
      throw new CtrkitError('database', describeConflicts(this.#name, ': trying again'));
    for (const line of describeBlockLabels(labels)) this.#log.log(line);
    return labels;
  }
}
