/** An agent beside a noisy container for a long time: large captures, forty exits a second, hooks that fail, flood and hang. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMemoryMb, readRunSeconds } from './process-cost.ts';
import { program, SupervisedAgent } from './supervised-agent.ts';
import { until } from './until.ts';

const PROGRAMS = 10;
/** Two that exit twenty times a second each, at the most: a machine that others share starts them less often. */
const RESTLESS = ['restless', 'nervous'];
/** As many times the pace of life: heartbeats and checks every half second. */
export const SOAK_PACE = 20;
const CHECKS_TOML = `[defaults]\nperiodSeconds = ${10 / SOAK_PACE}\n`;
const HOOKS = {
  'required.d/well': 'exit 0',
  'wanted.d/fails': 'echo no >&2; exit 3',
  'wanted.d/floods': 'yes | head -c 300000; exit 4',
  'wanted.d/forks': 'sleep 60 & exit 5',
};

export interface SoakSample {
  readonly seconds: number;
  /** Anonymous memory: private dirty memory would seem to shrink for as long as a hook is being forked. */
  readonly memoryMb: number;
  readonly descriptors: number;
  /** Ends of the critical programs until then, by their own count and by the agent's. */
  readonly sent: number;
  readonly counted: number;
  /** What supervisord holds, the events that wait for the agent among it. */
  readonly supervisordMb: number;
}

export interface SoakReport {
  readonly samples: readonly SoakSample[];
  /** Ends of the critical programs that exit all the time, by their own count and by the agent's. */
  readonly sent: number;
  readonly counted: number;
  /** By the programs' count, while the noise lasted. */
  readonly endsPerSecond: number;
  /** Captures of a million bytes. */
  readonly captures: number;
  readonly heartbeats: number;
  /** Of a core, %. */
  readonly cpuPercent: number;
  /** supervisord had to forget events, because the agent was too slow. */
  readonly overflows: number;
  /** The agent was started again. */
  readonly isRestarted: boolean;
  readonly log: string;
}

function noisySections(folder: string): string {
  const capture = `head -c 1000000 /dev/zero | tr "\\\\0" x`;
  return [
    // Each end is counted before it happens; the file `halt` ends that. The pace is set by the sleep.
    ...RESTLESS.map((name) =>
      program(
        name,
        `/bin/sh -c '[ -e ${folder}/halt ] && exec sleep infinity; echo >>${folder}/exits; sleep 0.03; exit 1'`,
        'startsecs=0\nautorestart=true\nexitcodes=0',
      ),
    ),
    program(
      'talker',
      `/bin/sh -c 'while [ ! -e ${folder}/halt ]; do printf "<!--XSUPERVISOR:BEGIN-->"; ${capture}; printf "<!--XSUPERVISOR:END-->"; echo >>${folder}/captures; sleep 1; done; exec sleep infinity'`,
      'stdout_capture_maxbytes=1MB',
    ),
  ].join('\n');
}

/** Nothing new for so long is the end. */
const STEADY_MS = 30_000;
/** What one end takes at the most, of those that wait in supervisord's buffer when the noise ends. */
const SLOWEST_END_MS = 1_000;

const countLines = (path: string): number => {
  try {
    return readFileSync(path, 'latin1').length;
  } catch {
    return 0;
  }
};

/** Runs for `durationMs`, and tells `onSample` now and then. Leaves nothing behind. */
export async function runSoak(
  node: string,
  durationMs: number,
  onSample: (sample: SoakSample) => void = () => {},
): Promise<SoakReport> {
  const agent = new SupervisedAgent({
    node,
    programs: PROGRAMS,
    hooks: HOOKS,
    critical: RESTLESS.map((name) => `program:${name}`),
    sections: noisySections,
    checksToml: CHECKS_TOML,
    env: { CTRKIT_HEARTBEAT_INTERVAL: `${10_000 / SOAK_PACE}ms`, CTRKIT_CRITICAL_EXIT: 'report' },
  });
  try {
    await agent.start();
    const samples = await collectSamples(agent, durationMs, onSample);
    const cpuPercent = (readRunSeconds(agent.pid) * 100_000) / durationMs;
    writeFileSync(join(agent.folder, 'halt'), '');
    const end = await countAtEnd(agent);
    return { ...end, samples, cpuPercent, endsPerSecond: (end.sent * 1000) / durationMs };
  } finally {
    await agent.stop();
  }
}

async function collectSamples(
  agent: SupervisedAgent,
  durationMs: number,
  onSample: (sample: SoakSample) => void,
): Promise<SoakSample[]> {
  const samples: SoakSample[] = [];
  const startMs = performance.now();
  const everyMs = Math.max(2_000, durationMs / 60);
  while (performance.now() < startMs + durationMs) {
    await sleep(everyMs);
    const sample = {
      seconds: Math.round((performance.now() - startMs) / 1000),
      memoryMb: readMemoryMb(agent.pid, 'Anonymous'),
      descriptors: agent.descriptors,
      counted: Number(await agent.readHeartbeat('restarts')),
      sent: countLines(join(agent.folder, 'exits')),
      supervisordMb: readMemoryMb(agent.supervisordPid, 'Anonymous'),
    };
    samples.push(sample);
    onSample(sample);
  }
  return samples;
}

/** After the noise has ended: what is still on its way arrives. */
async function countAtEnd(agent: SupervisedAgent) {
  const pid = agent.pid;
  const readSent = () => countLines(join(agent.folder, 'exits'));
  const readCounted = async () => Number(await agent.readHeartbeat('restarts'));
  let counted = await readCounted();
  let steadySince = performance.now();
  await until(
    'all ends have been counted, or nothing more comes',
    async () => {
      const now = await readCounted();
      if (now !== counted) steadySince = performance.now();
      counted = now;
      return counted === readSent() || performance.now() > steadySince + STEADY_MS;
    },
    { everyMs: 200, deadlineMs: 2 * STEADY_MS + (readSent() - counted) * SLOWEST_END_MS },
  );
  return {
    sent: readSent(),
    counted,
    captures: countLines(join(agent.folder, 'captures')),
    heartbeats: Number(await agent.readHeartbeat('seq')),
    overflows: agent.readSupervisordLog().split('overflowed').length - 1,
    isRestarted: !agent.readCommand(pid).includes('ctrkit_agent'),
    log: agent.readLog(),
  };
}
