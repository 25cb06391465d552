/**
 * `claim.json`, what the gate leaves for the agent of the same container (contract.md, section 10).
 * It lies in CTRKIT_RUN_DIR (/run/ctrkit), for root's eyes only: a Redis URL may hold a password.
 */
import type { Claim } from './claim.ts';
import { isOwner } from '../feature/feature.ts';
import { isContainerId, isFeatureName, isVersion } from '../names.ts';

export interface StoredClaim extends Claim {
  /** Boot clock, milliseconds, of the go. */
  readonly startedMs: number;
  /** False when the database was out of reach: the agent records the claim as soon as it is back. */
  readonly isRecorded: boolean;
  /** An agent has seen every required check ok: what fails from then on is no start-up any more. */
  readonly hasStarted: boolean;
  /** Which start of this container it belongs to: a container's files outlive its processes. */
  readonly containerStart: string;
  /** `--redis` as the gate was given it, empty if it was not. */
  readonly redisUrl: string;
  /** Multi-ASIC: the host's row took part in the hand-shake, so it is told of the end too. */
  readonly isMirrored: boolean;
}

export const encodeStoredClaim = (claim: StoredClaim): string =>
  `${JSON.stringify({
    feature: claim.feature,
    owner: claim.owner,
    version: claim.version,
    docker_id: claim.dockerId,
    token: claim.token,
    started_ms: claim.startedMs,
    recorded: claim.isRecorded,
    started: claim.hasStarted,
    container_start: claim.containerStart,
    redis_url: claim.redisUrl,
    mirrored: claim.isMirrored,
  })}\n`;

/** Undefined if the text is no claim; whatever goes into a key is checked again. */
export function decodeStoredClaim(text: string): StoredClaim | undefined {
  const json = parseJson(text);
  const textOf = (field: string): string => (typeof json[field] === 'string' ? json[field] : '');
  const claim = {
    feature: textOf('feature'),
    owner: textOf('owner'),
    version: textOf('version'),
    dockerId: textOf('docker_id'),
    token: textOf('token'),
    startedMs: typeof json['started_ms'] === 'number' ? json['started_ms'] : 0,
    isRecorded: json['recorded'] === true,
    hasStarted: json['started'] === true,
    containerStart: textOf('container_start'),
    redisUrl: textOf('redis_url'),
    isMirrored: json['mirrored'] === true,
  };
  const { owner } = claim;
  const isLegal =
    isFeatureName(claim.feature) &&
    isVersion(claim.version) &&
    isContainerId(claim.dockerId) &&
    claim.token !== '';
  return isLegal && isOwner(owner) ? { ...claim, owner } : undefined;
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
