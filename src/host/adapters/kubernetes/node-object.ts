/** A Node and a Status of the Kubernetes API, v1: the fields that ctrkitd uses. */
import * as v from 'valibot';
import { toPlainLine } from '../../../text/printable.ts';
import type { NodeState } from '../../../ports/cluster-node.ts';

/** The field manager of ctrkitd's writes: the API server records it in managedFields, which tells whose a label is. */
export const FIELD_MANAGER = 'ctrkitd';

const FIELDS = v.record(v.string(), v.unknown());
const NODE = v.object({
  metadata: v.object({
    name: v.string(),
    uid: v.string(),
    resourceVersion: v.string(),
    labels: v.optional(v.record(v.string(), v.string()), {}),
    managedFields: v.optional(
      v.array(v.object({ manager: v.optional(v.string()), fieldsV1: v.optional(FIELDS) })),
      [],
    ),
  }),
});
const STATUS = v.object({
  kind: v.literal('Status'),
  message: v.optional(v.string(), ''),
  reason: v.optional(v.string(), ''),
});

/** Throws Error for anything but the Node of this name. */
export function decodeNode(object: unknown, name: string): NodeState {
  const { metadata } = v.parse(NODE, object);
  if (metadata.name !== name) throw new Error('it answers with another node than was asked for');
  const fields = metadata.managedFields.filter(({ manager }) => manager === FIELD_MANAGER);
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels,
    owned: new Set(fields.flatMap(({ fieldsV1 }) => listLabels(fieldsV1))),
  };
}

/** `{"f:metadata": {"f:labels": {"f:<key>": {}}}}` (Kubernetes: "Server-Side Apply", FieldsV1). */
function listLabels(fields: unknown): string[] {
  const labels = selectMember(selectMember(fields, 'f:metadata'), 'f:labels');
  return Object.keys(labels).flatMap((key) => (key.startsWith('f:') ? [key.slice(2)] : []));
}

/** Empty for anything but an object. */
function selectMember(fields: unknown, key: string): object {
  const found = typeof fields === 'object' && fields !== null && Object.entries(fields);
  const value: unknown = found ? found.find(([name]) => name === key)?.[1] : undefined;
  return typeof value === 'object' && value !== null ? value : {};
}

export interface ApiStatus {
  /** One line. */
  readonly message: string;
  readonly reason: string;
}

/** Undefined for anything but a Status: then no API server has answered. */
export function decodeStatus(object: unknown): ApiStatus | undefined {
  const parsed = v.safeParse(STATUS, object);
  return parsed.success
    ? { message: toPlainLine(parsed.output.message, 300), reason: parsed.output.reason }
    : undefined;
}

/** Undefined for a text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
