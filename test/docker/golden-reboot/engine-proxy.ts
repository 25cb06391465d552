/** The engine behind a socket of the test's own, which can be closed: the engine itself has other things to do. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENGINE = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');

export class EngineProxy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctrkit-engine-'));
  readonly path = join(this.#folder, 'docker.sock');
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  async open(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(ENGINE);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
      }
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
    });
    server.listen(this.path);
    await once(server, 'listening');
    this.#server = server;
  }

  /** Every connection breaks, and no other comes about. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
