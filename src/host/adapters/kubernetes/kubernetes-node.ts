import { existsSync } from 'node:fs';
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
import type { ApiCall } from './api-call.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { decodeNode, decodeStatus, FIELD_MANAGER, parseJson } from './node-object.ts';

/** Beyond the server's own limit for a watch. */
const WATCH_EXTRA_MS = 30_000;
/** What it says where a node may write no label at all: a matter of rights that may come, not of this label. */
const NO_RIGHTS = /cannot patch resource/;

export interface KubernetesNodeSettings {
  /** The first one that is there is used. */
  readonly kubeconfigs: readonly string[];
  /** As of now: SONiC names the host while it starts. */
  readonly nodeName: () => string;
  readonly timeLimitMs?: number;
}

/** What a switch without a master never loads: https and the reader of kubeconfigs. */
const loadClient = async () => ({
  ...(await import('./kubeconfig.ts')),
  ...(await import('./api-call.ts')),
  ...(await import('./node-watch.ts')),
});

export class KubernetesNode implements ClusterNode {
  readonly #settings: KubernetesNodeSettings;
  readonly #closing = new AbortController();
  readonly #watches = new Set<() => void>();

  constructor(settings: KubernetesNodeSettings) {
    this.#settings = settings;
  }

  readName(): string {
    const name = this.#settings.nodeName();
    const fault = findSubdomainFault(name);
    if (fault === undefined) return name;
    const shown = JSON.stringify(toPlainLine(name, 80));
    throw new CtrkitError('cluster', `${shown} can't be a node's name: it ${fault}; set CTRKIT_NODE_NAME`);
  }

  async findServer(): Promise<ClusterServer | undefined> {
    const path = this.findKubeconfig();
    if (path === undefined) return undefined;
    const { readKubeconfig } = await loadClient();
    const { host, port } = await readKubeconfig(path);
    return { host, port };
  }

  async read(): Promise<NodeReading> {
    const name = this.readName();
    const { access, status, object } = await this.call({ method: 'GET', path: pathOf(name) });
    if (status === 200) return { kind: 'found', node: decodeAnswer(access, object, name) };
    if (status === 404 && decodeStatus(object)?.reason === 'NotFound') return { kind: 'missing' };
    throw refusal(access, status, object);
  }

  async writeLabel({ key, value, resourceVersion }: LabelWrite): Promise<LabelResult> {
    const name = this.readName();
    const labels = { [key]: value ?? null };
    const patch = { metadata: { ...(resourceVersion !== undefined && { resourceVersion }), labels } };
    const path = `${pathOf(name)}?fieldManager=${FIELD_MANAGER}`;
    const { access, status, object } = await this.call({ method: 'PATCH', path, patch });
    const said = decodeStatus(object);
    if (status === 200) return { kind: 'written', node: decodeAnswer(access, object, name) };
    if (said === undefined) throw refusal(access, status, object);
    if (status === 404 && said.reason === 'NotFound') return { kind: 'missing' };
    if (status === 409) return { kind: 'conflict' };
    if ([400, 403, 422].includes(status) && !NO_RIGHTS.test(said.message))
      return { kind: 'refused', text: said.message };
    return { kind: 'failed', text: `it answers ${status}: ${said.message}`, isBusy: status === 429 };
  }

  async watch(
    { resourceVersion, timeoutS }: { resourceVersion: string; timeoutS: number },
    watch: NodeWatch,
  ): Promise<() => void> {
    const name = this.readName();
    const { readKubeconfig, openStream, readText, explain, followNode } = await loadClient();
    const access = await readKubeconfig(this.assertKubeconfig());
    const query = new URLSearchParams({
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutS),
    });
    const answer = await openStream(access, {
      ...this.limits(),
      method: 'GET',
      path: `/api/v1/nodes?${query.toString()}`,
    });
    if (answer.statusCode !== 200) {
      const limit = setTimeout(() => answer.destroy(), this.#settings.timeLimitMs ?? 10_000);
      const text = await readText(answer).catch((error: unknown) => {
        throw explain(access, error);
      });
      clearTimeout(limit);
      throw refusal(access, answer.statusCode ?? 0, parseJson(text));
    }
    // A connection that a firewall has forgotten is found by the kernel, too.
    answer.socket.setKeepAlive(true, 30_000);
    const limitMs = timeoutS * 1_000 + WATCH_EXTRA_MS;
    const stop = followNode(answer, { name, limitMs }, watch);
    this.#watches.add(stop);
    answer.once('close', () => this.#watches.delete(stop));
    return stop;
  }

  close(): void {
    // First the watches, who are told nothing then.
    for (const stop of this.#watches) stop();
    this.#closing.abort();
  }

  private async call(call: Pick<ApiCall, 'method' | 'path' | 'patch'>): Promise<ParsedAnswer> {
    const { readKubeconfig, callApi } = await loadClient();
    const access = await readKubeconfig(this.assertKubeconfig());
    const { status, text } = await callApi(access, { ...call, ...this.limits() });
    return { access, status, object: parseJson(text) };
  }

  private limits(): Pick<ApiCall, 'signal' | 'timeLimitMs'> {
    return { signal: this.#closing.signal, timeLimitMs: this.#settings.timeLimitMs };
  }

  private findKubeconfig(): string | undefined {
    return this.#settings.kubeconfigs.find((path) => existsSync(path));
  }

  private assertKubeconfig(): string {
    const path = this.findKubeconfig();
    if (path === undefined) throw new CtrkitError('cluster', 'the kubeconfig is gone');
    return path;
  }
}

interface ParsedAnswer {
  readonly access: ClusterAccess;
  readonly status: number;
  readonly object: unknown;
}

const pathOf = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;

function decodeAnswer(access: ClusterAccess, object: unknown, name: string): NodeState {
  try {
    return decodeNode(object, name);
  } catch (error) {
    const text = `its answer makes no sense: ${toPlainLine((error as Error).message, 200)}`;
    throw unusable(access, text, error);
  }
}

function refusal(access: ClusterAccess, status: number, object: unknown): CtrkitError {
  const said = decodeStatus(object);
  if (said === undefined) return unusable(access, `it answers ${status}, and not as an API server does`);
  return status === 401
    ? unusable(access, 'it does not accept the credentials of this switch (401)')
    : unusable(access, `it answers ${status}: ${said.message}`);
}

const unusable = ({ host, port }: ClusterAccess, text: string, cause?: unknown): CtrkitError =>
  new CtrkitError('cluster', `the Kubernetes master at ${host}:${port} can't be used: ${text}`, { cause });
