/** The input of one reconcile of one feature, made from rows as the databases would have them. */
import type { EngineContainer, EngineImage } from '../../src/contract/images/engine.ts';
import { EMPTY_FEATURE_LEDGER, type Fallback, type FeatureLedger } from '../../src/contract/images/ledger.ts';
import { namePin } from '../../src/contract/images/pin.ts';
import { listRungs, NO_FACTS } from '../../src/decide/images/ladder.ts';
import type { FieldValues } from '../../src/contract/rows.ts';
import {
  decodeFeatureReading,
  selectFeatureRows,
  type FeatureReading,
} from '../../src/decide/feature/feature-reading.ts';
import type { FeatureInput } from '../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from './beats.ts';

export const AT = { bootId: 'boot-1', bootMs: 10_000_000, wallMs: 1_700_000_000_000 };
export const LOCAL = 'docker-snmp';
export const REMOTE = 'registry:5000/docker-snmp';

/** Fields of a row, by `db table|row`. */
export type RawTables = Readonly<Record<string, FieldValues>>;

const CONTAINER_ID = 'a'.repeat(64);

export const CONFIG = 'config FEATURE|snmp';
export const STATUS = 'state FEATURE|snmp';
export const BEAT_ROW = 'state CONTAINER_HEALTH|snmp';
export const LABELS = 'state KUBE_LABELS|SET';
export const POLICY = 'config IMAGE_MGMT|GLOBAL';

/** Kubernetes runs version 2 of the kit's, healthy, since a minute. */
export const HEALTHY: RawTables = {
  [CONFIG]: { set_owner: 'kube', state: 'enabled' },
  [STATUS]: {
    system_state: 'up',
    current_owner: 'kube',
    docker_id: CONTAINER_ID.slice(0, 12),
    container_id: CONTAINER_ID.slice(0, 12),
    container_version: '2.0',
    remote_state: 'running',
    claim_token: 'token-a',
    claim_boot_id: AT.bootId,
    claim_ms: `${AT.bootMs - 60_000}`,
    container_stable_version: '1.0',
  },
  [BEAT_ROW]: {
    token: 'token-a',
    docker_id: CONTAINER_ID.slice(0, 12),
    owner: 'kube',
    version: '2.0',
    boot_id: AT.bootId,
    status: 'healthy',
    seq: '6',
    interval_ms: '10000',
    beat_ms: `${AT.bootMs - 100}`,
    started_ms: `${AT.bootMs - 60_000}`,
    healthy_since_ms: `${AT.bootMs - 60_000}`,
    restarts: '0',
  },
  [POLICY]: {
    active_time_to_mark_good: '60s',
    fail_time_to_fallback: '2m',
    tag_new_as_local: 'true',
    purge_older_image: 'true',
  },
  'state KUBERNETES_MASTER|SERVER': { connected: 'true' },
};

/** Later rows win, field by field. */
export const withRows = (...all: readonly RawTables[]): RawTables =>
  Object.fromEntries(
    all.flatMap(Object.keys).map((key) => [key, Object.assign({}, ...all.map((rows) => rows[key]))]),
  );

/** What a reconcile reads of such tables. */
export const readRows = (tables: RawTables, versions: readonly string[] = []): FeatureReading =>
  decodeFeatureReading(
    'snmp',
    versions,
    selectFeatureRows('snmp', versions).map(({ address, fields }) => {
      const found = tables[`${address.db} ${address.table}|${address.row}`] ?? {};
      return { address, values: Object.fromEntries(fields.map((field) => [field, found[field]])) };
    }),
  );

export const containerOf = (changes: Partial<EngineContainer> = {}): EngineContainer => ({
  id: CONTAINER_ID,
  names: ['k8s_snmp_pod'],
  imageId: imageIdOf(2),
  image: imageIdOf(2),
  state: 'running',
  ...changes,
});

/** A pin of this feature. */
export const pinOf = (imageId: string, feature = 'snmp'): EngineContainer => ({
  id: `${imageId.slice(7, 39)}${'c'.repeat(32)}`,
  names: [namePin({ feature, imageId })],
  imageId,
  image: imageId,
  state: 'created',
  keptFor: feature,
});

export const imageOf = (number: number, tags: readonly string[]): EngineImage => ({
  id: imageIdOf(number),
  tags: [...tags],
  digests: [],
  createdTs: 1_600_000_000 + number,
  sizeBytes: 1,
});

export const fallbackOf = (number: number, changes: Partial<Fallback> = {}): Fallback => ({
  imageId: imageIdOf(number),
  version: `${number}.0`,
  reason: 'unhealthy',
  sinceTs: 1,
  bootId: AT.bootId,
  bootMs: AT.bootMs - 3_600_000,
  isDone: true,
  ...changes,
});

export const ledgerOf = (changes: Partial<FeatureLedger> = {}): FeatureLedger => ({
  ...EMPTY_FEATURE_LEDGER,
  golden: goldenOf(1, { references: [`${LOCAL}:latest`, `${LOCAL}:1.0`] }),
  localRepository: LOCAL,
  repositories: [REMOTE],
  ...changes,
});

interface Changes extends Partial<Omit<FeatureInput, 'reading' | 'engine'>> {
  readonly rows?: RawTables;
  readonly engine?: Partial<FeatureInput['engine']>;
}

/** Image 1 is golden and local, version 2 runs, nothing is amiss. */
export function inputOf({ rows = {}, engine = {}, ...changes }: Changes = {}): FeatureInput {
  const ledger = changes.ledger ?? ledgerOf();
  const versions = [...ledger.fallbacks.map(({ version }) => version), ...(changes.blockedVersions ?? [])];
  return {
    feature: 'snmp',
    reading: readRows(withRows(HEALTHY, rows), versions),
    ledger,
    engine: {
      isAway: false,
      containers: [containerOf()],
      images: [imageOf(1, [`${LOCAL}:latest`, `${LOCAL}:1.0`]), imageOf(2, [`${REMOTE}:2.0`])],
      pins: listRungs(ledger, NO_FACTS).map(({ image }) => pinOf(image.imageId)),
      ...engine,
    },
    localRepository: LOCAL,
    ownedElsewhere: [],
    blockedVersions: new Set(),
    lockText: undefined,
    isRebootPrepared: false,
    unit: undefined,
    ends: [],
    now: AT,
    daemonStartedMs: AT.bootMs - 3_600_000,
    timing: { coolDownMs: 1_800_000, daemonGraceMs: 60_000 },
    ...changes,
  };
}
