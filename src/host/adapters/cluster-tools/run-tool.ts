import { spawn, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { findExecutable } from '../../../adapters/process/find-executable.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { hideSecrets } from './hide-secrets.ts';

/** So much of the end of the output is kept for the error. */
const KEPT_LENGTH = 20_000;
/** Time from SIGTERM to SIGKILL: ctrkit itself is asked to end soon. */
const KILL_AFTER_MS = 2_000;
const DRAIN_MS = 500;

export interface ToolRun {
  readonly words: readonly string[];
  readonly timeLimitMs: number;
  /** Ends the tool. */
  readonly signal: AbortSignal;
  /** Texts that the error must not hold. */
  readonly secrets: readonly string[];
  /** Called at once with the number of the tool's process. Throws nothing. */
  readonly onStart: (pid: number) => void;
  /** Completes the tool's name where there is no such program; left out for kubeadm and the like. */
  readonly missingText?: string;
}

/**
 * Runs a tool to its end. Throws CtrkitError('cluster') with the last line of its stderr, without secrets. The tool has its own
 * process group: Ctrl-C on the terminal reaches it only by `signal`, and then all processes that it has started.
 */
export function runTool(run: ToolRun): Promise<void> {
  const { words, timeLimitMs, signal, secrets, onStart } = run;
  const [file = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new CtrkitError('cluster', `"${describeTool(words)}" ${reason}`));
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
      const missing = run.missingText ?? describeMissingTool(file);
      fail(error.code === 'ENOENT' ? missing : `can't be run: ${error.message}`);
    });
    // Not 'close': a process that the tool has started may keep the pipe open for as long as it lives.
    child.on('exit', (code, signalName) =>
      drainStream(child.stderr, () => {
        ending.settle();
        if (ending.reason() !== '') return fail(ending.reason());
        if (code === 0) return resolve();
        fail(
          `ended ${code === null ? `by ${signalName}` : `with ${code}`}: ${findLastLine(output, secrets)}`,
        );
      }),
    );
  });
}

/** Ends the tool by SIGTERM, and then by SIGKILL, when it is interrupted or takes too long. `reason` says which, empty before. */
function endInTime(child: ChildProcess, timeLimitMs: number, signal: AbortSignal) {
  let reason = '';
  let kill: NodeJS.Timeout | undefined;
  const endTool = (text: string): void => {
    if (reason !== '') return;
    reason = text;
    signalGroup(child, 'SIGTERM');
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  };
  const interrupt = (): void => endTool('was interrupted');
  const tooLong = `takes longer than ${timeLimitMs / 1_000} s, and was ended`;
  const limit = setTimeout(() => endTool(tooLong), timeLimitMs);
  signal.addEventListener('abort', interrupt, { once: true });
  return {
    reason: () => reason,
    settle: () => {
      clearTimeout(limit);
      clearTimeout(kill);
      signal.removeEventListener('abort', interrupt);
    },
  };
}

/** Waits until the pipe is empty: the last output may still be in it. */
function drainStream(stderr: Readable, done: () => void): void {
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

/** The tool's name and its first plain word: other words may be secrets. */
const describeTool = ([file = '', verb = '']: readonly string[]): string =>
  [basename(file), ...(/^[a-z-]+$/.test(verb) ? [verb] : [])].join(' ');

/** Why the tool can't run, one line; undefined if it is installed. Looks where spawn looks. */
export function findMissingTool(
  words: readonly string[],
  path = process.env['PATH'] ?? '',
): string | undefined {
  const [file = ''] = words;
  return findExecutable(file, path) === undefined
    ? `"${basename(file)}" ${describeMissingTool(file)}`
    : undefined;
}

function describeMissingTool(file: string): string {
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
    // The process group has ended already.
  }
}

function findLastLine(output: string, secrets: readonly string[]): string {
  const lines = output.split('\n').map((line) => line.trim());
  return hideSecrets(lines.findLast((line) => line !== '') ?? 'it said nothing', secrets);
}
