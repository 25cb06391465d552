/** CPU time of the gate beside bare Node.js: what a busy switch feels, and what other work on this machine changes least. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { noNamespaces } from '../support/kit.ts';
import { summarise } from './measure.ts';
import { printRow } from './table.ts';

const RUNS_A_BATCH = 10;
const BATCHES = 5;
const ARGUMENTS = '-f snmp -o local -v 1.0.0';
const OVERLAY = resolve('dist/rootfs/usr');

/** Each as a start.sh calls it. */
const listCommands = (node: string): Readonly<Record<string, string>> => ({
  bare: `"${node}" -e 0`,
  gate: `/usr/bin/container_startup ${ARGUMENTS}`,
  dropIn: `sh -c '/usr/share/sonic/scripts/container_startup.py ${ARGUMENTS}; exec true'`,
  command: `sh -c 'exec /usr/bin/container_startup ${ARGUMENTS} -- true'`,
});

/** Milliseconds of one run of `command`, in a place of its own where the overlay is part of /usr, as in an image. */
function timeBatch(command: string, env: NodeJS.ProcessEnv): number {
  const script = [
    'set -e',
    `mount -t overlay overlay -o lowerdir=${OVERLAY}:/usr /usr`,
    command,
    'times >/dev/null',
    `i=0; while [ $i -lt ${RUNS_A_BATCH} ]; do ${command}; i=$((i + 1)); done </dev/null >&2`,
    'times',
  ].join('\n');
  // The warm-up is counted too: it is one run of the same.
  const words = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--mount-proc',
    'sh',
    '-c',
    script,
  ];
  // As below supervisord, whose agent keeps the claim: elsewhere a keeper is started, another process, and counted.
  const { stdout, stderr, status } = spawnSync('unshare', words, {
    env: { ...env, SUPERVISOR_ENABLED: '1' },
    encoding: 'utf8',
  });
  const [user, system] = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000,
  );
  if (status !== 0 || user === undefined || system === undefined)
    throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`);
  return (user + system) / (RUNS_A_BATCH + 1);
}

/** Needs root, for the namespaces. */
export function benchGateCpu(node: string, env: NodeJS.ProcessEnv): void {
  if (noNamespaces !== false) return console.log(`| gate, CPU | not measured: ${noNamespaces} | | |`);
  const commands = Object.entries(listCommands(node));
  const found = new Map<string, number[]>(commands.map(([name]) => [name, []]));
  for (let batch = 0; batch < BATCHES; batch++)
    for (const [name, command] of commands) found.get(name)?.push(timeBatch(command, env));
  const of = (name: string) => found.get(name) ?? [];
  const ratio = (name: string, beside: string): string =>
    summarise(of(name).map((ms, i) => ms / (of(beside)[i] ?? Number.NaN))).median.toFixed(2);
  printRow('bare `node -e 0`, CPU', summarise(of('bare')), 'ms');
  printRow('gate, owner local, CPU', summarise(of('gate')), 'ms', `${ratio('gate', 'bare')} × bare`);
  printRow('drop-in in a start.sh, CPU', summarise(of('dropIn')), 'ms');
  printRow(
    'gate with `-- COMMAND`, CPU',
    summarise(of('command')),
    'ms',
    `${ratio('command', 'dropIn')} × the drop-in`,
  );
}
