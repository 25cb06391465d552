import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { wrapConnectionError } from './api-error.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** A Node with all of its images and volumes has some 100 kB. The API server's database takes no object beyond 1.5 MB. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface ApiCall {
  readonly method: 'GET' | 'PATCH';
  /** Path and query. */
  readonly path: string;
  /** A JSON merge patch. */
  readonly patch?: unknown;
  readonly timeLimitMs: number;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** Makes one call on a connection of its own, and reads the whole answer. Throws CtrkitError('cluster'). */
export async function callApi(access: ClusterAccess, call: ApiCall): Promise<ApiAnswer> {
  const { timeLimitMs } = call;
  let outgoing: ClientRequest | undefined;
  let timeout: Error | undefined;
  const limit = setTimeout(() => {
    timeout = new Error(`no whole answer within ${timeLimitMs / 1_000} s`);
    outgoing?.destroy(timeout);
  }, timeLimitMs);
  try {
    outgoing = startRequest(access, call);
    const answer = await waitForAnswer(outgoing);
    return { status: answer.statusCode ?? 0, text: await readText(answer) };
  } catch (error) {
    // A request that is destroyed in the middle of an answer fails with "aborted".
    throw wrapConnectionError(access, timeout ?? error);
  } finally {
    clearTimeout(limit);
  }
}

/** Waits for the head of the answer within the time limit; the caller reads the body. Throws CtrkitError('cluster'). */
export async function openStream(access: ClusterAccess, call: ApiCall): Promise<IncomingMessage> {
  const { timeLimitMs } = call;
  let limit: NodeJS.Timeout | undefined;
  try {
    // Throws for a certificate and a key that don't belong together.
    const outgoing = startRequest(access, call);
    limit = setTimeout(
      () => outgoing.destroy(new Error(`no answer within ${timeLimitMs / 1_000} s`)),
      timeLimitMs,
    );
    const answer = await waitForAnswer(outgoing);
    // The reader of the body is told of every failure from here on.
    outgoing.on('error', () => undefined);
    answer.on('error', () => undefined);
    return answer;
  } catch (error) {
    throw wrapConnectionError(access, error);
  } finally {
    clearTimeout(limit);
  }
}

function startRequest(access: ClusterAccess, { method, path, patch, signal }: ApiCall): ClientRequest {
  const body = patch === undefined ? '' : JSON.stringify(patch);
  const outgoing = request({
    ...access.options,
    host: access.host,
    port: access.port,
    method,
    path: `${access.pathPrefix}${path}`,
    // A connection of its own: renewed certificates count from this call on, and no proxy comes in between.
    agent: false,
    signal,
    headers: {
      ...access.options.headers,
      Accept: 'application/json',
      'User-Agent': 'ctrkitd',
      ...(body !== '' && {
        'Content-Type': 'application/merge-patch+json',
        'Content-Length': Buffer.byteLength(body),
      }),
    },
  });
  outgoing.end(body);
  return outgoing;
}

const waitForAnswer = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((fulfil, reject) => {
    outgoing.once('response', fulfil);
    outgoing.once('error', reject);
  });

/** Throws Error for a body that is too large or that was cut off. */
export async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`it answers with more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (!answer.complete) throw new Error('its answer was cut off');
  return Buffer.concat(chunks).toString('utf8');
}
