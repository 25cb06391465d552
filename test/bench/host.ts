/** The host side: how soon the daemon has a verdict, what it costs beside 30 features, and `container id`. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { DaemonView } from '../../src/contract/feature/daemon-view.ts';
import { BOOT_ID, bootMs } from '../support/boot-clock.ts';
import { RedisServer } from '../support/redis-server.ts';
import { EngineStandIn } from '../support/engine-stand-in.ts';
import { benchManyFeatures } from './many-features.ts';
import { summarise, timeProcess } from './measure.ts';
import { readMemoryMb, readRunSeconds } from '../support/process-cost.ts';
import { printRow, shown } from './table.ts';

const FEATURES = 30;
const BEAT_MS = 10_000;
const VERDICTS = 50;
const RUNS = 25;
const DEADLINE_MS = 20_000;
/** So many times the pace, for minutes in place of hours. */
const SOAK_PACE = 20;
const SOAK_MS = 150_000;
const KIT = resolve('dist/host/usr/bin');

const one = (value: number) => summarise([value]);
const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const names = Array.from({ length: FEATURES }, (_, i) => `feature${i}`);
const containers = names.map((name) => ({
  id: hexOf(name),
  name: `k8s_${name}`,
  imageId: `sha256:${hexOf(`image of ${name}`)}`,
  reference: `registry.test:5000/${name}:1.0.0`,
}));

class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'ctrkit-bench-host-'));
  readonly #server = new RedisServer();
  readonly #node: string;
  readonly #seqs = new Map<string, number>();
  readonly #healthySince = new Map<string, number>();
  #clients: Redis[] = [];
  readonly #engine = new EngineStandIn({ containers });

  constructor(node: string) {
    this.#node = node;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      CTRKIT_NODE: this.#node,
      CTRKIT_REDIS: `unix://${this.#server.socketPath}`,
      CTRKIT_STATE_DIR: `${this.folder}/state`,
      CTRKIT_RUN_DIR: `${this.folder}/run`,
      CTRKIT_RESTART_COMMAND: 'true {feature}',
      CTRKIT_KUBECONFIG: 'none',
      DOCKER_HOST: `unix://${this.folder}/engine.sock`,
    };
  }

  /** A connection to this database. */
  connect(db: number): Redis {
    const client = new Redis({ path: this.#server.socketPath, db });
    this.#clients.push(client);
    return client;
  }

  async start(): Promise<void> {
    mkdirSync(`${this.folder}/run`);
    await this.#server.start();
    await this.#engine.start(`${this.folder}/engine.sock`);
    const [config, state] = [this.connect(4), this.connect(6)];
    await config.hset('IMAGE_MGMT|GLOBAL', { active_time_to_mark_good: '1d', fail_time_to_fallback: '1d' });
    await state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    for (const { id, name } of containers) {
      const feature = name.slice('k8s_'.length);
      await config.hset(`FEATURE|${feature}`, { set_owner: 'kube', state: 'enabled' });
      await state.hset(`FEATURE|${feature}`, {
        system_state: 'up',
        remote_state: 'running',
        current_owner: 'kube',
        docker_id: id.slice(0, 12),
        container_id: id.slice(0, 12),
        container_version: '1.0.0',
        claim_token: `token-${feature}`,
        claim_boot_id: BOOT_ID,
        claim_ms: `${Math.round(bootMs())}`,
      });
    }
  }

  /** The next heartbeat of a feature, as its agent writes it. */
  async beat(state: Redis, feature: string, status: string, intervalMs: number): Promise<void> {
    const seq = (this.#seqs.get(feature) ?? 0) + 1;
    this.#seqs.set(feature, seq);
    const nowMs = Math.round(bootMs());
    const isHealthy = status === 'healthy';
    const sinceMs = this.#healthySince.get(feature) ?? nowMs;
    if (isHealthy) this.#healthySince.set(feature, sinceMs);
    else this.#healthySince.delete(feature);
    await state.hset(`CONTAINER_HEALTH|${feature}`, {
      token: `token-${feature}`,
      docker_id: hexOf(feature).slice(0, 12),
      owner: 'kube',
      version: '1.0.0',
      boot_id: BOOT_ID,
      status,
      reason: isHealthy ? '' : 'hook: ended with 5',
      seq: `${seq}`,
      interval_ms: `${intervalMs}`,
      beat_ms: `${nowMs}`,
      started_ms: '1000',
      healthy_since_ms: isHealthy ? `${sinceMs}` : '',
      restarts: '0',
      checks: '[]',
      updated_ts: '1700000000',
    });
  }

  async startDaemon(state: Redis): Promise<ChildProcess> {
    for (const feature of names) await this.beat(state, feature, 'healthy', BEAT_MS);
    const daemon = spawn(`${KIT}/ctrkitd`, [], { env: this.env, stdio: 'ignore' });
    await this.untilView(
      ({ features }) => names.every((name) => features[name]?.certification.kind === 'counting'),
      20,
    );
    return daemon;
  }

  /** Looks at the daemon's view until that is so. */
  async untilView(isSo: (view: DaemonView) => boolean, intervalMs = 0): Promise<void> {
    const path = `${this.folder}/run/ctrkitd.json`;
    const deadline = performance.now() + DEADLINE_MS;
    let text = '';
    while (performance.now() < deadline) {
      const before = text;
      text = readIfThere(path);
      if (text !== before && text !== '' && isSo(JSON.parse(text) as DaemonView)) return;
      await (intervalMs === 0 ? turn() : sleep(intervalMs));
    }
    throw new Error(`the daemon does not come to think so; it thinks ${text.slice(0, 2_000)}`);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#engine.stop();
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Heartbeats of all features, evenly over each interval, until `signal` aborts. */
async function keepBeating(
  bench: Bench,
  state: Redis,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    await bench.beat(state, names[i % FEATURES] ?? '', 'healthy', BEAT_MS);
    await sleep(intervalMs / FEATURES);
  }
}

async function benchVerdict(bench: Bench, state: Redis): Promise<void> {
  const bare: number[] = [];
  const verdicts: number[] = [];
  const [publisher, subscriber] = [bench.connect(0), bench.connect(0)];
  await subscriber.subscribe('bench');
  const feature = 'feature7';
  for (let run = -2; run < VERDICTS; run++) {
    // In turn, so that both see the same machine.
    const heard = once(subscriber, 'message');
    const publishedMs = performance.now();
    await publisher.publish('bench', 'x');
    await heard;
    const bareMs = performance.now() - publishedMs;
    const isSick = run % 2 === 0;
    const startMs = performance.now();
    await bench.beat(state, feature, isSick ? 'unhealthy' : 'healthy', BEAT_MS);
    await bench.untilView(({ features }) => (features[feature]?.fallback.kind === 'failing') === isSick);
    const verdictMs = performance.now() - startMs;
    if (run >= 0) {
      bare.push(bareMs);
      verdicts.push(verdictMs);
    }
  }
  printRow('bare PUBLISH to its subscriber', summarise(bare), 'ms');
  printRow('`ctrkitd`, heartbeat changed to verdict in its view', summarise(verdicts), 'ms', 'aim: 100 ms');
}

async function benchCost(bench: Bench, state: Redis, daemon: ChildProcess, watchMs: number): Promise<void> {
  const idle = spawn(bench.env['CTRKIT_NODE'] ?? '', ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const pid = daemon.pid ?? 0;
  const cpuOf = () => readRunSeconds(pid);
  const stop = new AbortController();
  const beating = keepBeating(bench, state, BEAT_MS, stop.signal);
  const startCpu = cpuOf();
  await sleep(watchMs);
  const cpuMs = ((cpuOf() - startCpu) * 1_000 * 60_000) / watchMs;
  stop.abort();
  await beating;
  const what = `\`ctrkitd\`, ${FEATURES} features at 10 s`;
  printRow(
    `${what}: CPU per minute`,
    one(cpuMs),
    'ms',
    `${(cpuMs / 600).toFixed(3)} % of a core, aim: 0.7 %`,
  );
  printRow(
    `${what}: private dirty memory`,
    one(readMemoryMb(pid, 'Private_Dirty')),
    'MB',
    `aim: 22 MB; ${readMemoryMb(idle.pid ?? 0, 'Private_Dirty').toFixed(1)} MB idle bare node`,
  );
  idle.stdin.end();
}

async function benchSoak(bench: Bench, state: Redis, daemon: ChildProcess): Promise<void> {
  const stop = new AbortController();
  const beating = keepBeating(bench, state, BEAT_MS / SOAK_PACE, stop.signal);
  const samples: number[] = [];
  for (let passedMs = 0; passedMs < SOAK_MS; passedMs += 5_000) {
    await sleep(5_000);
    samples.push(readMemoryMb(daemon.pid ?? 0, 'Private_Dirty'));
  }
  stop.abort();
  await beating;
  const third = Math.floor(samples.length / 3);
  const [first, last] = [samples.slice(0, third), samples.slice(-third)].map(
    (part) => summarise(part).median,
  );
  printRow(
    `\`ctrkitd\`, ${SOAK_MS / 1_000} s at ${SOAK_PACE} times the pace: private dirty memory`,
    summarise(samples),
    'MB',
    `first third ${shown(first ?? 0)}, last third ${shown(last ?? 0)} MB`,
  );
}

/** The interpreter itself: what is first in the path may be a script that looks for one. */
function findPython(): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

async function benchContainerId(bench: Bench, node: string): Promise<void> {
  const python = findPython();
  const bare: number[] = [];
  const ids: number[] = [];
  const pythons: number[] = [];
  for (let run = -2; run < RUNS; run++) {
    const bareMs = await timeProcess(node, ['-e', '0'], bench.env);
    const idMs = await timeProcess(`${KIT}/container`, ['id', 'feature7'], bench.env);
    const pythonMs = python && (await timeProcess(python, ['-c', '0'], bench.env));
    if (run < 0) continue;
    bare.push(bareMs);
    ids.push(idMs);
    if (pythonMs !== undefined && pythonMs !== '') pythons.push(pythonMs);
  }
  const besides = `bare \`node -e 0\` ${shown(summarise(bare).median)} ms`;
  printRow('`container id`', summarise(ids), 'ms', besides);
  if (pythons.length > 0)
    printRow('bare `python3 -c 0`, in which the shipped one is written', summarise(pythons), 'ms');
}

export async function benchHost(node: string, isQuick: boolean): Promise<void> {
  await benchManyFeatures(node);
  const bench = new Bench(node);
  let daemon: ChildProcess | undefined;
  try {
    await bench.start();
    const state = bench.connect(6);
    await benchContainerId(bench, node);
    daemon = await bench.startDaemon(state);
    await benchVerdict(bench, state);
    await benchCost(bench, state, daemon, isQuick ? 15_000 : 60_000);
    if (!isQuick) await benchSoak(bench, state, daemon);
  } finally {
    if (daemon !== undefined && daemon.exitCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    await bench.stop();
  }
}
