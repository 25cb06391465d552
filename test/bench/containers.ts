/** What needs containers: the probe beside supervisorctl, an agent with everything on, and twenty of one image. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerOutput } from '../support/docker.ts';
import {
  describeLogs,
  execIn,
  makeDirectory,
  removeAll,
  startContainer,
  startDatabase,
  type Container,
  type Database,
} from '../support/images.ts';
import { summarise } from './measure.ts';
import { readMemoryMb, readRunSeconds } from '../support/process-cost.ts';
import { printRow, shown } from './table.ts';
import { until } from '../support/until.ts';

const PROGRAMS = 10;
const HOOKS = 5;
const SIDE_BY_SIDE = 20;
const BATCHES = 5;
const WATCH_MS = 60_000;

const one = (value: number) => summarise([value]);

/** `docker top` tells the host's process ids. */
async function agentPid(container: Container): Promise<number> {
  return until(
    'the agent runs',
    async () => {
      const lines = (await dockerOutput(['top', container.id, '-eo', 'pid,args'])).split('\n');
      const line = lines.find((text) => text.includes('load.cjs ctrkit_agent'));
      return line === undefined ? undefined : Number.parseInt(line, 10);
    },
    { retriesErrors: true },
  );
}

const untilHealthy = (container: Container): Promise<unknown> =>
  until(
    `${container.id} is ready`,
    async () => (await execIn(container, ['health_probe', 'readiness'])).code === 0,
    { everyMs: 200, retriesErrors: true, describe: () => describeLogs([container]) },
  );

/** Of one run. */
interface Timing {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Started by it, its own included. */
  readonly processes: number;
}

/** Runs `command` `runs` times in a shell of the container: CPU and wall time a run, and processes started by it. */
async function timeInContainer(container: Container, command: string, runs: number): Promise<Timing> {
  const script = [
    // The container numbers its processes one by one: what lies between two shells was started in between.
    'before=$(sh -c "echo \\$\\$")',
    'read -r start _ </proc/uptime',
    `i=0; while [ $i -lt ${runs} ]; do ${command} >/dev/null; i=$((i + 1)); done`,
    'read -r end _ </proc/uptime',
    'after=$(sh -c "echo \\$\\$")',
    'echo "$((after - before - 1)) $start $end"; times',
  ].join('\n');
  const { stdout, stderr } = await execIn(container, ['sh', '-c', script]);
  const [counts = '', , children = ''] = stdout.split('\n');
  const [processes = Number.NaN, start = Number.NaN, end = Number.NaN] = counts.split(' ').map(Number);
  const cpuMs = children
    .trim()
    .split(' ')
    .map((text) => /^(\d+)m([\d.]+)s$/.exec(text))
    .reduce((sum, match) => sum + Number(match?.[1]) * 60_000 + Number(match?.[2]) * 1000, 0);
  if (Number.isNaN(cpuMs)) throw new Error(`no times in: ${stdout}${stderr}`);
  return { cpuMs: cpuMs / runs, wallMs: ((end - start) * 1000) / runs, processes: processes / runs };
}

async function benchProbe(container: Container): Promise<void> {
  const probe: Timing[] = [];
  const supervisorctl: Timing[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    probe.push(await timeInContainer(container, 'health_probe readiness', 200));
    supervisorctl.push(await timeInContainer(container, 'supervisorctl status', 4));
  }
  const of = (runs: readonly Timing[], what: keyof Timing) => summarise(runs.map((run) => run[what]));
  const ratio = of(supervisorctl, 'cpuMs').median / of(probe, 'cpuMs').median;
  printRow('`health_probe`, CPU', of(probe, 'cpuMs'), 'ms', `${ratio.toFixed(0)} × cheaper than below`);
  printRow('`supervisorctl status` in the same container, CPU', of(supervisorctl, 'cpuMs'), 'ms');
  printRow('`health_probe`, wall', of(probe, 'wallMs'), 'ms');
  printRow('`supervisorctl status`, wall', of(supervisorctl, 'wallMs'), 'ms');
  printRow('`health_probe`, processes started', of(probe, 'processes'), '', '1 is its own shell');
}

async function benchAgent(container: Container): Promise<void> {
  const pid = await agentPid(container);
  const cpuOf = () => readRunSeconds(pid);
  const startCpu = cpuOf();
  await sleep(WATCH_MS);
  const cpuMs = ((cpuOf() - startCpu) * 1000 * 60_000) / WATCH_MS;
  const what = `agent, ${PROGRAMS} processes and ${HOOKS} hooks at 10 s`;
  printRow(`${what}: CPU per minute`, one(cpuMs), 'ms', `${(cpuMs / 600).toFixed(3)} % of a core`);
  printRow(`${what}: private dirty memory`, one(readMemoryMb(pid, 'Private_Dirty')), 'MB');
}

/** A feature of ten critical programs that do nothing, five hooks that are well, and a start.sh that asks the gate. */
async function writeFeature(folder: string): Promise<string[]> {
  const names = Array.from({ length: PROGRAMS }, (_, i) => `app${i}`);
  const program = (name: string, command: string, more: string) =>
    `[program:${name}]\ncommand=${command}\n${more}\nstdout_logfile=NONE\nstderr_logfile=NONE\n`;
  const start = 'container_startup -f bench -o local -v 1.0.0';
  const programs = [
    program('start', start, 'startsecs=0\nautorestart=false\nexitcodes=0'),
    ...names.map((name) => program(name, 'sleep infinity', '')),
  ];
  writeFileSync(join(folder, 'bench.conf'), programs.join('\n'));
  writeFileSync(join(folder, 'critical_processes'), names.map((name) => `program:${name}\n`).join(''));
  const hooks = join(folder, 'required.d');
  mkdirSync(hooks, { mode: 0o755 });
  for (let i = 0; i < HOOKS; i++) {
    writeFileSync(join(hooks, `hook-${i}`), '#!/bin/sh\nexit 0\n');
    chmodSync(join(hooks, `hook-${i}`), 0o755);
  }
  const mounts = {
    'bench.conf': '/etc/supervisor/conf.d/bench.conf',
    critical_processes: '/etc/supervisor/critical_processes',
    'required.d': '/etc/ctrkit/checks/required.d',
  };
  return Object.entries(mounts).map(([name, path]) => `${join(folder, name)}:${path}:ro`);
}

async function benchSideBySide(database: Database): Promise<void> {
  const containers: Container[] = [];
  // One after another: twenty supervisords at once would only wait for each other.
  for (let i = 0; i < SIDE_BY_SIDE; i++) {
    const env = { RUNTIME_OWNER: 'local', SNMP_AGENT_ADDRESS: 'udp:161' };
    const container = await startContainer('snmp', { image: 'ctrkit/snmp:1.0.0', database, env });
    containers.push(container);
    await untilHealthy(container);
  }
  const pids = await Promise.all(containers.map(agentPid));
  const of = (field: 'Pss' | 'Private_Dirty' | 'Rss') => pids.map((pid) => readMemoryMb(pid, field));
  const pss = of('Pss');
  const sum = pss.reduce((total, mb) => total + mb, 0);
  const beside = `${shown(sum)} MB all together; private dirty ${shown(summarise(of('Private_Dirty')).median)}, resident ${shown(summarise(of('Rss')).median)} MB`;
  printRow(`${SIDE_BY_SIDE} snmp containers: proportional memory of an agent`, summarise(pss), 'MB', beside);
}

export async function benchContainers(): Promise<void> {
  try {
    const folder = await makeDirectory();
    chmodSync(folder, 0o755);
    const database = await startDatabase();
    const mounts = await writeFeature(folder);
    const image = 'ctrkit/base';
    const full = await startContainer('bench', { image, database, mounts });
    await untilHealthy(full);
    await benchAgent(full);
    // Without hooks, whose processes would be counted with the probe's.
    const plain = await startContainer('bench', { image, database, mounts: mounts.slice(0, 2) });
    await untilHealthy(plain);
    await benchProbe(plain);
    await removeAll();
    await benchSideBySide(await startDatabase());
  } finally {
    await removeAll();
  }
}
