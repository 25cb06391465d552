/**
 * `npm run bench`: what the kit costs in every container and on the host, beside the bare Node.js of the same binary, in
 * one run. Takes about fifteen minutes; `--quick` leaves out the minutes that agents are watched for, the containers, and most
 * of the daemon's time; `--host` leaves out all but the host, `--agent` all but the agent; `--watch SECONDS` is how long an idle
 * agent is watched (120). `--kubernetes` is by itself: what the kit costs a pod, on the
 * cluster that KUBECONFIG names.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/redis-server.ts';
import { benchContainers } from './containers.ts';
import { benchGateCpu } from './gate.ts';
import { benchHost } from './host.ts';
import { benchIdleAgent } from './idle-agent.ts';
import { benchKubernetes, KUBERNETES_RUNS } from './kubernetes.ts';
import { summarise, timeProcess } from './measure.ts';
import { readMemoryMb } from '../support/process-cost.ts';
import { printHead, printRow } from './table.ts';

const RUNS = 25;
const isKubernetes = process.argv.includes('--kubernetes');
const AGENT_WATCH_MS = 60_000;
const DEFAULT_IDLE_WATCH_SECONDS = 120;
const KIT = resolve('dist/rootfs/usr/bin');
const PINNED_NODE = resolve(`node_modules/node-linux-${process.arch}/bin/node`);

const node = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;
const folder = mkdtempSync(join(tmpdir(), 'ctrkit-bench-'));
const server = new RedisServer();
await server.start();
const redis = new Redis({ path: server.socketPath, db: 6 });
const env = {
  ...process.env,
  CTRKIT_NODE: node,
  CTRKIT_REDIS: `unix://${server.socketPath}`,
  CTRKIT_RUN_DIR: folder,
  CTRKIT_CONTAINER_ID: '0123456789ab',
};

async function benchGate(): Promise<void> {
  const bare: number[] = [];
  const local: number[] = [];
  const ratios: number[] = [];
  for (let run = -2; run < RUNS; run++) {
    // In turn, so that both see the same machine; the first two pairs only warm the files' cache.
    const bareMs = await timeProcess(node, ['-e', '0'], env);
    const gateMs = await timeProcess(
      `${KIT}/container_startup`,
      ['-f', 'snmp', '-o', 'local', '-v', '1.0.0'],
      env,
    );
    if (run < 0) continue;
    bare.push(bareMs);
    local.push(gateMs);
    ratios.push(gateMs / bareMs);
  }
  printRow('bare `node -e 0`', summarise(bare), 'ms');
  printRow(
    'gate, start to go, owner local',
    summarise(local),
    'ms',
    `${summarise(ratios).median.toFixed(2)} × bare`,
  );
}

async function benchHandshake(): Promise<void> {
  const toPending: number[] = [];
  const toGo: number[] = [];
  for (let run = -1; run < RUNS; run++) {
    await redis.flushall();
    await redis.multi().select(4).hset('FEATURE|snmp', { set_owner: 'kube', state: 'enabled' }).exec();
    // Nobody is on record: where that itself is not, a gate waits an interval for a container that may record itself again.
    await redis.multi().select(6).hset('FEATURE|snmp', { system_state: 'up', current_owner: 'none' }).exec();
    const startMs = performance.now();
    const args = ['-f', 'snmp', '-o', 'kube', '-v', '1.0.0'];
    const gate = spawn(`${KIT}/container_startup`, args, { env, stdio: 'ignore' });
    const ended = once(gate, 'exit');
    while ((await redis.hget('FEATURE|snmp', 'remote_state')) !== 'pending') await sleep(0);
    const pendingMs = performance.now();
    // It asks, then subscribes: the host answers when it can hear.
    while (((await redis.pubsub('NUMSUB', '__keyspace@6__:FEATURE|snmp')) as number[])[1] === 0)
      await sleep(0);
    const readyMs = performance.now();
    await redis.hset('FEATURE|snmp', 'remote_state', 'ready');
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`the gate ended with ${code}`);
    if (run < 0) continue;
    toPending.push(pendingMs - startMs);
    toGo.push(performance.now() - readyMs);
  }
  printRow('gate, start to `pending`, owner kube', summarise(toPending), 'ms');
  printRow('gate, `ready` to go (process ended)', summarise(toGo), 'ms');
}

async function benchAgent(): Promise<void> {
  await timeProcess(`${KIT}/container_startup`, ['-f', 'snmp', '-o', 'local', '-v', '1.0.0'], env);
  // An idle process of the same binary, for comparison: it waits on stdin, as the agent does.
  const idle = spawn(node, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const agent = spawn(`${KIT}/ctrkit_agent`, [], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  const pid = agent.pid ?? 0;
  while ((await redis.hget('CONTAINER_HEALTH|snmp', 'status')) === null) await sleep(20);
  await sleep(AGENT_WATCH_MS);
  const one = (value: number) => summarise([value]);
  printRow(
    'agent alone, private dirty memory after 60 s',
    one(readMemoryMb(pid, 'Private_Dirty')),
    'MB',
    `${readMemoryMb(idle.pid ?? 0, 'Private_Dirty').toFixed(1)} MB idle bare node`,
  );
  idle.stdin.end();
  agent.kill('SIGTERM');
  await once(agent, 'exit');
}

/** `--watch SECONDS`: how long an idle agent is watched for its CPU time. */
function readWatchMs(): number {
  const at = process.argv.indexOf('--watch');
  const seconds = at < 0 ? DEFAULT_IDLE_WATCH_SECONDS : Number(process.argv[at + 1]);
  if (!(seconds > 0)) throw new Error('--watch takes a number of seconds');
  return seconds * 1000;
}

async function benchAll(): Promise<void> {
  const isQuick = process.argv.includes('--quick');
  const watchMs = readWatchMs();
  if (process.argv.includes('--agent')) {
    await benchAgent();
    return benchIdleAgent(node, watchMs);
  }
  if (!process.argv.includes('--host')) {
    await benchGate();
    benchGateCpu(node, env);
    await benchHandshake();
    if (!isQuick) {
      await benchAgent();
      await benchIdleAgent(node, watchMs);
      await benchContainers();
    }
  }
  await benchHost(node, isQuick);
}

const version = await new Promise<string>((done) => {
  spawn(node, ['--version']).stdout.once('data', (data: Buffer) => done(String(data).trim()));
});
console.log(
  `Node.js ${version}, ${cpus().length} cores; medians of ${isKubernetes ? KUBERNETES_RUNS : RUNS} runs, min to max beside\n`,
);
printHead();
try {
  if (isKubernetes) await benchKubernetes();
  else await benchAll();
} finally {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
