import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { CtrkitError } from '../../../contract/errors.ts';
import type { ApiCall } from './api-call.ts';
import { createAnswerError, wrapConnectionError } from './api-error.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { parseJson } from './node-object.ts';

/** An API server answers in milliseconds, and gives up on its own database after some seconds. */
const DEFAULT_TIME_LIMIT_MS = 10_000;

export interface ApiServerSettings {
  /** The first file that is there is used. */
  readonly kubeconfigs: readonly string[];
  /** Time limit of one call, milliseconds. */
  readonly timeLimitMs?: number;
}

export interface ApiAnswer {
  readonly access: ClusterAccess;
  readonly status: number;
  /** Undefined for a body that is no JSON. */
  readonly object: unknown;
}

/** Loaded when used: a switch without a cluster needs neither https nor the reader of kubeconfigs. */
const loadClient = async () => ({
  ...(await import('./kubeconfig.ts')),
  ...(await import('./api-call.ts')),
});

/** The API server that the kubeconfig names. The kubeconfig and its certificates are read anew for each call. */
export class ApiServer {
  readonly #kubeconfigs: readonly string[];
  readonly #timeLimitMs: number;
  readonly #closing = new AbortController();

  constructor({ kubeconfigs, timeLimitMs = DEFAULT_TIME_LIMIT_MS }: ApiServerSettings) {
    this.#kubeconfigs = kubeconfigs;
    this.#timeLimitMs = timeLimitMs;
  }

  /** Undefined if there is no kubeconfig. Throws CtrkitError('cluster') for a broken one. */
  async findAccess(): Promise<ClusterAccess | undefined> {
    const path = this.#kubeconfigs.find((candidate) => existsSync(candidate));
    if (path === undefined) return undefined;
    const { readKubeconfig } = await loadClient();
    return readKubeconfig(path);
  }

  /** Throws CtrkitError('cluster') if there is no whole answer. */
  async call({ method, path, patch }: Pick<ApiCall, 'method' | 'path' | 'patch'>): Promise<ApiAnswer> {
    const access = await this.#requireAccess();
    const { callApi } = await loadClient();
    const limits = { signal: this.#closing.signal, timeLimitMs: this.#timeLimitMs };
    const { status, text } = await callApi(access, { method, path, patch, ...limits });
    return { access, status, object: parseJson(text) };
  }

  /** Opens a GET whose body is read as it comes. Throws CtrkitError('cluster') for any answer but 200. */
  async openStream(path: string): Promise<IncomingMessage> {
    const access = await this.#requireAccess();
    const { openStream, readText } = await loadClient();
    const limits = { signal: this.#closing.signal, timeLimitMs: this.#timeLimitMs };
    const answer = await openStream(access, { method: 'GET', path, ...limits });
    if (answer.statusCode === 200) return answer;
    const limit = setTimeout(() => answer.destroy(), this.#timeLimitMs);
    const text = await readText(answer).catch((error: unknown) => {
      throw wrapConnectionError(access, error);
    });
    clearTimeout(limit);
    throw createAnswerError(access, answer.statusCode ?? 0, parseJson(text));
  }

  /** Ends every call that is under way. */
  close(): void {
    this.#closing.abort();
  }

  async #requireAccess(): Promise<ClusterAccess> {
    const access = await this.findAccess();
    if (access === undefined) throw new CtrkitError('cluster', 'the kubeconfig is gone');
    return access;
  }
}
