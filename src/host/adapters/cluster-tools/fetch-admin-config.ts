import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { rootCertificates } from 'node:tls';
import { CtrkitError } from '../../../contract/errors.ts';
import { toPlainLine } from '../../../text/printable.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';

/** The whole of it, and not a try each. */
const TIME_LIMIT_MS = 30_000;
/** Debian's list, which Node.js does not read by itself. */
const HOST_CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

export interface FetchOptions {
  readonly url: string;
  /** The certificate is not looked at. */
  readonly isInsecure: boolean;
  /** Empty for the host's own list. */
  readonly caPath: string;
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
}

/**
 * The text at an https URL: one GET, no redirects, no proxy. Throws CtrkitError('cluster') with what to do about it; nothing
 * of the answer gets into it.
 */
export function fetchAdminConfig(options: FetchOptions): Promise<string> {
  const { url, isInsecure, caPath, signal, timeLimitMs = TIME_LIMIT_MS } = options;
  return new Promise((resolve, reject) => {
    const how: RequestOptions = {
      agent: false,
      rejectUnauthorized: !isInsecure,
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      ...(isInsecure ? {} : { ca: readAuthorities(caPath) }),
    };
    const asked = request(url, how, (answer) => {
      collect(answer, (text) => settle(() => resolve(text)), fail);
    });
    const limit = setTimeout(() => fail(`no whole answer within ${timeLimitMs / 1_000} s`), timeLimitMs);
    const interrupt = (): void => fail('it was interrupted');
    signal.addEventListener('abort', interrupt, { once: true });
    const settle = (act: () => void): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', interrupt);
      act();
    };
    function fail(why: string): void {
      settle(() =>
        reject(new CtrkitError('cluster', `${hideUser(url)} can't be fetched: ${toPlainLine(why, 300)}`)),
      );
      asked.destroy();
    }
    asked.on('error', (error: NodeJS.ErrnoException) => fail(explain(error)));
    if (signal.aborted) interrupt();
    else asked.end();
  });
}

function collect(answer: IncomingMessage, done: (text: string) => void, fail: (why: string) => void): void {
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

/** Node.js' own, and the host's or those that somebody names. */
function readAuthorities(caPath: string): string[] {
  try {
    return [...rootCertificates, readFileSync(caPath || HOST_CA_FILE, 'latin1')];
  } catch (error) {
    if (caPath === '') return [...rootCertificates];
    throw new CtrkitError('cluster', `CTRKIT_ADMIN_CONF_CA can't be read: ${(error as Error).message}`);
  }
}

/** Of OpenSSL and Node.js: the certificate is not what it should be. */
const NOT_TRUSTED =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+)$/;

function explain({ code = '', message }: NodeJS.ErrnoException): string {
  if (!NOT_TRUSTED.test(code)) return message || code;
  return `its certificate is not trusted (${message}): name its authority by CTRKIT_ADMIN_CONF_CA; or, where nobody can come in between, config kubernetes server insecure on`;
}

const hideUser = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');
