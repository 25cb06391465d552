/** What the agent costs while nothing happens: ten processes under a real supervisord, with and without hooks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readMemoryMb, readRunSeconds } from '../support/process-cost.ts';
import { SupervisedAgent } from '../support/supervised-agent.ts';
import { summarise } from './measure.ts';
import { printRow } from './table.ts';

const PROGRAMS = 10;
const HOOKS = 5;
/** Until the checks have found their rhythm, and what the start left has been collected. */
const SETTLE_MS = 75_000;

const one = (value: number) => summarise([value]);

/** Watches each for `watchMs`. */
export async function benchIdleAgent(node: string, watchMs: number): Promise<void> {
  for (const hooks of [0, HOOKS]) {
    const names = Array.from({ length: hooks }, (_, i) => [`required.d/hook-${i}`, 'exit 0']);
    const agent = new SupervisedAgent({
      node,
      programs: PROGRAMS,
      hooks: Object.fromEntries(names) as Record<string, string>,
    });
    try {
      await agent.start();
      await sleep(SETTLE_MS);
      const startSeconds = readRunSeconds(agent.pid);
      await sleep(watchMs);
      const cpuMs = (readRunSeconds(agent.pid) - startSeconds) * 1000;
      const what = `agent, ${PROGRAMS} processes, ${hooks === 0 ? 'no' : hooks} hooks`;
      const percent = `${((cpuMs * 100) / watchMs).toFixed(3)} % of a core`;
      printRow(`${what}: CPU per minute, idle`, one((cpuMs * 60_000) / watchMs), 'ms', percent);
      printRow(`${what}: private dirty memory`, one(readMemoryMb(agent.pid, 'Private_Dirty')), 'MB');
    } finally {
      await agent.stop();
    }
  }
}
