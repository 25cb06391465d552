import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dockerOutput } from '../../support/docker.ts';
import { hostScenario, type Host } from '../support/host.ts';

const CONTAINER = fileURLToPath(new URL('../../../dist/host/usr/bin/container', import.meta.url));

interface Waiting {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

const startWait = (here: Host): Waiting => {
  const child = spawn(CONTAINER, ['wait', here.feature], {
    env: here.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  return { pid: child.pid ?? 0, ended };
};

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
/** kB of memory that only this process has, its child's with it. */
const privateOf = (pid: number): number => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  return [pid, ...children.map(Number)]
    .map((one) => /^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1])
    .reduce((sum, kB) => sum + Number(kB), 0);
};

hostScenario(
  'container wait holds no Node.js while a container runs, tells how it ended, and is gone within seconds (D30, D21)',
  { policy: { Disable: 'false' } },
  async (here, t) => {
    const ends = [
      { how: ['stop', here.feature], code: 0, says: /it ended with 0/ },
      { how: ['kill', '-s', 'KILL', here.feature], code: 0, says: /it ended with 137/ },
    ];
    await here.buildImage('1.0.0', { name: `${here.localRepository}:latest` });
    const words = here.containerWords('local').flatMap((word) => word.split(' '));
    await dockerOutput(['create', '--name', here.feature, ...words, `${here.localRepository}:latest`]);
    for (const { how, code, says } of ends) {
      assert.equal((await here.command('container', 'start', here.feature)).code, 0);
      await here.untilRuns('local', '1.0.0');
      const waiting = startWait(here);
      await here.until('it waits lightly', async () => commandOf(waiting.pid).startsWith('sh '));
      const kB = await here.until('its child is there', async () => {
        const sum = privateOf(waiting.pid);
        return sum > 0 && sum;
      });
      t.diagnostic(`private dirty memory of the wait: ${kB} kB`);
      assert.ok(kB < 2_000, `${kB} kB`);
      const before = performance.now();
      await dockerOutput(how);
      const { code: found, stderr } = await waiting.ended;
      t.diagnostic(`docker ${how[0]} to its end: ${Math.round(performance.now() - before)} ms`);
      assert.equal(found, code, stderr);
      assert.match(stderr, says);
    }
  },
);
