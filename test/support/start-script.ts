/** A start.sh as SONiC's images have it: it asks the drop-in, and looks at no status. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Container, Kit } from './kit.ts';
import { PrivateRedis } from './private-redis.ts';
import { childrenOf, runningUnder, type ProcessEntry } from './processes.ts';
import type { Program } from './program.ts';
import { until } from './until.ts';

export const DROP_IN = '/usr/share/sonic/scripts/container_startup.py';
/** What start.sh files run on. */
export const SHELLS = ['bash', 'dash'] as const;

interface StartScriptOptions {
  readonly shell?: (typeof SHELLS)[number];
  /** Given the drop-in, in place of running it. */
  readonly interpreter?: string;
  /** A line before the call. */
  readonly first?: string;
  /** The name of the process that runs it. */
  readonly name?: string;
}

export class StartScript {
  readonly kit: Kit;
  readonly redis: PrivateRedis;
  readonly here: Container;
  readonly #command: readonly string[];

  private constructor(
    kit: Kit,
    redis: PrivateRedis,
    { shell = 'bash', interpreter = '', first = '', name }: StartScriptOptions,
  ) {
    this.kit = kit;
    this.redis = redis;
    this.here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
    const script = join(kit.folder, 'start.sh');
    // The lines of SONiC's files.
    const call = `if test -f $gate\nthen\n    ${interpreter} $gate -f snmp -o \${RUNTIME_OWNER} -v \${IMAGE_VERSION}\nfi`;
    const lines = [`#!/usr/bin/env ${shell}`, first, `gate=${DROP_IN}`, call, 'touch "$APPLICATION_STARTED"'];
    writeFileSync(script, `${lines.join('\n')}\n`);
    chmodSync(script, 0o755);
    this.#command = [script];
    if (name === undefined) return;
    const program = join(kit.folder, name);
    copyFileSync(`/bin/${shell}`, program);
    this.#command = [program, script];
  }

  static async prepare(t: TestContext, options: StartScriptOptions = {}): Promise<StartScript> {
    const redis = await PrivateRedis.start(t);
    await redis.wantKube();
    return new StartScript(new Kit(t), redis, options);
  }

  /** `wrapper` is a program that becomes the start.sh. */
  start(env: Readonly<Record<string, string>> = {}, { wrapper = [] as readonly string[] } = {}): Program {
    return this.kit.runInNamespace([...wrapper, ...this.#command], {
      ...this.here.env,
      // As supervisord starts it; whose agent keeps the claim.
      SUPERVISOR_ENABLED: '1',
      RUNTIME_OWNER: 'kube',
      IMAGE_VERSION: '1.4.0',
      APPLICATION_STARTED: join(this.kit.folder, 'application-started'),
      ...env,
    });
  }

  /** For a start.sh of another user than the test's. */
  openToEverybody(): void {
    for (const folder of [this.kit.folder, this.here.runFolder]) chmodSync(folder, 0o777);
  }

  get isApplicationStarted(): boolean {
    return existsSync(join(this.kit.folder, 'application-started'));
  }

  /** The drop-in of this start.sh, or what it has become. */
  listGate(startSh: Program): ProcessEntry[] {
    return childrenOf(startSh.pid);
  }

  /** As proc(5) has it, `T` where it is stopped; empty before start.sh runs and when it has ended. */
  state(startSh: Program): string {
    try {
      const command = readFileSync(`/proc/${startSh.pid}/cmdline`, 'latin1');
      const status = readFileSync(`/proc/${startSh.pid}/status`, 'latin1');
      return command.includes('start.sh') ? (/^State:\s*(\S)/m.exec(status)?.[1] ?? '') : '';
    } catch {
      return '';
    }
  }

  async waitUntilGateIsGone(startSh: Program): Promise<unknown> {
    return until('the gate is gone', () => this.listGate(startSh).length === 0);
  }

  async waitUntilNothingRuns(): Promise<unknown> {
    return until('nothing of the kit runs any more', () => runningUnder(this.kit.folder).length === 0);
  }

  assertStopped(startSh: Program): void {
    assert.ok(startSh.isRunning, startSh.said);
    assert.equal(this.state(startSh), 'T', startSh.said);
    assert.ok(!this.isApplicationStarted, startSh.said);
  }
}
