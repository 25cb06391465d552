import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/** A test that ends without its hooks leaves no registry behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const config = (directory: string, port: number): string => `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${directory}/data}}
http: {addr: "127.0.0.1:${port}"}
`;

/**
 * An image registry of the test's own (Debian's docker-registry) on a loopback port, which engines use without TLS: what
 * was pushed to it and pulled has a digest, as images from a registry do.
 */
export class Registry {
  readonly #directory = mkdtempSync(join(tmpdir(), `ctrkit-test-${process.pid}-registry-`));
  #process: ChildProcess | undefined;
  #port = 0;

  /** What repositories begin with: `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#port = await findFreePort();
    const file = join(this.#directory, 'config.yml');
    writeFileSync(file, config(this.#directory, this.#port));
    const log = join(this.#directory, 'log');
    const command = 'exec docker-registry serve "$0" >"$1" 2>&1';
    const child = spawn('sh', ['-c', command, file, log], { stdio: 'ignore' });
    this.#process = child;
    running.add(child);
    await until('docker-registry answers', async () => {
      if (child.exitCode !== null) throw new Error(`docker-registry ended: ${readFileSync(log, 'utf8')}`);
      return fetch(`http://${this.host}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    if (child !== undefined) running.delete(child);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
