import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { bootMs } from './boot-clock.ts';
import { until } from './until.ts';

/** How a process ended, as Node tells it: the one or the other. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under test: what it has said so far, and how it ended. */
export class Program {
  stdout = '';
  stderr = '';
  end: End | undefined;
  /** On the boot clock. */
  endedMs = 0;
  readonly name: string;
  readonly child: ChildProcess;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => (this.stderr += `(not started: ${error.message})\n`));
    child.once('exit', () => (this.endedMs = bootMs()));
    child.once('close', (code, signal) => (this.end = { code, signal }));
  }

  get pid(): number {
    assert.ok(this.child.pid, `${this.name} was not started: ${this.stderr}`);
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when it has ended and all its output is here. */
  async waitForEnd(): Promise<End> {
    return until(
      () => `it ends. ${this.said}`,
      () => this.end,
    );
  }

  /** Resolves when it has said `text`; what it said instead is in the error. */
  async waitForLine(text: string | RegExp): Promise<string> {
    const matches = (line: string) => (typeof text === 'string' ? line.includes(text) : text.test(line));
    return until(
      () => `it says ${String(text)}. ${this.said}`,
      () => {
        const found = this.stderrLines.find(matches);
        assert.ok(
          found !== undefined || this.end === undefined,
          `ended without ${String(text)}: ${this.said}`,
        );
        return found;
      },
    );
  }

  get stderrLines(): string[] {
    return this.stderr.split('\n').filter((line) => line !== '');
  }

  /** For messages. */
  get said(): string {
    return `${this.name}, ${this.end === undefined ? 'running' : JSON.stringify(this.end)}, said:\n${this.stdout}${this.stderr}`;
  }
}

/** 0 and no signal: the gate let the application go. */
export const GO: End = { code: 0, signal: null };
