import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** What the proxy does with a connection. */
export type ProxyMode =
  | 'pass'
  /** Takes it and ends it at once. */
  | 'refuse'
  /** Ends it after the first answer of the server. */
  | 'drop-after-answer'
  /** Ends it in place of the first answer: what was asked for is carried out, and nobody hears of it. */
  | 'lose-answer'
  /** Leaves it open and passes nothing on; what was sent meanwhile arrives when that is over. */
  | 'stall';

/** One command of a client, however long: an array of RESP. */
const COMMAND = /\*\d+\r\n\$\d+\r\n/g;

/** Between the processes of one container and Redis: a port of 127.0.0.1 that passes on, counts, and fails as it is told. */
export class RedisProxy {
  port = 0;
  /** Connections and commands so far, whichever is more. */
  #connections = 0;
  #commands = 0;
  #mode: ProxyMode = 'pass';
  #server: Server | undefined;
  readonly #findSocket: () => string;
  /** The connection to Redis of each client. */
  readonly #clients = new Map<Socket, Socket | undefined>();

  private constructor(findSocket: () => string) {
    this.#findSocket = findSocket;
  }

  /** `findSocket` gives the path of the socket of the Redis to pass on to, asked for each connection. */
  static async start(t: TestContext, findSocket: () => string): Promise<RedisProxy> {
    const proxy = new RedisProxy(findSocket);
    t.after(() => proxy.close());
    await proxy.move();
    return proxy;
  }

  get requests(): number {
    return Math.max(this.#connections, this.#commands);
  }

  /** Ends the connections that there are, unless they are only stalled: they were made in another mode. */
  set mode(mode: ProxyMode) {
    const isStall = mode === 'stall' || this.#mode === 'stall';
    this.#mode = mode;
    if (!isStall) this.drop();
    for (const [client, redis] of this.#clients) {
      if (redis === undefined) client.destroy();
      for (const side of [client, redis]) side?.[mode === 'stall' ? 'pause' : 'resume']();
    }
  }

  /** Another port, nobody behind the old one any more. */
  async move(): Promise<void> {
    this.close();
    const server = createServer((client) => this.serve(client));
    this.#server = server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server?.close();
    this.drop();
  }

  drop(): void {
    for (const client of this.#clients.keys()) client.destroy();
    this.#clients.clear();
  }

  private serve(client: Socket): void {
    this.#connections += 1;
    client.on('error', () => undefined);
    if (this.#mode === 'refuse') {
      client.destroy();
      return;
    }
    if (this.#mode === 'stall') {
      this.#clients.set(client.pause(), undefined);
      client.on('close', () => this.#clients.delete(client));
      return;
    }
    const redis = createConnection(this.#findSocket());
    this.#clients.set(client, redis);
    redis.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => (this.#clients.delete(client), redis.destroy()));
    client.on('data', (chunk) => {
      this.#commands += chunk.toString('latin1').match(COMMAND)?.length ?? 0;
      redis.write(chunk);
    });
    const mode = this.#mode;
    redis.on('data', (chunk) => {
      if (mode !== 'lose-answer') client.write(chunk);
      if (mode !== 'pass') client.end(() => client.destroy());
    });
  }
}
