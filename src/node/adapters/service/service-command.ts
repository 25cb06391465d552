import { spawn } from 'node:child_process';
import { CtrkitError } from '../../../contract/errors.ts';
import { isFeatureName } from '../../../contract/names.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';

/** Stopping a feature may take its grace period, and what depends on it is stopped first. */
const TIME_LIMIT_MS = 180_000;
/** The end of what it said goes into the error. */
const KEPT_BYTES = 2_000;

/** systemd's units have the features' names (SONiC: files/build_templates). */
export const DEFAULT_RESTART_COMMAND = 'systemctl restart {feature}';

/**
 * Words of a command, `{feature}` standing for the feature's name; no shell sees them. Throws CtrkitError('usage').
 */
export function parseRestartCommand(text: string): string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw new CtrkitError('usage', 'the restart command is empty');
  if (!words.slice(1).some((word) => word.includes('{feature}')))
    throw new CtrkitError(
      'usage',
      `the restart command "${text.slice(0, 80)}" does not say where the feature's name goes: write {feature}`,
    );
  return words;
}

/** Restarts features by a command, systemctl as a rule. */
export class ServiceCommand implements ServiceControl {
  readonly #words: readonly string[];
  readonly #timeLimitMs: number;

  constructor(words: readonly string[], timeLimitMs = TIME_LIMIT_MS) {
    this.#words = words;
    this.#timeLimitMs = timeLimitMs;
  }

  async restart(feature: string): Promise<void> {
    if (!isFeatureName(feature)) throw new CtrkitError('defect', 'not a legal feature name');
    const [file = '', ...args] = this.#words.map((word) => word.replaceAll('{feature}', feature));
    // A unit that crashed too often is not started any more, also not by hand, until that is forgotten.
    if (file.endsWith('systemctl') && args[0] === 'restart')
      await this.run(file, ['reset-failed', ...args.slice(1)]).catch(() => undefined);
    await this.run(file, args);
  }

  private run(file: string, args: readonly string[]): Promise<void> {
    const said = [file, ...args].join(' ');
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new CtrkitError('service', `"${said}" ${why}`));
      const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: this.#timeLimitMs });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-KEPT_BYTES);
      });
      child.on('error', (error) => fail(`can't be run: ${error.message}`));
      // Not 'close': a service that it has started may keep the pipe open for as long as it lives.
      child.on('exit', (code, signal) => {
        child.stderr.destroy();
        if (code === 0) resolve();
        else if (signal !== null) fail(`was ended by ${signal} (it may take ${this.#timeLimitMs / 1000} s)`);
        else fail(`ended with ${code}: ${output.trim().split('\n').at(-1) ?? ''}`);
      });
    });
  }
}
