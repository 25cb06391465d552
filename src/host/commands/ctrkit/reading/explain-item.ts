/** What `ctrkit explain` reads, and the lines that it prints. */
import type { Timestamps } from '../../../../contract/timestamps.ts';
import type { EngineContainer, EngineImage } from '../../../../contract/images/engine.ts';
import type { ImagePolicy } from '../../../../contract/images/image-policy.ts';
import type { DaemonView, FeatureView } from '../../../../contract/feature/daemon-view.ts';
import type { OperatorBlock } from '../../../../contract/images/block.ts';
import type { FeatureLedger } from '../../../../contract/images/ledger.ts';
import type { FeatureLock } from '../../../../contract/feature/lock.ts';
import type { FieldValues, RowValues } from '../../../../contract/rows.ts';

export type Topic =
  | 'wanted'
  | 'runs'
  | 'ready'
  | 'heartbeat'
  | 'check'
  | 'held'
  | 'golden'
  | 'certification'
  | 'fallback'
  | 'blocked'
  | 'lock'
  | 'policy'
  | 'daemon'
  | 'database'
  | 'engine'
  | 'disk';

/** A field as it was read. `value` is undefined for a field that is not there. */
export interface ReadValue {
  /** `CONFIG_DB FEATURE|snmp`. */
  readonly row: string;
  readonly field: string;
  readonly value: string | undefined;
}

/** One line of the answer, with what it was read from. */
export interface Explanation {
  readonly topic: Topic;
  /** One line for people. */
  readonly text: string;
  /** What an operator can do about it; left out where there is nothing to do. */
  readonly lifts?: string;
  readonly values: readonly ReadValue[];
}

/** What was read, or why it could not be read: `problem` is one line for people. */
export type Reading<T> = { readonly found: T } | { readonly problem: string };

/** The rows of one feature, all read in one step. */
export interface FeatureRows {
  readonly config: RowValues;
  readonly status: RowValues;
  readonly health: RowValues;
  readonly ownPolicy: RowValues;
  readonly globalPolicy: RowValues;
  /** Whether the switch has joined its Kubernetes master. */
  readonly master: RowValues;
  /** The labels of this feature in `KUBE_LABELS|SET` of each STATE_DB that the switch has. */
  readonly labels: readonly RowValues[];
  /** `CONTAINER_HOLD|<feature>|<docker_id>`. */
  readonly holds: readonly (RowValues & { readonly dockerId: string })[];
  readonly policy: ImagePolicy;
  /** The keys among them that are no hash, one line each. Such a row has no values, and its `problem`. */
  readonly problems: readonly string[];
}

/** Whether these rows could be read: of one that could not, nothing can be said. */
export const areRead = (...rows: readonly RowValues[]): boolean =>
  rows.every(({ problem }) => problem === undefined);

/** Everything that an explanation is made from. */
export interface ExplainSnapshot {
  readonly feature: string;
  readonly now: Timestamps;
  readonly rows: Reading<FeatureRows>;
  readonly containers: Reading<readonly EngineContainer[]>;
  readonly images: Reading<readonly EngineImage[]>;
  /** The repository of the image that starts in local mode; undefined if there can be none. */
  readonly localRepository: string | undefined;
  readonly daemon: Reading<DaemonView>;
  readonly ledger: Reading<FeatureLedger>;
  readonly locks: Reading<readonly FeatureLock[]>;
  /** The feature's, of operators. */
  readonly blocks: Reading<readonly OperatorBlock[]>;
  /** What is wrong with the files on the disk, one line each. */
  readonly diskProblems: readonly string[];
}

/** What ctrkitd thinks of this feature; undefined where it does not run, or does not look after it. */
export function findView({
  daemon,
  feature,
}: Pick<ExplainSnapshot, 'daemon' | 'feature'>): FeatureView | undefined {
  if ('problem' in daemon || !Object.hasOwn(daemon.found.features, feature)) return undefined;
  return daemon.found.features[feature];
}

const DATABASES = { config: 'CONFIG_DB', state: 'STATE_DB', hostState: "the host's STATE_DB" } as const;

const describeRow = ({ db, table, row }: RowValues['address']): string => `${DATABASES[db]} ${table}|${row}`;

/** These fields of a row, with those that are not there. */
export const listValues = ({ address, values }: RowValues, fields: readonly string[]): ReadValue[] =>
  fields.map((field) => ({ row: describeRow(address), field, value: values[field] }));

/**
 * systemd's unit of a feature: instance N is `<f>@N` where the configuration is that of all instances (SONiC:
 * files/build_templates).
 */
export function findUnit(feature: string, { config }: FeatureRows): string {
  const { row } = config.address;
  return row === feature ? feature : `${row}@${feature.slice(row.length)}`;
}

/** A value for a sentence. */
export const quoteField = (values: FieldValues, field: string): string => `"${values[field] ?? ''}"`;
