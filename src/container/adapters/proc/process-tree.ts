import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ProcessNode } from '../../../contract/health/process-node.ts';
import type { ProcessTree } from '../../../ports/process-tree.ts';
import { GATE, isAskingScript } from './asking-script.ts';

const GATE_NAMES = new Set([GATE, `${GATE}.py`]);
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'busybox']);
/** The script is among the first words of its interpreter's command line. */
const MAX_SCRIPT_WORDS = 16;

type Stat = Pick<ProcessNode, 'pid' | 'parentPid' | 'isStopped' | 'hasEnded'>;

/** The processes below this process's parent, if that is `isSupervised` by it. */
export function createProcessTree(isSupervised: boolean, proc = '/proc'): ProcessTree {
  const root = process.ppid;
  return {
    read() {
      try {
        // The parent of an orphan is another process.
        if (!isSupervised || process.ppid !== root) return undefined;
        return selectBelow(root, listStats(proc)).map((stat) => ({
          ...stat,
          role: findRole(stat.pid, proc),
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

const listStats = (proc: string): Stat[] =>
  readdirSync(proc)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .flatMap((name) => readStat(Number(name), proc) ?? []);

/** Undefined for a process that has gone meanwhile (proc(5), stat). */
function readStat(pid: number, proc: string): Stat | undefined {
  try {
    const text = readFileSync(`${proc}/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, and may hold blanks and parentheses itself.
    const [state = 'X', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parentPid: Number(parent), isStopped: state === 'T', hasEnded: 'ZXx'.includes(state) };
  } catch {
    return undefined;
  }
}

function selectBelow(root: number, stats: readonly Stat[]): Stat[] {
  const below = stats.filter(({ parentPid }) => parentPid === root);
  // The list grows while it is walked: each process brings its children.
  for (const { pid } of below) below.push(...stats.filter(({ parentPid }) => parentPid === pid));
  return below;
}

function findRole(pid: number, proc: string): ProcessNode['role'] {
  const words = readWords(pid, proc);
  const [command = ''] = words;
  if (command === '') return 'unknown';
  if (words.some((word) => GATE_NAMES.has(basename(word)))) return 'gate';
  if (words.some((word) => word.includes(GATE)) || runsAskingScript(words, pid, proc)) return 'asker';
  return SHELLS.has(basename(command).replace(/^-/, '')) ? 'shell' : 'program';
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
