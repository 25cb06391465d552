import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findComplaint } from './hook-output.ts';
import { HookPipe, type OpenReader } from './hook-pipe.ts';
import type { HookEnd } from './judge-hook.ts';

/** Time from SIGKILL to the end of a process that can be killed. */
const KILL_MS = 1_000;
/** Time from the end of the hook to the end of its output: a process that left its group may hold the output open. */
const DRAIN_MS = 200;

/** A child that has started, so it has an id and both pipes. */
export type StartedChild = ChildProcess & { pid: number; stdout: Readable; stderr: Readable };

/**
 * One run of a hook, in a session and process group of its own. At the limit the whole group is killed at once: a hook has
 * nothing to clean up that is worth a late result. When the hook ends, what it left in its group is killed too.
 */
export class HookProcess {
  /** Resolves within the limit plus one second. */
  readonly end: Promise<HookEnd>;
  /** Resolves when the process is gone, which may be later than `end`, or never. */
  readonly gone: Promise<void>;
  readonly #child: StartedChild;
  readonly #stdout: HookPipe;
  readonly #stderr: HookPipe;
  readonly #settle: (end: HookEnd) => void;
  #timer: NodeJS.Timeout;
  #hasOverrun = false;

  constructor(child: StartedChild, limitMs: number, openReader: OpenReader) {
    this.#child = child;
    this.#stdout = new HookPipe(child.stdout, openReader);
    this.#stderr = new HookPipe(child.stderr, openReader);
    let settle: (end: HookEnd) => void = () => {};
    this.end = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#killAtLimit(limitMs), limitMs);
    this.gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve();
        void this.#settleExit(code, signal, limitMs);
      });
    });
  }

  /** Kills it and settles at once, without a result. */
  stop(why: string): void {
    // Once the process is gone, its id may belong to another.
    if (this.#child.exitCode === null && this.#child.signalCode === null) killGroup(this.#child.pid);
    this.#settleWith({ how: 'unknown', why });
  }

  #killAtLimit(limitMs: number): void {
    this.#hasOverrun = true;
    killGroup(this.#child.pid);
    this.#timer = setTimeout(() => {
      this.#settleWith({ how: 'unkillable', runningMs: limitMs + KILL_MS });
    }, KILL_MS);
  }

  async #settleExit(code: number | null, signal: string | null, limitMs: number): Promise<void> {
    clearTimeout(this.#timer);
    // The id can't belong to another yet: it stays taken while the group has members, and was reaped just now.
    killGroup(this.#child.pid);
    await this.#waitForOutput();
    const line =
      code === 0 ? this.#stdout.output.firstLine : findComplaint(this.#stdout.output, this.#stderr.output);
    // After a pause of the agent itself, the limit may have passed although the hook ended in time: the code decides.
    if (code !== null) this.#settleWith({ how: 'exited', code, line });
    else if (this.#hasOverrun) this.#settleWith({ how: 'overran', limitMs, line });
    else this.#settleWith({ how: 'signalled', signal: signal ?? 'a signal', line });
  }

  async #waitForOutput(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
    await Promise.race([Promise.all([this.#stdout.closed, this.#stderr.closed]), late]);
    clearTimeout(timer);
  }

  #settleWith(end: HookEnd): void {
    clearTimeout(this.#timer);
    this.#stdout.close();
    this.#stderr.close();
    // A process that can't be killed must not keep the agent from ending.
    this.#child.unref();
    this.#settle(end);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has no members left.
  }
}
