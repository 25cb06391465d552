import { CtrkitError } from '../../../contract/errors.ts';
import { findSubdomainFault } from '../../../contract/cluster/kubernetes-names.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type {
  ClusterNode,
  ClusterServer,
  LabelResult,
  LabelWrite,
  NodeReading,
  NodeState,
  NodeWatch,
} from '../../../ports/cluster-node.ts';
import { createAnswerError, createApiError } from './api-error.ts';
import { ApiServer, type ApiAnswer, type ApiServerSettings } from './api-server.ts';
import { decodeNode, decodeStatus, FIELD_MANAGER } from './node-object.ts';

/** Added to the API server's own limit for a watch. */
const WATCH_EXTRA_MS = 30_000;
/** The kernel looks for a connection that a firewall has dropped. */
const KEEP_ALIVE_MS = 30_000;
/** The API server's message where this switch may write no label at all. That is not about one label, and may change. */
const NO_RIGHTS = /cannot patch resource/;

export interface KubernetesNodeSettings extends ApiServerSettings {
  /** The Node's name as of now: SONiC names the host while it boots. */
  readonly nodeName: () => string;
}

/** The Node of this switch, by the Kubernetes API. */
export class KubernetesNode implements ClusterNode {
  readonly #nodeName: () => string;
  readonly #server: ApiServer;
  readonly #watches = new Set<() => void>();

  constructor(settings: KubernetesNodeSettings) {
    this.#nodeName = settings.nodeName;
    this.#server = new ApiServer(settings);
  }

  readName(): string {
    const name = this.#nodeName();
    const fault = findSubdomainFault(name);
    if (fault === undefined) return name;
    const shown = JSON.stringify(toPlainLine(name, 80));
    throw new CtrkitError('cluster', `${shown} can't be a node's name: it ${fault}; set CTRKIT_NODE_NAME`);
  }

  async findServer(): Promise<ClusterServer | undefined> {
    const access = await this.#server.findAccess();
    return access && { host: access.host, port: access.port };
  }

  async read(): Promise<NodeReading> {
    const name = this.readName();
    const answer = await this.#server.call({ method: 'GET', path: pathOfNode(name) });
    if (answer.status === 200) return { kind: 'found', node: decodeAnswer(answer, name) };
    if (answer.status === 404 && decodeStatus(answer.object)?.reason === 'NotFound')
      return { kind: 'missing' };
    throw createAnswerError(answer.access, answer.status, answer.object);
  }

  async writeLabel({ key, value, resourceVersion }: LabelWrite): Promise<LabelResult> {
    const name = this.readName();
    const labels = { [key]: value ?? null };
    const patch = { metadata: { ...(resourceVersion !== undefined && { resourceVersion }), labels } };
    const path = `${pathOfNode(name)}?fieldManager=${FIELD_MANAGER}`;
    return decodeLabelResult(await this.#server.call({ method: 'PATCH', path, patch }), name);
  }

  async watch(
    { resourceVersion, timeoutS }: { resourceVersion: string; timeoutS: number },
    watch: NodeWatch,
  ): Promise<() => void> {
    const name = this.readName();
    const query = new URLSearchParams({
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutS),
    });
    // Loaded before the stream opens: an event that comes while nobody listens would be lost.
    const { followNode } = await import('./node-watch.ts');
    const answer = await this.#server.openStream(`/api/v1/nodes?${query.toString()}`);
    answer.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const stop = followNode(answer, { name, limitMs: timeoutS * 1_000 + WATCH_EXTRA_MS }, watch);
    this.#watches.add(stop);
    answer.once('close', () => this.#watches.delete(stop));
    return stop;
  }

  close(): void {
    // The watches first: a watch that is stopped reports no end.
    for (const stop of this.#watches) stop();
    this.#server.close();
  }
}

const pathOfNode = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;

function decodeAnswer({ access, object }: ApiAnswer, name: string): NodeState {
  try {
    return decodeNode(object, name);
  } catch (error) {
    const text = `its answer makes no sense: ${toPlainLine((error as Error).message, 200)}`;
    throw createApiError(access, text, error);
  }
}

function decodeLabelResult(answer: ApiAnswer, name: string): LabelResult {
  const { access, status, object } = answer;
  if (status === 200) return { kind: 'written', node: decodeAnswer(answer, name) };
  const apiStatus = decodeStatus(object);
  if (apiStatus === undefined) throw createAnswerError(access, status, object);
  if (status === 404 && apiStatus.reason === 'NotFound') return { kind: 'missing' };
  if (status === 409) return { kind: 'conflict' };
  if ([400, 403, 422].includes(status) && !NO_RIGHTS.test(apiStatus.message))
    return { kind: 'refused', text: apiStatus.message };
  return { kind: 'failed', text: `it answers ${status}: ${apiStatus.message}`, isBusy: status === 429 };
}
