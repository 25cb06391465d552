import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Anchor } from '../../../contract/anchor.ts';
import { readProcessStat } from './process-stat.ts';

/** Where a process is: its mount namespace, and its cgroup. What can't be read is undefined. Read when it is first asked for. */
interface Place {
  readonly readMounts: () => string | undefined;
  readonly readCgroup: () => string | undefined;
}

/**
 * Finds the anchor of this container: process 1, unless that is not of this container, as under `--pid=host` and in a pod
 * that shares its process namespace. Then it is the process that started first of all that are. Where nothing can be told
 * of process 1 it is taken for ours.
 */
export function findAnchor(proc = '/proc'): Anchor {
  const own = readPlace(proc, 'self');
  if (isSamePlace(readPlace(proc, 1), own) ?? true) return readAnchor(proc, 1) ?? { pid: 1, startTicks: 0 };
  const ours = listProcesses(proc).filter((pid) => isSamePlace(readPlace(proc, pid), own) === true);
  const [oldest] = ours
    .flatMap((pid) => readAnchor(proc, pid) ?? [])
    .toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
  // This process itself is among them, unless its own namespace can't be read.
  return oldest ?? { pid: process.pid, startTicks: readProcessStat('self', proc)?.startTicks ?? 0 };
}

/** Undefined if it can't be told. A process of another user does not show its namespaces, but its cgroup. */
function isSamePlace(one: Place, other: Place): boolean | undefined {
  const [mounts, otherMounts] = [one.readMounts(), other.readMounts()];
  if (mounts !== undefined && otherMounts !== undefined) return mounts === otherMounts;
  const [cgroup, otherCgroup] = [one.readCgroup(), other.readCgroup()];
  return cgroup === undefined || otherCgroup === undefined ? undefined : cgroup === otherCgroup;
}

const readPlace = (proc: string, pid: number | 'self'): Place => ({
  readMounts: readOnce(() => readlinkSync(`${proc}/${pid}/ns/mnt`)),
  readCgroup: readOnce(() => readFileSync(`${proc}/${pid}/cgroup`, 'latin1')),
});

/** Under `--pid=host` a place is compared with hundreds of others. */
function readOnce(read: () => string): () => string | undefined {
  let found: { readonly text: string | undefined } | undefined;
  return () => (found ??= { text: readOrNone(read) }).text;
}

function readOrNone(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readAnchor(proc: string, pid: number): Anchor | undefined {
  const stat = readProcessStat(pid, proc);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks };
}

const listProcesses = (proc: string): number[] =>
  readdirSync(proc)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number);
