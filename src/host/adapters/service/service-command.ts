import { execFile, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { findExecutable } from '../../../adapters/process/find-executable.ts';
import { splitWords } from '../../../text/command-words.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { isFeatureName } from '../../../contract/names.ts';
import { decodeUnitState, UNIT_PROPERTIES, type UnitState } from '../../../contract/feature/unit-state.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';

/** Stopping a feature may take its grace period, and what depends on it is stopped first. */
const TIME_LIMIT_MS = 180_000;
/** systemd answers in milliseconds, or is stuck. */
const READ_LIMIT_MS = 5_000;
/** How much of a command's output is kept: its last line goes into the error. */
const KEPT_BYTES = 2_000;

/** systemd's units have the features' names (SONiC: files/build_templates). */
export const DEFAULT_RESTART_COMMAND = 'systemctl restart {feature}';

/**
 * The words of a command, without a shell; `{feature}` stands for the feature's name. Throws CtrkitError('usage').
 */
export function parseRestartCommand(text: string): string[] {
  const words = splitWords(text);
  if (words.length === 0) throw new CtrkitError('usage', 'the restart command is empty');
  if (!words.slice(1).some((word) => word.includes('{feature}')))
    throw new CtrkitError(
      'usage',
      `the restart command "${text.slice(0, 80)}" does not say where the feature's name goes: write {feature}`,
    );
  return words;
}

/** Why the command can't be run now, one line; undefined if it can. Looks where spawn looks: `searched` is a PATH. */
export function findCommandProblem(
  [file = '']: readonly string[],
  searched = process.env['PATH'] ?? '/bin:/usr/bin',
): string | undefined {
  if (findExecutable(file, searched) !== undefined) return undefined;
  const where = file.includes('/') ? 'there is no such program' : `no folder of PATH (${searched}) has it`;
  return `no service can be restarted: "${file}" of the restart command can't be run, ${where}. Mend CTRKIT_RESTART_COMMAND, or install it`;
}

/** Restarts features by a command. Where the command is systemctl, asks systemd for the state of their units. */
export class ServiceCommand implements ServiceControl {
  readonly #words: readonly string[];
  readonly #timeLimitMs: number;
  readonly #signal: AbortSignal | undefined;

  /** When `signal` aborts, a restart that is under way goes on by itself: its caller has to end. */
  constructor(words: readonly string[], timeLimitMs = TIME_LIMIT_MS, signal?: AbortSignal) {
    this.#words = words;
    this.#timeLimitMs = timeLimitMs;
    this.#signal = signal;
  }

  async restart(feature: string): Promise<void> {
    // systemd does not start a unit that crashed too often, also not by hand, until its failures are forgotten.
    const reset = replaceVerb(this.#words, ['reset-failed']);
    if (reset !== undefined) await this.#run(fillInFeature(reset, feature)).catch(() => undefined);
    await this.#run(fillInFeature(this.#words, feature));
  }

  async readState(feature: string): Promise<UnitState | undefined> {
    const words = replaceVerb(this.#words, ['show', `--property=${UNIT_PROPERTIES.join(',')}`]);
    return words === undefined ? undefined : decodeUnitState(await readOutput(fillInFeature(words, feature)));
  }

  #run([file = '', ...args]: readonly string[]): Promise<void> {
    const command = [file, ...args].join(' ');
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new CtrkitError('service', `"${command}" ${why}`));
      const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const limit = setTimeout(() => child.kill(), this.#timeLimitMs);
      const leaveAlone = (): void => {
        stopWaiting();
        child.unref();
        fail('is left to itself');
      };
      const stopWaiting = (): void => {
        clearTimeout(limit);
        this.#signal?.removeEventListener('abort', leaveAlone);
        child.stderr.destroy();
      };
      this.#signal?.addEventListener('abort', leaveAlone, { once: true });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-KEPT_BYTES);
      });
      child.on('error', (error) => {
        stopWaiting();
        fail(`can't be run: ${error.message}`);
      });
      // Not 'close': a service that the command has started may keep the pipe open for as long as it lives.
      child.on('exit', (code, signal) => {
        stopWaiting();
        if (code === 0) resolve();
        else if (signal !== null) fail(`was ended by ${signal} (it may take ${this.#timeLimitMs / 1000} s)`);
        else fail(`ended with ${code}: ${output.trim().split('\n').at(-1) ?? ''}`);
      });
    });
  }
}

/** The words that come before the verb: systemctl, or a wrapper and systemctl; systemctl alone where the command has none. */
export function findSystemctl(words: readonly string[]): string[] {
  const at = findRestart(words);
  return at < 0 ? ['systemctl'] : words.slice(0, at);
}

/** `systemctl VERB` in place of `systemctl restart`, which may come after a wrapper; undefined for another command. */
function replaceVerb(words: readonly string[], verb: readonly string[]): string[] | undefined {
  const at = findRestart(words);
  return at < 0 ? undefined : [...words.slice(0, at), ...verb, ...words.slice(at + 1)];
}

const findRestart = (words: readonly string[]): number =>
  words.findIndex((word, i) => word === 'restart' && basename(words[i - 1] ?? '') === 'systemctl');

function fillInFeature(words: readonly string[], feature: string): string[] {
  if (!isFeatureName(feature)) throw new CtrkitError('defect', 'not a legal feature name');
  return words.map((word) => word.replaceAll('{feature}', feature));
}

function readOutput([file = '', ...args]: readonly string[]): Promise<string> {
  const options = { timeout: READ_LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: KEPT_BYTES } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else {
        const command = [file, ...args].join(' ');
        reject(new CtrkitError('service', `"${command}" can't tell: ${error.message}`, { cause: error }));
      }
    });
  });
}
