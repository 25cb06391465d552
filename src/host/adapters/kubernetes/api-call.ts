import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** An API server answers in milliseconds, and gives up on its own database after some seconds. */
const TIME_LIMIT_MS = 10_000;
/** A node with all of its images and volumes has some 100 kB; its database takes no object beyond 1.5 MB. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface ApiCall {
  readonly method: 'GET' | 'PATCH';
  /** With its query. */
  readonly path: string;
  /** A JSON merge patch. */
  readonly patch?: unknown;
  readonly timeLimitMs?: number | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** One call on a connection of its own. Throws CtrkitError('cluster'). */
export async function callApi(access: ClusterAccess, call: ApiCall): Promise<ApiAnswer> {
  const { timeLimitMs = TIME_LIMIT_MS } = call;
  let asked: ClientRequest | undefined;
  let late: Error | undefined;
  const limit = setTimeout(() => {
    late = new Error(`no whole answer within ${timeLimitMs / 1_000} s`);
    asked?.destroy(late);
  }, timeLimitMs);
  try {
    asked = startRequest(access, call);
    const answer = await waitForAnswer(asked);
    return { status: answer.statusCode ?? 0, text: await readText(answer) };
  } catch (error) {
    // In the middle of an answer a request that is destroyed says "aborted".
    throw explain(access, late ?? error);
  } finally {
    clearTimeout(limit);
  }
}

/** The answer's beginning within the time limit; the rest is the caller's to read. Throws CtrkitError('cluster'). */
export async function openStream(access: ClusterAccess, call: ApiCall): Promise<IncomingMessage> {
  const { timeLimitMs = TIME_LIMIT_MS } = call;
  let limit: NodeJS.Timeout | undefined;
  try {
    // Throws for a certificate and a key that don't belong together.
    const asked = startRequest(access, call);
    limit = setTimeout(
      () => asked.destroy(new Error(`no answer within ${timeLimitMs / 1_000} s`)),
      timeLimitMs,
    );
    const answer = await waitForAnswer(asked);
    // Whatever happens to it from here on, its reader is told.
    asked.on('error', () => undefined);
    answer.on('error', () => undefined);
    return answer;
  } catch (error) {
    throw explain(access, error);
  } finally {
    clearTimeout(limit);
  }
}

function startRequest(access: ClusterAccess, { method, path, patch, signal }: ApiCall): ClientRequest {
  const body = patch === undefined ? '' : JSON.stringify(patch);
  const asked = request({
    ...access.options,
    host: access.host,
    port: access.port,
    method,
    path: `${access.pathPrefix}${path}`,
    // A connection of its own: what was renewed on the disk holds from this call on, and no proxy comes in between.
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
  asked.end(body);
  return asked;
}

const waitForAnswer = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((fulfil, reject) => {
    asked.once('response', fulfil);
    asked.once('error', reject);
  });

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

export function explain({ host, port }: ClusterAccess, error: unknown): CtrkitError {
  if (error instanceof CtrkitError) return error;
  const { message } = error as Error;
  return new CtrkitError(
    'cluster',
    `the Kubernetes master at ${host}:${port} can't be used: ${toPlainLine(message, 300)}`,
    { cause: error },
  );
}
