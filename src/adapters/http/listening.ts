import { once } from 'node:events';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { type BackoffTiming } from '../../contract/backoff.ts';
import { Backoff } from '../../loop/backoff.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { HttpAddress } from './address.ts';

export type ListenAddress = Exclude<HttpAddress, { kind: 'refused' }>;

/** How long the owner of the socket file may take to accept a connection. */
const ANSWER_LIMIT_MS = 1_000;
const BACKOFF: BackoffTiming = { firstMs: 1_000, longestMs: 60_000 };
/** Root only, as supervisord's own socket: a check's message may hold more than everybody should know. */
const SOCKET_MODE = 0o600;

export interface ListeningPorts {
  /** What is served, for the log: `health and metrics`. */
  readonly what: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Gets a server to listen, and tries again, ever more seldom, where it can't: an address may be in use for a while. */
export class Listening {
  readonly #server: Server;
  readonly #address: ListenAddress;
  readonly #what: string;
  readonly #log: Log;
  readonly #outage: OutageLog;
  readonly #backoff = new Backoff(BACKOFF, undefined);
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(server: Server, address: ListenAddress, { what, log, clock }: ListeningPorts) {
    this.#server = server;
    this.#address = address;
    this.#what = what;
    this.#log = log;
    this.#outage = new OutageLog(log, clock);
  }

  /** Resolves, and never rejects, when the server listens or is going to be tried again. */
  async tryOnce(): Promise<void> {
    try {
      await this.#listen();
      this.#log.info(`${this.#what}: ${describeAddress(this.#address)}`);
    } catch (error) {
      if (this.#isClosed) return;
      if (this.#server.listening) this.#server.close();
      this.#outage.logFailure(describeFailure(this.#address, error as NodeJS.ErrnoException));
      this.#retry = setTimeout(() => void this.tryOnce(), this.#backoff.recordFailure()).unref();
    }
  }

  stop(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  async #listen(): Promise<void> {
    const address = this.#address;
    if (address.kind === 'tcp') {
      this.#server.listen({ host: address.host, port: address.port });
      await once(this.#server, 'listening');
      return;
    }
    if (await isLeftOver(address.path)) rmSync(address.path, { force: true });
    if (this.#isClosed) throw new Error('closed meanwhile');
    this.#server.listen({ path: address.path });
    await once(this.#server, 'listening');
    chmodSync(address.path, SOCKET_MODE);
  }
}

/** Whether the file is a socket that nobody listens on, as a killed process leaves it. */
async function isLeftOver(path: string): Promise<boolean> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  const connection = createConnection({ path });
  try {
    await once(connection, 'connect', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    connection.destroy();
  }
}

const describeAddress = (address: ListenAddress): string =>
  address.kind === 'unix'
    ? `unix socket ${address.path}`
    : `http://${address.host === '::1' ? '[::1]' : address.host}:${address.port}`;

function describeFailure(address: ListenAddress, { code, message }: NodeJS.ErrnoException): string {
  const advice = ADVICE[address.kind][code ?? ''] ?? message;
  return `CTRKIT_HTTP, ${describeAddress(address)}: ${advice}. Trying again; all else goes on without it`;
}

const ADVICE: Readonly<Record<ListenAddress['kind'], Readonly<Record<string, string>>>> = {
  tcp: {
    EADDRINUSE:
      'the port is taken. Every container of a switch shares its ports: give this one a port of its own, or a unix socket',
    EADDRNOTAVAIL: 'this switch has no such address',
  },
  unix: {
    EADDRINUSE: 'the path is taken, by another process that listens or by a file that is no socket',
    // libuv reports ENOENT so too.
    EACCES: 'its folder is not there, or may not be written',
  },
};
