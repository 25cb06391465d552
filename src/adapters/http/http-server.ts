/**
 * A small HTTP server for one switch (CTRKIT_HTTP; contract.md, section 5). It is part of bundles of its own, which are loaded
 * only when CTRKIT_HTTP is set (build.mjs).
 */
// Bundled to a require(): an import() would read every export of the module, and one of them brings all of fetch, 7 MB.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { OutageLog } from '../../loop/outage-log.ts';
import { parseHttpAddress } from './address.ts';
import { renderText, type HttpAnswer } from './http-answer.ts';
import { Listening, type ListeningPorts } from './listening.ts';

export interface HttpOptions extends ListeningPorts {
  /** CTRKIT_HTTP. An illegal address is logged, and there is no HTTP then. */
  readonly address: string;
  /** What it throws is a defect: logged, and answered by 500. */
  readonly answer: (method: string, target: string) => HttpAnswer | Promise<HttpAnswer>;
}

export interface HttpServer {
  /** Ends every connection, then resolves. */
  readonly close: () => Promise<void>;
}

/**
 * The whole life of a connection: request, answer, end. This one limit covers a client that sends nothing, sends byte by
 * byte, or does not read the answer.
 */
const CONNECTION_LIMIT_MS = 3_000;
const MAX_CONNECTIONS = 16;
/** Request line and header fields together; Prometheus sends a few hundred. */
const MAX_HEADER_BYTES = 4_096;

/**
 * Starts the server. Resolves when it listens, or when the first try has failed and others will follow; never rejects. The
 * server does not keep the process alive.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const address = parseHttpAddress(options.address);
  if (address.kind === 'refused') {
    options.log.warn(address.reason);
    return { close: async () => {} };
  }
  const server = createLimitedServer(options);
  const listening = new Listening(server, address, options);
  await listening.tryOnce();
  return {
    close: () => {
      listening.stop();
      return closeServer(server);
    },
  };
}

function createLimitedServer({ answer, log, clock }: HttpOptions): Server {
  const outage = new OutageLog(log, clock);
  const answerSafely = async (method: string, target: string): Promise<HttpAnswer> => {
    try {
      return await answer(method, target);
    } catch (error) {
      outage.logFailure(`an HTTP answer failed, a defect of ctrkit: ${(error as Error).stack}`);
      return renderText(500, 'error: see the log');
    }
  };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, ({ method = '', url = '' }, response) => {
    response.on('error', () => response.destroy());
    answerSafely(method, url)
      .then((whole) => sendAnswer(response, whole))
      .catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', limitConnection);
  server.on('error', (error) => {
    if (server.listening) outage.logFailure(`HTTP: ${error.message}`);
  });
  return server.unref();
}

function limitConnection(socket: Socket): void {
  const limit = setTimeout(() => socket.destroy(), CONNECTION_LIMIT_MS).unref();
  socket.once('close', () => clearTimeout(limit));
  socket.unref();
}

function sendAnswer(response: ServerResponse, { status, contentType, body, allow }: HttpAnswer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // Connections are few, and a client that asks every ten seconds needs none that stays open.
    Connection: 'close',
    ...(allow === undefined ? {} : { Allow: allow }),
  });
  response.end(bytes);
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
