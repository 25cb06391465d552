import type { Environment } from '../../../contract/environment.ts';
import { readdirSync, statSync } from 'node:fs';
import type { CheckKind, CheckTiming } from '../../../contract/health/check.ts';
import type { Check, CheckSource } from '../../../ports/check.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { HookCheck } from './hook-check.ts';
import { selectHooks } from './hook-names.ts';
import type { HookRecord } from './hook-record.ts';
import { HookRunner } from './hook-runner.ts';
import { isExecutable } from '../../../adapters/process/safe-executable.ts';

const SHIPPED_NAME = 'readiness_probe_hook';

export interface HookSourceOptions {
  /** Absolute paths. A folder that does not exist has no hooks. */
  readonly folders: Readonly<Record<CheckKind, string>>;
  /** Absolute path of SONiC's own hook: a required check while it is executable (readiness_probe.sh). */
  readonly shippedHook: string;
  readonly findTiming: (name: string) => CheckTiming;
  /** Hooks that run at the same time. */
  readonly atOnce: number;
  /** The agent's environment. A hook gets it without CTRKIT_REDIS, and with its own name as CTRKIT_CHECK. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly log: Log;
  readonly record?: Pick<HookRecord, 'add'>;
}

/**
 * The checks that are executables: SONiC's `readiness_probe_hook`, then `required.d/<file>`, then `wanted.d/<file>`,
 * each by name. `stop` kills what runs and makes every later result unknown.
 */
export function createHookSource(options: HookSourceOptions): CheckSource & { stop(): void } {
  const { folders, shippedHook, findTiming, clock, log } = options;
  const runner = new HookRunner(options);
  const known = new Map<string, HookCheck>();
  const required = new HookFolder(folders.required, log, clock);
  const wanted = new HookFolder(folders.wanted, log, clock);
  const findOrCreateCheck = (name: string, kind: CheckKind, path: string): HookCheck => {
    const check =
      known.get(name) ?? new HookCheck({ name, kind, path, timing: findTiming(name), runner, clock });
    known.set(name, check);
    return check;
  };
  const list = (): Check[] => {
    const listed = [
      ...(isExecutable(shippedHook) ? [findOrCreateCheck(SHIPPED_NAME, 'required', shippedHook)] : []),
      ...required
        .list()
        .map((file) => findOrCreateCheck(`required.d/${file}`, 'required', `${folders.required}/${file}`)),
      ...wanted
        .list()
        .map((file) => findOrCreateCheck(`wanted.d/${file}`, 'wanted', `${folders.wanted}/${file}`)),
    ];
    if (known.size > listed.length) forgetRemoved(known, listed);
    return listed;
  };
  return { list, stop: () => runner.stop() };
}

/** A busy hook is kept: if it comes back before its process is gone, a new check would run it twice. */
function forgetRemoved(known: Map<string, HookCheck>, listed: readonly HookCheck[]): void {
  for (const [name, check] of known) if (!check.isBusy && !listed.includes(check)) known.delete(name);
}

/** The hooks of one folder, by file name. Warnings about its entries are logged when the entries change. */
class HookFolder {
  readonly #path: string;
  readonly #log: Log;
  readonly #outage: OutageLog;
  #lastEntries = '';
  #files: readonly string[] = [];

  constructor(path: string, log: Log, clock: Clock) {
    this.#path = path;
    this.#log = log;
    this.#outage = new OutageLog(log, clock);
  }

  list(): readonly string[] {
    const entries = this.#readEntries();
    const together = entries?.join('/') ?? this.#lastEntries;
    if (entries === undefined || together === this.#lastEntries) return this.#files;
    this.#lastEntries = together;
    const { files, warnings } = selectHooks(entries);
    for (const warning of warnings) this.#log.warn(`${this.#path}: ${warning}`);
    this.#files = files;
    return files;
  }

  /** Returns undefined if the folder can't be read. */
  #readEntries(): string[] | undefined {
    try {
      // No exception where there is no folder, as is usual: it is looked for several times a period.
      if (statSync(this.#path, { throwIfNoEntry: false }) === undefined) return [];
      const entries = readdirSync(this.#path);
      this.#outage.logRecovery(`${this.#path} can be read again`);
      return entries;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return [];
      this.#outage.logFailure(`${this.#path} can't be read, its hooks stay as they were: ${code ?? message}`);
      return undefined;
    }
  }
}
