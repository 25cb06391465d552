import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import { HookProcess, type StartedChild } from './hook-process.ts';
import type { HookRecord } from './hook-record.ts';
import type { HookEnd } from './judge-hook.ts';

type Spawn = typeof import('node:child_process').spawn;

/** Loads node:child_process with the first hook: an image without hooks must not pay for it. */
async function loadSpawn(): Promise<Spawn> {
  return (process.getBuiltinModule?.('node:child_process') ?? (await import('node:child_process'))).spawn;
}

/** Errors of execve(2) that stay until the file is repaired; the others (no memory, file being written) may pass. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'its interpreter (first line) does not exist',
  EACCES: 'its interpreter (first line), or it, may not be executed',
  ENOEXEC: 'it is no program for this machine, and has no interpreter (first line)',
  ENOTDIR: 'its interpreter (first line) does not exist',
  ELOOP: 'its interpreter (first line) is a hook itself',
  EPERM: 'the kernel does not let it be executed',
};

/** Starts the hook at `path`, and records it; returns how the run ended if it can't be started. Never throws. */
export async function startHook(
  path: string,
  env: NodeJS.ProcessEnv,
  limitMs: number,
  record?: Pick<HookRecord, 'add'>,
): Promise<HookProcess | HookEnd> {
  try {
    const spawn = await loadSpawn();
    // The agent's own output must not be inherited: it carries the protocol with supervisord.
    const options: SpawnOptions = { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] };
    const child = spawn(path, [], options);
    if (!isStarted(child)) throw await new Promise((resolve) => child.once('error', resolve));
    child.on('error', () => {});
    record?.add(child.pid, true);
    return new HookProcess(child, limitMs, (input) => openReader(spawn, input, record));
  } catch (error) {
    return describeStartFailure(error as NodeJS.ErrnoException);
  }
}

const isStarted = (child: ChildProcess): child is StartedChild => child.pid !== undefined;

function describeStartFailure({ code = '', message }: NodeJS.ErrnoException): HookEnd {
  const fault = FILE_FAULTS[code];
  if (fault !== undefined) return { how: 'unrunnable', why: fault };
  if (code === 'ETXTBSY') return { how: 'unknown', why: 'not run: it is being written' };
  return { how: 'unknown', why: `can't be started now: ${code || message}` };
}

function openReader(
  spawn: Spawn,
  input: Readable,
  record?: Pick<HookRecord, 'add'>,
): ChildProcess | undefined {
  try {
    const reader = spawn('/bin/cat', [], { cwd: '/', env: {}, stdio: [input, 'ignore', 'ignore'] });
    reader.on('error', () => {});
    if (reader.pid === undefined) return undefined;
    record?.add(reader.pid, false);
    return reader;
  } catch {
    return undefined;
  }
}
