/** Heartbeats, records and images as the host side reads them, with nothing amiss. */
import { decodeStatus, type FeatureStatus } from '../../src/contract/feature/feature.ts';
import { encodeHeartbeat, type HeartbeatRecord } from '../../src/contract/health/heartbeat.ts';
import { decodeImagePolicy, type ImagePolicy } from '../../src/contract/images/image-policy.ts';
import type { FeatureLedger, GoldenImage } from '../../src/contract/images/ledger.ts';
import { choosePrevious, listRungs, NO_FACTS } from '../../src/decide/images/ladder.ts';
import { recordCertification } from '../../src/decide/images/ledger-changes.ts';
import { decodeObservedBeat, type ObservedBeat } from '../../src/contract/health/observed-beat.ts';

/** Another image for another number, also as people see its id. */
export const imageIdOf = (number: number): string =>
  `sha256:${number.toString(16).padStart(12, '0').padEnd(64, '0')}`;

export const INTERVAL_MS = 10_000;

export const BEAT: HeartbeatRecord = {
  token: 'token-a',
  dockerId: 'aaaaaaaaaaaa',
  owner: 'kube',
  version: '1.1.0',
  bootId: 'boot-1',
  status: 'healthy',
  reason: '',
  seq: 1,
  intervalMs: INTERVAL_MS,
  beatMs: 100_000,
  startedMs: 90_000,
  healthySinceMs: 100_000,
  restarts: 0,
  checks: [],
  updatedTs: 1_700_000_000,
};

/** By way of the row, as the host side gets it. */
export const beatOf = (changes: Partial<HeartbeatRecord> = {}): ObservedBeat =>
  decodeObservedBeat(encodeHeartbeat({ ...BEAT, ...changes }));

/** The record of the container that sends `BEAT`. */
export const statusOf = (changes: Readonly<Record<string, string>> = {}): FeatureStatus =>
  decodeStatus({
    current_owner: 'kube',
    docker_id: 'aaaaaaaaaaaa',
    container_id: 'aaaaaaaaaaaa',
    container_version: '1.1.0',
    remote_state: 'running',
    system_state: 'up',
    claim_token: 'token-a',
    claim_boot_id: 'boot-1',
    claim_ms: '90000',
    ...changes,
  });

/** Golden after a minute, unless `own` says otherwise. */
export const policyOf = (own: Readonly<Record<string, string>> = {}): ImagePolicy =>
  decodeImagePolicy({ own: { active_time_to_mark_good: '60s', ...own }, global: {}, feature: {} }, 'snmp');

export const goldenOf = (number: number, changes: Partial<GoldenImage> = {}): GoldenImage => ({
  imageId: imageIdOf(number),
  references: [`registry:5000/docker-snmp:${number}.0`],
  version: `${number}.0`,
  source: 'certified',
  sinceTs: 1_700_000_000,
  ...changes,
});

/** As the daemon certifies it, with all images there. */
export const certifyOn = (ledger: FeatureLedger, image: GoldenImage): FeatureLedger =>
  recordCertification(ledger, {
    image,
    previous: choosePrevious(listRungs(ledger, NO_FACTS), image.imageId),
  });
