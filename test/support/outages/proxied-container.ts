import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Container, Kit } from '../kit.ts';
import { childrenOf, isAlive } from '../processes.ts';
import type { Program } from '../program.ts';
import { until } from '../until.ts';
import { RedisProxy } from './redis-proxy.ts';

/** /run is the container's own, with the databases' folder in it; then it lasts until it is killed. */
const INIT = [
  'set -e',
  'mount -t tmpfs tmpfs /run',
  'mkdir /run/redis',
  'mount --bind "$0" /run/redis',
  'echo ready',
  'exec sleep 1000000',
].join('\n');

export interface ContainerOptions {
  readonly id: string;
  readonly version: string;
  readonly owner: 'kube' | 'local';
  readonly intervalMs: number;
  /** The path of the socket of the switch's Redis. */
  readonly findSocket: () => string;
}

interface Processes {
  readonly init: Program;
  readonly agent: Program;
  readonly gate: Program;
}

/**
 * A container with a mount namespace of its own: init, the gate, and the agent without a supervisord, all of the overlay.
 * They find Redis by database_config.json, behind a proxy that is theirs alone. The application runs from the gate's go on.
 */
export class ProxiedContainer {
  readonly options: ContainerOptions;
  readonly #kit: Kit;
  readonly #proxy: RedisProxy;
  readonly #folder: string;
  #here: Container;
  #processes: Processes | undefined;
  #starts = 0;
  /** The gate has let the application go, and nobody has ended it. */
  isApplicationRunning = false;
  /**
   * Boot clock: until when it alone was kept from beating, its agent frozen, or its way to a database cut that was usable to
   * others; Infinity while it is.
   */
  hinderedUntilMs = -Infinity;
  onGo: (container: ProxiedContainer) => void = () => undefined;
  /** What the processes of every start have said. */
  readonly lines: string[] = [];

  private constructor(kit: Kit, proxy: RedisProxy, options: ContainerOptions) {
    this.options = options;
    this.#kit = kit;
    this.#proxy = proxy;
    this.#folder = join(kit.folder, `redis-${options.id}`);
    this.#here = kit.container(options.id);
    this.writeConfig();
  }

  static async make(t: TestContext, kit: Kit, options: ContainerOptions): Promise<ProxiedContainer> {
    return new ProxiedContainer(kit, await RedisProxy.start(t, options.findSocket), options);
  }

  get proxy(): RedisProxy {
    return this.#proxy;
  }

  /** Of its last start. */
  get dockerId(): string {
    return this.#here.id;
  }

  get isStarted(): boolean {
    return this.#processes !== undefined;
  }

  get processes(): Processes {
    if (this.#processes === undefined) throw new Error(`${this.options.id} is not started`);
    return this.#processes;
  }

  async start(): Promise<void> {
    this.#starts += 1;
    const { id, version, owner, intervalMs } = this.options;
    const env = { CTRKIT_HEARTBEAT_INTERVAL: `${intervalMs}ms` };
    this.#here = this.#kit.container(`${id}${String(this.#starts).padStart(4, '0')}`, env);
    const namespace = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', INIT, this.#folder];
    const init = this.#kit.run(namespace, this.#here.env);
    await until('the namespace is made', () => init.stdout.includes('ready'));
    const agent = this.run(init, 'ctrkit_agent');
    const gate = this.run(init, 'container_startup', '-f', 'snmp', '-o', owner, '-v', version);
    this.#processes = { init, agent, gate };
    gate.child.once('exit', (code) => {
      // One that was killed a moment later runs nothing.
      if (code !== 0 || this.#processes?.gate !== gate) return;
      this.isApplicationRunning = true;
      this.onGo(this);
    });
  }

  /** As by SIGKILL of all of it at one instant. */
  async kill(): Promise<void> {
    const found = this.#processes;
    if (found === undefined) return;
    this.isApplicationRunning = false;
    this.#processes = undefined;
    const all = [found.gate, found.agent, found.init];
    for (const one of all) one.signal('SIGKILL');
    await until('all of it is gone', () => all.every(({ pid }) => !isAlive(pid)));
  }

  /** SIGSTOP or SIGCONT of the agent, and of nothing else. */
  signalAgent(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { agent } = this.processes;
    agent.signal(signal);
    for (const { pid } of childrenOf(agent.pid)) process.kill(pid, signal);
  }

  /** As by `docker stop`: the application ends first, then the agent releases. */
  async stop(): Promise<void> {
    this.isApplicationRunning = false;
    const { agent, gate } = this.processes;
    gate.signal('SIGTERM');
    agent.signal('SIGTERM');
    await until('the agent ends', () => !agent.isRunning);
    await this.kill();
  }

  /** The switch's Redis is at another port from now on, as database_config.json says. */
  async moveProxy(): Promise<void> {
    await this.#proxy.move();
    this.writeConfig();
  }

  private run(init: Program, name: string, ...args: readonly string[]): Program {
    const command = join(this.#kit.overlay, 'usr/bin', name);
    const program = this.#kit.run(
      ['nsenter', '--target', String(init.pid), '--mount', command, ...args],
      this.#here.env,
    );
    const id = `${this.#here.id} ${name}`;
    program.child.stderr?.on('data', (text: string) => {
      for (const line of text.split('\n')) if (line !== '') this.lines.push(`${id}: ${line}`);
    });
    return program;
  }

  private writeConfig(): void {
    const file = join(this.#folder, 'sonic-db/database_config.json');
    mkdirSync(join(this.#folder, 'sonic-db'), { recursive: true });
    const redis = { hostname: '127.0.0.1', port: this.#proxy.port };
    const at = (id: number) => ({ id, separator: '|', instance: 'redis' });
    writeFileSync(
      file,
      JSON.stringify({ INSTANCES: { redis }, DATABASES: { CONFIG_DB: at(4), STATE_DB: at(6) } }),
    );
  }
}
