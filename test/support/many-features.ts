/** A switch whose features all run for Kubernetes, and whose daemon has everything still to do: a fresh ledger. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type FSWatcher, mkdirSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Ledger } from '../../src/contract/images/ledger.ts';
import { BOOT_ID, bootMs } from './boot-clock.ts';
import { EngineStandIn } from './engine-stand-in.ts';
import { readRunSeconds } from './process-cost.ts';
import { RedisServer } from './redis-server.ts';

const CONFIG_DB = 4;
const STATE_DB = 6;
const INTERVAL_MS = 10_000;
/** The first heartbeat says so much of the past. */
const HEALTHY_MS = 5_000;

const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const remoteImage = (feature: string): string => `sha256:${hexOf(`remote ${feature}`)}`;
const localName = (feature: string): string => `docker-${feature}:latest`;

export interface ManyFeaturesOptions {
  readonly count: number;
  /** How long the engine takes to answer. */
  readonly delayMs: number;
  /** The command `ctrkitd`. */
  readonly command: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the daemon needed until all features were adopted, certified, tagged and mirrored into STATE_DB. */
export interface ManyFeaturesCost {
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly ledgerWrites: number;
  readonly listings: number;
  readonly tags: number;
}

export class ManyFeatures {
  readonly features: readonly string[];
  readonly engine: EngineStandIn;
  readonly #options: ManyFeaturesOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctrkit-many-'));
  readonly #server = new RedisServer();
  #client: Redis | undefined;
  #daemon: ChildProcess | undefined;
  #watcher: FSWatcher | undefined;
  #ledgerWrites = 0;

  constructor(options: ManyFeaturesOptions) {
    this.#options = options;
    this.features = Array.from({ length: options.count }, (_, index) => `feature${index}`);
    this.engine = new EngineStandIn({
      delayMs: options.delayMs,
      containers: this.features.map((name) => ({
        id: hexOf(name),
        name: `k8s_${name}`,
        imageId: remoteImage(name),
        reference: `registry.test:5000/${name}:2.0.0`,
      })),
      images: this.features.flatMap((name) => [
        { id: `sha256:${hexOf(`local ${name}`)}`, tags: [localName(name), `docker-${name}:1.0.0`] },
        { id: remoteImage(name), tags: [`registry.test:5000/${name}:2.0.0`] },
      ]),
    });
  }

  /** Starts the daemon, and ends when it has done all of it. Rejects after `deadlineMs`. */
  async run(deadlineMs: number): Promise<ManyFeaturesCost> {
    const client = await this.#prepare();
    const startMs = performance.now();
    const { command, env } = this.#options;
    const daemon = spawn(command, [], { env: { ...process.env, ...this.#env, ...env }, stdio: 'ignore' });
    this.#daemon = daemon;
    const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await isSo())) {
        if (performance.now() - startMs > deadlineMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
        if (daemon.exitCode !== null) throw new Error(`ctrkitd ended with ${daemon.exitCode}`);
        await sleep(10);
      }
    };
    await until('all images of the switch are adopted', () =>
      this.features.every((name) => this.#readLedger()[name]?.shipped !== undefined),
    );
    await this.#beat(client, 2);
    await until('all images are certified and local', () =>
      this.features.every(
        (name) =>
          this.#readLedger()[name]?.golden?.imageId === remoteImage(name) &&
          this.engine.imageOf(localName(name)) === remoteImage(name),
      ),
    );
    await until(
      'all versions are mirrored',
      async () => (await this.#countMirrored(client)) === this.features.length,
    );
    return {
      tookMs: performance.now() - startMs,
      cpuMs: readRunSeconds(daemon.pid ?? 0) * 1_000,
      ledgerWrites: this.#ledgerWrites,
      listings: this.engine.count('list-containers') + this.engine.count('list-images'),
      tags: this.engine.count('tag'),
    };
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
    this.#watcher?.close();
    this.#client?.disconnect();
    this.engine.stop();
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      CTRKIT_REDIS: `unix://${this.#server.socketPath}`,
      CTRKIT_STATE_DIR: `${this.#folder}/state`,
      CTRKIT_RUN_DIR: `${this.#folder}/run`,
      CTRKIT_RESTART_COMMAND: 'true {feature}',
      CTRKIT_KUBECONFIG: 'none',
      DOCKER_HOST: `unix://${this.#folder}/engine.sock`,
    };
  }

  async #prepare(): Promise<Redis> {
    mkdirSync(`${this.#folder}/run`);
    mkdirSync(`${this.#folder}/state`);
    // Each write ends with the rename of a new file over the ledger.
    this.#watcher = watch(`${this.#folder}/state`, (event, name) => {
      if (event === 'rename' && name === 'ledger.json') this.#ledgerWrites += 1;
    });
    await this.#server.start();
    await this.engine.start(`${this.#folder}/engine.sock`);
    const client = new Redis({ path: this.#server.socketPath });
    this.#client = client;
    const pipeline = client.pipeline().select(CONFIG_DB);
    pipeline.hset('IMAGE_MGMT|GLOBAL', { active_time_to_mark_good: '1s', tag_new_as_local: 'true' });
    for (const name of this.features)
      pipeline.hset(`FEATURE|${name}`, { set_owner: 'kube', state: 'enabled' });
    pipeline.select(STATE_DB).hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    for (const name of this.features) pipeline.hset(`FEATURE|${name}`, describeClaim(name));
    await pipeline.exec();
    await this.#beat(client, 1);
    return client;
  }

  /** The heartbeats of all features, at the same moment. */
  async #beat(client: Redis, seq: 1 | 2): Promise<void> {
    const nowMs = Math.round(bootMs());
    const pipeline = client.pipeline().select(STATE_DB);
    for (const name of this.features)
      pipeline.hset(`CONTAINER_HEALTH|${name}`, {
        token: `token-${name}`,
        docker_id: hexOf(name).slice(0, 12),
        owner: 'kube',
        version: '2.0.0',
        boot_id: BOOT_ID,
        status: 'healthy',
        reason: '',
        seq: `${seq}`,
        interval_ms: `${INTERVAL_MS}`,
        beat_ms: `${seq === 1 ? nowMs - HEALTHY_MS : nowMs}`,
        started_ms: '1000',
        healthy_since_ms: '1000',
        restarts: '0',
        checks: '[]',
        updated_ts: '1700000000',
      });
    await pipeline.exec();
  }

  async #countMirrored(client: Redis): Promise<number> {
    const pipeline = client.pipeline().select(STATE_DB);
    for (const name of this.features) pipeline.hget(`FEATURE|${name}`, 'container_stable_version');
    const answers = (await pipeline.exec()) ?? [];
    return answers.filter(([, value]) => value === '2.0.0').length;
  }

  #readLedger(): Ledger {
    try {
      return (JSON.parse(readFileSync(`${this.#folder}/state/ledger.json`, 'utf8')) as { features: Ledger })
        .features;
    } catch {
      return {};
    }
  }
}

function describeClaim(feature: string): Record<string, string> {
  const id = hexOf(feature).slice(0, 12);
  return {
    system_state: 'up',
    remote_state: 'running',
    current_owner: 'kube',
    docker_id: id,
    container_id: id,
    container_version: '2.0.0',
    claim_token: `token-${feature}`,
    claim_boot_id: BOOT_ID,
    claim_ms: `${Math.round(bootMs())}`,
  };
}
