import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ProcessNode } from '../../../contract/health/process-node.ts';
import type { ProcessTree } from '../../../ports/process-tree.ts';
import { GATE, isAskingScript } from './asking-script.ts';
import { readProcessStat } from './process-stat.ts';

/** What a shell runs as the gate, or in its place where there is no Node.js. */
const GATE_SCRIPTS = new Set([GATE, `${GATE}.py`, 'hold_caller']);
/** What Node.js runs, and the command's name behind it. */
const BUNDLE = 'load.cjs';
/** What the kernel calls a process of the gate, which is all that is left of one that has ended: script, Node.js, Node.js 24. */
const GATE_COMMS = new Set([GATE.slice(0, 15), 'node', 'MainThread']);
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'busybox']);
/** The script is among the first words of its interpreter's command line. */
const MAX_SCRIPT_WORDS = 16;

type Stat = Pick<ProcessNode, 'pid' | 'parentPid' | 'isStopped' | 'hasEnded'> & { readonly comm: string };

/** The processes below this process's parent, if that is `isSupervised` by it. */
export function createProcessTree(isSupervised: boolean, proc = '/proc'): ProcessTree {
  const root = process.ppid;
  return {
    read() {
      try {
        // The parent of an orphan is another process.
        if (!isSupervised || process.ppid !== root) return undefined;
        const rootWords = readWords(root, proc).join('\0');
        return selectBelow(root, listStats(proc)).map(({ comm, ...stat }) => ({
          ...stat,
          role: stat.hasEnded ? findEndedRole(stat.pid, comm, proc) : findRole(stat.pid, proc, rootWords),
        }));
      } catch {
        return undefined;
      }
    },
    letGoOn(pid) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    },
  };
}

/** The processes below this one. */
export const listDescendants = (root: number, proc = '/proc'): number[] =>
  selectBelow(root, listStats(proc)).map(({ pid }) => pid);

const listStats = (proc: string): Stat[] =>
  readdirSync(proc)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .flatMap((name) => readStat(Number(name), proc) ?? []);

/** Undefined for a process that has gone meanwhile. */
function readStat(pid: number, proc: string): Stat | undefined {
  const stat = readProcessStat(pid, proc);
  if (stat === undefined) return undefined;
  const { parentPid, isStopped, isRunning, comm } = stat;
  return { pid, parentPid, isStopped, hasEnded: !isRunning, comm };
}

function selectBelow(root: number, stats: readonly Stat[]): Stat[] {
  const below = stats.filter(({ parentPid }) => parentPid === root);
  // The list grows while it is walked: each process brings its children.
  for (const { pid } of below) below.push(...stats.filter(({ parentPid }) => parentPid === pid));
  return below;
}

const findEndedRole = (pid: number, comm: string, proc: string): ProcessNode['role'] =>
  GATE_COMMS.has(comm) && isTrusted(pid, proc) ? 'gate' : 'unknown';

/** Of root, or of the agent's user: a process may call itself what it likes, and only these may run the gate. */
function isTrusted(pid: number, proc: string): boolean {
  const uid = statSync(`${proc}/${pid}`, { throwIfNoEntry: false })?.uid;
  return uid === 0 || uid === process.geteuid?.();
}

/** A child of supervisord that shows its command line, `rootWords`, has not become its program yet. */
function findRole(pid: number, proc: string, rootWords: string): ProcessNode['role'] {
  const words = readWords(pid, proc);
  const [command = ''] = words;
  if (command === '' || words.join('\0') === rootWords) return 'unknown';
  if (isTrusted(pid, proc)) {
    if (runsGate(words)) return 'gate';
    if (words.some((word) => word.includes(GATE)) || runsAskingScript(words, pid, proc)) return 'asker';
  }
  return isShell(command) ? 'shell' : 'program';
}

const isShell = (command: string): boolean => SHELLS.has(basename(command).replace(/^-/, ''));

/** Whether this is how the launcher runs: a shell with the gate as its script, or Node.js with the kit's bundle. */
function runsGate([command = '', ...words]: readonly string[]): boolean {
  const first = words.findIndex((word) => !word.startsWith('-'));
  const script = basename(words[first] ?? '');
  return (isShell(command) && GATE_SCRIPTS.has(script)) || (script === BUNDLE && words[first + 1] === GATE);
}

function readWords(pid: number, proc: string): string[] {
  try {
    return readFileSync(`${proc}/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Whether a script that this process interprets names the gate. */
function runsAskingScript(words: readonly string[], pid: number, proc: string): boolean {
  const folder = readFolder(pid, proc);
  return words
    .slice(0, MAX_SCRIPT_WORDS)
    .filter((word) => word !== '' && !word.startsWith('-'))
    .some((word) => isAskingScript(resolve(folder, word)));
}

function readFolder(pid: number, proc: string): string {
  try {
    return readlinkSync(`${proc}/${pid}/cwd`);
  } catch {
    return '/';
  }
}
