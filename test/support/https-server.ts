/** An https server of a test's own, with a certificate that its own authority has signed, or another one. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** By which it can be verified: it is its own authority. */
  readonly caPath: string;
}

/** `names` as openssl has them: `IP:127.0.0.1`, `DNS:localhost`. */
export function makeCertificate(
  folder: string,
  name: string,
  names = 'IP:127.0.0.1,DNS:localhost',
): Certificate {
  const [keyPath, caPath] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const about = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', ['req', '-x509', ...kind, ...about, '-keyout', keyPath, '-out', caPath], {
    stdio: 'ignore',
  });
  return { key: readFileSync(keyPath, 'utf8'), cert: readFileSync(caPath, 'utf8'), caPath };
}

/** Resolves with its port on 127.0.0.1; closed, with every connection, when the test ends. */
export async function serveHttps(
  t: TestContext,
  { key, cert }: Certificate,
  answer: RequestListener,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer({ key, cert }, answer);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

/** A shell script in `folder`, to stand in for a tool. */
export function writeTool(folder: string, name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}
