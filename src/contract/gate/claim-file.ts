/**
 * `claim.json`, by which the gate passes its claim to the agent of the same container (contract.md, section 10).
 * It is in CTRKIT_RUN_DIR (/run/ctrkit), readable by root only: a Redis URL may hold a password.
 */
import type { Claim } from './claim.ts';
import { isOwner } from '../feature/feature.ts';
import { parseFields } from './started-process.ts';
import { isContainerId, isFeatureName, isVersion } from '../names.ts';

export interface StoredClaim extends Claim {
  /** Boot clock, milliseconds: when the gate let the application go. */
  readonly startedMs: number;
  /** False when the database was out of reach: the agent records the claim as soon as it is back. */
  readonly isRecorded: boolean;
  /** An agent has seen every required check ok: a failure after that is not part of the start-up. */
  readonly hasStarted: boolean;
  /** The start of the container to which the claim belongs: a container's files outlive its processes. */
  readonly containerStart: string;
  /** The gate's `--redis`; empty if it was not given. */
  readonly redisUrl: string;
  /** Multi-ASIC: the hand-shake used the host's row too, so the release is written there too. */
  readonly isMirrored: boolean;
  /** Nothing that supervisord starts asks the gate: after a reload of supervisord the claim is made again without one. */
  readonly isOutside: boolean;
  /**
   * Owner kube: another container has claimed the feature since, and this one's application ran beside it. Its liveness fails until
   * a gate of this container has gone again.
   */
  readonly isReplaced: boolean;
  /** Given up by hand: the agent drops it. The file being gone says nothing. */
  readonly isReleased: boolean;
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
    outside: claim.isOutside,
    replaced: claim.isReplaced,
    released: claim.isReleased,
  })}\n`;

/** Returns undefined if the text is no claim. Every text that goes into a key is checked again. */
export function decodeStoredClaim(text: string): StoredClaim | undefined {
  const json = parseFields(text);
  const readText = (field: string): string => (typeof json[field] === 'string' ? json[field] : '');
  const claim = {
    feature: readText('feature'),
    owner: readText('owner'),
    version: readText('version'),
    dockerId: readText('docker_id'),
    token: readText('token'),
    startedMs: typeof json['started_ms'] === 'number' ? json['started_ms'] : 0,
    isRecorded: json['recorded'] === true,
    hasStarted: json['started'] === true,
    containerStart: readText('container_start'),
    redisUrl: readText('redis_url'),
    isMirrored: json['mirrored'] === true,
    isOutside: json['outside'] === true,
    isReplaced: json['replaced'] === true,
    isReleased: json['released'] === true,
  };
  const { owner } = claim;
  const isLegal =
    isFeatureName(claim.feature) &&
    isVersion(claim.version) &&
    isContainerId(claim.dockerId) &&
    claim.token !== '';
  return isLegal && isOwner(owner) ? { ...claim, owner } : undefined;
}
