/** Node objects of a fake API server, with managedFields: which field manager last wrote a label. */

interface StoredNode {
  readonly metadata: {
    readonly name: string;
    uid: string;
    resourceVersion: string;
    labels: Record<string, string>;
    managedFields: { manager: string; fieldsV1: { 'f:metadata': { 'f:labels': Record<string, object> } } }[];
  };
}

type Metadata = StoredNode['metadata'];

interface NodeCall {
  readonly name: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
}

type NodeResult =
  | {
      readonly kind: 'object';
      readonly status: number;
      readonly object: unknown;
      /** What a watch is told; undefined for a call that changes nothing. */
      readonly event?: 'MODIFIED' | 'DELETED';
    }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly event?: undefined;
    };

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

export class FakeNodeStore {
  #version = 1;
  readonly #nodes = new Map<string, StoredNode>();

  find(name: string): StoredNode | undefined {
    return this.#nodes.get(name);
  }

  /** What the API server answers to a call on `/api/v1/nodes`. */
  handle(method: string, { name = '', body, fieldManager }: NodeCall): NodeResult {
    if (method === 'POST') return { kind: 'object', status: 201, object: this.#create(body) };
    const node = this.#nodes.get(name);
    if (node === undefined)
      return { kind: 'status', status: 404, reason: 'NotFound', message: `nodes "${name}" not found` };
    if (method === 'PATCH') return this.#patch(node, body, fieldManager);
    if (method !== 'DELETE') return { kind: 'object', status: 200, object: node };
    this.#nodes.delete(name);
    return { kind: 'object', status: 200, object: node, event: 'DELETED' };
  }

  #create(body: Readonly<Record<string, unknown>>): StoredNode {
    const { name, labels = {} } = body['metadata'] as { name: string; labels?: Record<string, string> };
    this.#version += 1;
    const node: StoredNode = {
      metadata: {
        name,
        uid: `uid-${this.#version}`,
        resourceVersion: `${this.#version}`,
        labels,
        managedFields: [],
      },
    };
    this.#nodes.set(name, node);
    return node;
  }

  #patch(node: StoredNode, body: Readonly<Record<string, unknown>>, fieldManager: string): NodeResult {
    const { metadata } = node;
    const { labels = {}, resourceVersion } = body['metadata'] as {
      labels?: Record<string, string | null>;
      resourceVersion?: string;
    };
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      return { kind: 'status', status: 409, reason: 'Conflict', message: 'the object has been modified' };
    if (Object.values(labels).some((value) => value !== null && !LABEL_VALUE.test(value))) {
      const message = `Node "${metadata.name}" is invalid: metadata.labels: Invalid value`;
      return { kind: 'status', status: 422, reason: 'Invalid', message };
    }
    for (const [key, value] of Object.entries(labels)) {
      if (metadata.labels[key] === (value ?? undefined)) continue;
      setLabel(metadata, { key, value, fieldManager });
      this.#version += 1;
      metadata.resourceVersion = `${this.#version}`;
    }
    return { kind: 'object', status: 200, object: node, event: 'MODIFIED' };
  }
}

function setLabel(
  metadata: Metadata,
  { key, value, fieldManager }: { key: string; value: string | null; fieldManager: string },
): void {
  if (value === null) delete metadata.labels[key];
  else metadata.labels[key] = value;
  for (const entry of metadata.managedFields) delete entry.fieldsV1['f:metadata']['f:labels'][`f:${key}`];
  if (value !== null) listOwnedLabels(metadata, fieldManager)[`f:${key}`] = {};
}

function listOwnedLabels(metadata: Metadata, manager: string): Record<string, object> {
  const found = metadata.managedFields.find((entry) => entry.manager === manager);
  if (found !== undefined) return found.fieldsV1['f:metadata']['f:labels'];
  const labels: Record<string, object> = { '.': {} };
  metadata.managedFields.push({ manager, fieldsV1: { 'f:metadata': { 'f:labels': labels } } });
  return labels;
}
