import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { rootCertificates } from 'node:tls';
import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';

/** For the whole answer. */
const TIME_LIMIT_MS = 30_000;
/** Debian's list of authorities, which Node.js does not read by itself. */
const HOST_CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

export interface FetchOptions {
  readonly url: string;
  /** The server's certificate is not verified. */
  readonly isInsecure: boolean;
  /** A file of certificates to trust beside Node.js' own; empty for the host's list. */
  readonly caPath: string;
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
}

/**
 * Fetches the text at an https URL: one GET, no redirects, no proxy. Throws CtrkitError('cluster') with what an operator can do;
 * the message holds nothing of the answer.
 */
export function fetchAdminConfig(options: FetchOptions): Promise<string> {
  const { url, isInsecure, caPath, signal, timeLimitMs = TIME_LIMIT_MS } = options;
  return new Promise((resolve, reject) => {
    const requestOptions: RequestOptions = {
      agent: false,
      rejectUnauthorized: !isInsecure,
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      ...(isInsecure ? {} : { ca: readAuthorities(caPath) }),
    };
    const outgoing = request(url, requestOptions, (answer) => {
      collectText(answer, (text) => settle(() => resolve(text)), fail);
    });
    const limit = setTimeout(() => fail(`no whole answer within ${timeLimitMs / 1_000} s`), timeLimitMs);
    const interrupt = (): void => fail('it was interrupted');
    signal.addEventListener('abort', interrupt, { once: true });
    const settle = (end: () => void): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', interrupt);
      end();
    };
    function fail(reason: string): void {
      settle(() =>
        reject(new CtrkitError('cluster', `${hideUser(url)} can't be fetched: ${toPlainLine(reason, 300)}`)),
      );
      outgoing.destroy();
    }
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(explainError(error)));
    if (signal.aborted) interrupt();
    else outgoing.end();
  });
}

function collectText(
  answer: IncomingMessage,
  done: (text: string) => void,
  fail: (reason: string) => void,
): void {
  const { statusCode = 0, headers } = answer;
  if (statusCode >= 300 && statusCode < 400)
    return fail('it points elsewhere (a redirect), which is not followed');
  if (statusCode !== 200) return fail(`the server answers ${statusCode}`);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return fail('the answer is compressed');
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ADMIN_CONFIG_BYTES)
      return fail(`the answer is longer than ${MAX_ADMIN_CONFIG_BYTES} bytes`);
    chunks.push(chunk);
  });
  answer.on('error', (error) => fail(error.message));
  answer.on('end', () => {
    if (answer.complete) done(Buffer.concat(chunks).toString('utf8'));
    else fail('the answer was cut short');
  });
}

/** The certificates to trust: Node.js' own, and the host's list or the file that CTRKIT_ADMIN_CONF_CA names. */
function readAuthorities(caPath: string): string[] {
  try {
    return [...rootCertificates, readFileSync(caPath || HOST_CA_FILE, 'latin1')];
  } catch (error) {
    if (caPath === '') return [...rootCertificates];
    throw new CtrkitError('cluster', `CTRKIT_ADMIN_CONF_CA can't be read: ${(error as Error).message}`);
  }
}

/** Error codes of OpenSSL and Node.js for a certificate that is not trusted. */
const NOT_TRUSTED =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+)$/;

function explainError({ code = '', message }: NodeJS.ErrnoException): string {
  if (!NOT_TRUSTED.test(code)) return message || code;
  return `its certificate is not trusted (${message}): name its authority by CTRKIT_ADMIN_CONF_CA; or, where nobody can come in between, config kubernetes server insecure on`;
}

/** A URL without the user and the password in it. */
const hideUser = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');
