/** Folders of real hooks, and the source over them, in a place that only root (or this user) may write. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/adapters/clock.ts';
import { createHookSource, type HookSourceOptions } from '../../src/container/adapters/hooks/hook-source.ts';
import type { CheckOutcome } from '../../src/contract/health/check.ts';
import { DEFAULT_TIMING } from '../../src/contract/health/check.ts';
import type { Check } from '../../src/ports/check.ts';
import { FakeLog } from './fake-log.ts';
import { endAll, keepRoot, MARK, runningUnder } from './processes.ts';

/** /tmp is everybody's, and /run may be mounted noexec. */
const SAFE_PLACE = process.getuid?.() === 0 ? '/var/lib' : homedir();

export class HookFolder {
  readonly root: string;
  readonly log = new FakeLog();
  readonly source: ReturnType<typeof createHookSource>;

  constructor(t: TestContext, options: Partial<HookSourceOptions> & { timeoutMs?: number } = {}) {
    this.root = mkdtempSync(join(SAFE_PLACE, 'ctrkit-hooks-'));
    for (const name of ['required.d', 'wanted.d', 'seen']) mkdirSync(join(this.root, name), { mode: 0o755 });
    const { timeoutMs = DEFAULT_TIMING.timeoutMs, ...rest } = options;
    this.source = createHookSource({
      folders: { required: join(this.root, 'required.d'), wanted: join(this.root, 'wanted.d') },
      shippedHook: join(this.root, 'readiness_probe_hook'),
      findTiming: () => ({ ...DEFAULT_TIMING, timeoutMs }),
      atOnce: 4,
      env: { PATH: process.env['PATH'], [MARK]: this.root, SEEN: join(this.root, 'seen') },
      clock: systemClock,
      log: this.log,
      ...rest,
    });
    keepRoot(this.root);
    t.after(() => {
      this.source.stop();
      endAll(this.root);
    });
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** A hook of /bin/sh, put there whole; `name` with its folder. */
  write(name: string, script: string, mode = 0o755): string {
    return this.writeRaw(name, `#!/bin/sh\n${script}\n`, mode);
  }

  writeRaw(name: string, content: string | Buffer, mode = 0o755): string {
    const path = this.path(name);
    writeFileSync(`${path}~`, content);
    chmodSync(`${path}~`, mode);
    renameSync(`${path}~`, path);
    return path;
  }

  get names(): string[] {
    return this.source.list().map(({ name }) => name);
  }

  check(name: string): Check {
    const check = this.source.list().find((each) => each.name === name);
    if (check === undefined) throw new Error(`no check ${name} among ${this.names.join(', ')}`);
    return check;
  }

  async run(name: string): Promise<CheckOutcome> {
    return this.check(name).run();
  }

  /** What runs of all that the hooks started. */
  running(): { readonly pid: number; readonly command: string }[] {
    return runningUnder(this.root);
  }

  /** What a hook has written to `$SEEN/NAME`; undefined if it has not. */
  seen(name: string): string | undefined {
    try {
      return readFileSync(this.path('seen', name), 'utf8');
    } catch {
      return undefined;
    }
  }
}
