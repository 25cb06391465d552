/**
 * As much of a Kubernetes API server as a node's labels need: https with a certificate of its own, nodes with managedFields
 * and watches; and the ways in which one can be broken.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { FakeNodeStore } from './fake-node-store.ts';

/** Answers in place of the server; true if it did. */
type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export class FakeApiServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'ctrkit-api-'));
  fault: Fault | undefined;
  /** Who called: the client certificate's name, or the token; the newest last. */
  readonly callers: string[] = [];
  readonly requests: string[] = [];
  #server: Server | undefined;
  #port = 0;
  readonly #nodes = new FakeNodeStore();
  readonly #watches = new Map<ServerResponse, string>();

  static async start(t: TestContext): Promise<FakeApiServer> {
    const server = new FakeApiServer();
    t.after(() => server.stop());
    server.makeCertificate('server', '/CN=fake-api', 'subjectAltName=IP:127.0.0.1');
    server.makeCertificate('client', '/O=system:nodes/CN=system:node:one');
    await server.listen();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** A certificate that vouches for itself, and its key: `NAME.crt`, `NAME.key`. */
  makeCertificate(name: string, subject: string, extension = 'keyUsage=digitalSignature'): void {
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    words.push('-days', '2', '-subj', subject, '-addext', extension);
    words.push('-keyout', `${this.folder}/${name}.key`, '-out', `${this.folder}/${name}.crt`);
    const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
  }

  /** Writes a kubeconfig by the client's certificate, with changes to its cluster and its user. */
  writeKubeconfig(
    { cluster = {}, user }: { cluster?: Readonly<Record<string, unknown>>; user?: object } = {},
    name = 'kubelet.conf',
  ): string {
    const path = `${this.folder}/${name}`;
    const config = {
      clusters: [
        { name: 'c', cluster: { server: this.url, 'certificate-authority': 'server.crt', ...cluster } },
      ],
      users: [
        { name: 'u', user: user ?? { 'client-certificate': 'client.crt', 'client-key': 'client.key' } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  /** Every connection ends, and nobody listens any more. */
  async stop(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#watches.clear();
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** At the same address as before. */
  async listen(): Promise<void> {
    const server = createServer(
      {
        cert: readFileSync(`${this.folder}/server.crt`),
        key: readFileSync(`${this.folder}/server.key`),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => this.#answer(request, response),
    );
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** A line to every watch. */
  sendEvent(type: string, object: unknown): void {
    for (const response of this.#watches.keys()) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** As it comes, not a whole line perhaps. */
  sendText(text: string): void {
    for (const response of this.#watches.keys()) response.write(text);
  }

  cutWatches(): void {
    for (const response of this.#watches.keys()) response.destroy();
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  readLabels(name: string): Readonly<Record<string, string>> | undefined {
    return this.#nodes.find(name)?.metadata.labels;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    const certificate = (request.socket as TLSSocket).getPeerCertificate();
    const { CN: caller } = certificate.subject ?? {};
    this.callers.push(request.headers.authorization ?? String(caller ?? ''));
    if (this.fault?.(request, response) === true) return;
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', this.url);
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      const [, , , , name] = url.pathname.split('/');
      if (url.searchParams.get('watch') === 'true') return this.#openWatch(url, response);
      const fieldManager = url.searchParams.get('fieldManager') ?? 'unknown';
      const result = this.#nodes.handle(request.method ?? '', { name, body, fieldManager });
      if (result.event !== undefined) this.sendEvent(result.event, result.object);
      if (result.kind === 'object') send(response, result.status, result.object);
      else sendStatus(response, result.status, result.reason, result.message);
    });
  }

  #openWatch(url: URL, response: ServerResponse): void {
    response.setHeader('Content-Type', 'application/json');
    response.flushHeaders();
    this.#watches.set(response, url.search);
    const limit = setTimeout(() => response.end(), Number(url.searchParams.get('timeoutSeconds')) * 1_000);
    response.on('close', () => {
      clearTimeout(limit);
      this.#watches.delete(response);
    });
  }
}

const send = (response: ServerResponse, status: number, object: unknown): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(object));
};

export const sendStatus = (response: ServerResponse, code: number, reason: string, message: string): void =>
  send(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
