import { execFile, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { splitWords } from '../../../text/command-words.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { isFeatureName } from '../../../contract/names.ts';
import { decodeUnitState, type UnitState } from '../../../contract/feature/unit-state.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';

/** Stopping a feature may take its grace period, and what depends on it is stopped first. */
const TIME_LIMIT_MS = 180_000;
/** systemd answers in milliseconds, or is stuck. */
const ASK_LIMIT_MS = 5_000;
/** The end of what it said goes into the error. */
const KEPT_BYTES = 2_000;

/** systemd's units have the features' names (SONiC: files/build_templates). */
export const DEFAULT_RESTART_COMMAND = 'systemctl restart {feature}';

/**
 * Words of a command, `{feature}` standing for the feature's name; no shell sees them. Throws CtrkitError('usage').
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

/** Restarts features by a command, and asks systemd for their state where that command is systemctl. */
export class ServiceCommand implements ServiceControl {
  readonly #words: readonly string[];
  readonly #timeLimitMs: number;
  readonly #signal: AbortSignal | undefined;

  /** Where `signal` aborts, a restart that is under way is left to itself: who waits for it is to end. */
  constructor(words: readonly string[], timeLimitMs = TIME_LIMIT_MS, signal?: AbortSignal) {
    this.#words = words;
    this.#timeLimitMs = timeLimitMs;
    this.#signal = signal;
  }

  async restart(feature: string): Promise<void> {
    // A unit that crashed too often is not started any more, also not by hand, until that is forgotten.
    const reset = this.selectWords(feature, ['reset-failed']);
    if (reset !== undefined) await this.run(reset).catch(() => undefined);
    await this.run(this.nameFeature(this.#words, feature));
  }

  async readState(feature: string): Promise<UnitState | undefined> {
    const words = this.selectWords(feature, ['show', '--property=ActiveState,SubState']);
    return words === undefined ? undefined : decodeUnitState(await this.ask(words));
  }

  /** The command with another verb, `systemctl restart` may come after a wrapper; undefined if it is not systemctl. */
  private selectWords(feature: string, verb: readonly string[]): string[] | undefined {
    const words = this.#words;
    const at = words.findIndex(
      (word, i) => word === 'restart' && basename(words[i - 1] ?? '') === 'systemctl',
    );
    return at < 0
      ? undefined
      : this.nameFeature([...words.slice(0, at), ...verb, ...words.slice(at + 1)], feature);
  }

  private nameFeature(words: readonly string[], feature: string): string[] {
    if (!isFeatureName(feature)) throw new CtrkitError('defect', 'not a legal feature name');
    return words.map((word) => word.replaceAll('{feature}', feature));
  }

  private ask([file = '', ...args]: readonly string[]): Promise<string> {
    const options = { timeout: ASK_LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: KEPT_BYTES } as const;
    return new Promise((resolve, reject) => {
      execFile(file, args, options, (error, stdout) => {
        const said = [file, ...args].join(' ');
        if (error === null) resolve(stdout);
        else reject(new CtrkitError('service', `"${said}" can't tell: ${error.message}`, { cause: error }));
      });
    });
  }

  private run([file = '', ...args]: readonly string[]): Promise<void> {
    const said = [file, ...args].join(' ');
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new CtrkitError('service', `"${said}" ${why}`));
      const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const limit = setTimeout(() => child.kill(), this.#timeLimitMs);
      const leave = (): void => {
        settle();
        child.stderr.destroy();
        child.unref();
        fail('is left to itself');
      };
      const settle = (): void => {
        clearTimeout(limit);
        this.#signal?.removeEventListener('abort', leave);
      };
      this.#signal?.addEventListener('abort', leave, { once: true });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-KEPT_BYTES);
      });
      child.on('error', (error) => {
        settle();
        fail(`can't be run: ${error.message}`);
      });
      // Not 'close': a service that it has started may keep the pipe open for as long as it lives.
      child.on('exit', (code, signal) => {
        settle();
        child.stderr.destroy();
        if (code === 0) resolve();
        else if (signal !== null) fail(`was ended by ${signal} (it may take ${this.#timeLimitMs / 1000} s)`);
        else fail(`ended with ${code}: ${output.trim().split('\n').at(-1) ?? ''}`);
      });
    });
  }
}
