/** Stands between a client and the engine's socket and notes what is asked for. */
import { createConnection, createServer, type Server, type Socket } from 'node:net';

const ENGINE = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') || '/var/run/docker.sock';
const REQUEST = /^([A-Z]+ \S+) HTTP\/1\.1\r$/gm;

export class EngineRecorder {
  /** `GET /containers/json?…`, in their order. */
  readonly requests: string[] = [];
  readonly socketPath: string;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    this.#server = createServer((client) => this.relay(client));
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.socketPath, resolve);
    });
  }

  /** All that is more than a question. */
  get changes(): string[] {
    return this.requests.filter((request) => !request.startsWith('GET '));
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  private relay(client: Socket): void {
    const engine = createConnection(ENGINE);
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy()).once('close', () => to.destroy());
      from.once('close', () => this.#sockets.delete(from));
      from.pipe(to);
    }
    client.on('data', (chunk: Buffer) => {
      for (const [, request = ''] of chunk.toString('latin1').matchAll(REQUEST)) this.requests.push(request);
    });
  }
}
