import { spawn, type ChildProcess } from 'node:child_process';
import { constants, accessSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CtrkitError } from '../../../contract/errors.ts';
import { hideSecrets } from './hide-secrets.ts';

/** The end of what it said goes into the error. */
const KEPT_LENGTH = 20_000;
/** After it was asked to end: whoever has begun it is itself to end soon. */
const KILL_AFTER_MS = 2_000;
const DRAIN_MS = 500;

export interface ToolRun {
  readonly words: readonly string[];
  readonly timeLimitMs: number;
  /** Ends the tool. */
  readonly signal: AbortSignal;
  /** What its output must not give away. */
  readonly secrets: readonly string[];
  /** At once, with the tool's process; throws nothing. */
  readonly onStart: (pid: number) => void;
}

/**
 * Runs a tool to its end. Throws CtrkitError('cluster') with the last line of its stderr, without secrets. It is in a process
 * group of its own: a Ctrl-C on the terminal does not reach it but by `signal`, and then all that it has started.
 */
export function runTool({ words, timeLimitMs, signal, secrets, onStart }: ToolRun): Promise<void> {
  const [file = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new CtrkitError('cluster', `"${describeTool(words)}" ${why}`));
    if (signal.aborted) return fail('was not begun');
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    if (child.pid !== undefined) onStart(child.pid);
    const ending = endInTime(child, timeLimitMs, signal);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_LENGTH);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      ending.settle();
      fail(error.code === 'ENOENT' ? missingText(file) : `can't be run: ${error.message}`);
    });
    // Not 'close': what it has started may keep the pipe open for as long as it lives.
    child.on('exit', (code, signalName) =>
      drain(child.stderr, () => {
        ending.settle();
        if (ending.why() !== '') return fail(ending.why());
        if (code === 0) return resolve();
        fail(`ended ${code === null ? `by ${signalName}` : `with ${code}`}: ${lastLine(output, secrets)}`);
      }),
    );
  });
}

/** SIGTERM, and SIGKILL for what does not take it, where it is interrupted or takes too long: `why` says which. */
function endInTime(child: ChildProcess, timeLimitMs: number, signal: AbortSignal) {
  let why = '';
  let kill: NodeJS.Timeout | undefined;
  const end = (text: string): void => {
    if (why !== '') return;
    why = text;
    signalGroup(child, 'SIGTERM');
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  };
  const interrupt = (): void => end('was interrupted');
  const tooLong = `takes longer than ${timeLimitMs / 1_000} s, and was ended`;
  const limit = setTimeout(() => end(tooLong), timeLimitMs);
  signal.addEventListener('abort', interrupt, { once: true });
  return {
    why: () => why,
    settle: () => {
      clearTimeout(limit);
      clearTimeout(kill);
      signal.removeEventListener('abort', interrupt);
    },
  };
}

/** What it said last may still be in the pipe. */
function drain(stderr: Readable, done: () => void): void {
  let isDone = false;
  const end = (): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(limit);
    stderr.destroy();
    done();
  };
  const limit = setTimeout(end, DRAIN_MS);
  if (stderr.readableEnded) end();
  else stderr.once('end', end);
}

/** Its name and its first plain word: the others may hold anything. */
const describeTool = ([file = '', verb = '']: readonly string[]): string =>
  [basename(file), ...(/^[a-z-]+$/.test(verb) ? [verb] : [])].join(' ');

/** Undefined for one that is there. Found as spawn finds it. */
export function findMissingTool(
  words: readonly string[],
  path = process.env['PATH'] ?? '',
): string | undefined {
  const [file = ''] = words;
  const candidates = file.includes('/') ? [file] : path.split(delimiter).map((folder) => join(folder, file));
  return candidates.some(isProgram) ? undefined : `"${basename(file)}" ${missingText(file)}`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function missingText(file: string): string {
  const tool = basename(file);
  return tool.startsWith('kube')
    ? `is not installed: the package ${tool} brings it (a SONiC image has it when built with INCLUDE_KUBERNETES=y)`
    : 'is not there: look at CTRKIT_JOIN_COMMAND, CTRKIT_RESET_COMMAND and PATH';
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It was quicker.
  }
}

function lastLine(output: string, secrets: readonly string[]): string {
  const lines = output.split('\n').map((line) => line.trim());
  return hideSecrets(lines.findLast((line) => line !== '') ?? 'it said nothing', secrets);
}
