/** The memory of one feature as it is stored. One that does not fit counts as none: its counts start anew. */
import * as v from 'valibot';
import { NO_MEMORY, type FeatureMemory } from '../../../decide/feature/feature-memory.ts';

const text = v.string();
const ms = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const orNone = <const Schema extends v.GenericSchema>(schema: Schema) => v.optional(schema, undefined);

const CHAIN = v.object({
  token: text,
  bootId: text,
  imageId: text,
  seq: count,
  beatMs: ms,
  overdueMs: ms,
  fromMs: ms,
});

const BUCKET = v.object({
  imageId: text,
  levelMs: v.pipe(ms, v.minValue(0)),
  cause: orNone(v.picklist(['unhealthy', 'crash-looping', 'silent', 'not-deployed'])),
  notDeployedMs: v.pipe(ms, v.minValue(0)),
  asOfMs: ms,
  flow: v.picklist(['fills', 'drains', 'holds', 'not-deployed']),
});

const HOLDER = v.object({
  dockerId: text,
  token: text,
  imageId: text,
  version: text,
  wasUnhealthy: v.boolean(),
  isStopping: v.boolean(),
  restarts: count,
  restartsWhenHealthy: count,
});

const LAST_END = v.object({
  imageId: text,
  token: text,
  version: text,
  atMs: ms,
  wasPlanned: v.boolean(),
  text,
});

const EDGE = v.picklist([
  'kube-to-local',
  'local-to-kube',
  'kube-to-kube',
  'start-kube',
  'back-to-local',
  'failed-unit',
]);

const MEMORY = v.object({
  heartbeatChain: orNone(CHAIN),
  bucket: orNone(BUCKET),
  holder: orNone(HOLDER),
  lastEnd: orNone(LAST_END),
  observed: orNone(v.object({ setOwner: text, remoteState: text })),
  isLabelDue: v.boolean(),
  lastFallbackMs: orNone(ms),
  restarts: v.pipe(v.array(v.object({ edge: EDGE, atMs: ms })), v.maxLength(64)),
  rebootSinceMs: orNone(ms),
  record: orNone(v.object({ fingerprint: text, sinceMs: ms })),
});

/** Undefined for what is none. */
export function decodeFeatureMemory(stored: unknown): FeatureMemory | undefined {
  const parsed = v.safeParse(MEMORY, stored);
  if (!parsed.success) return undefined;
  const { bucket, ...rest } = parsed.output;
  return { ...NO_MEMORY, ...rest, bucket: bucket && { ...bucket, cause: bucket.cause } };
}
