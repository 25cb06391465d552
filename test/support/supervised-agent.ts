/** The agent of the built overlay as it runs in a container: under a real supervisord, beside a Redis of its own. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { childrenOf } from './processes.ts';
import { RedisServer } from './redis-server.ts';
import { Supervisord } from './supervisord.ts';
import { until } from './until.ts';

/** Nobody else may write where hooks are; /tmp is everybody's. */
const SAFE_PLACE = process.getuid?.() === 0 ? '/var/lib' : homedir();
const KIT = resolve('dist/rootfs/usr/bin');
const FEATURE = 'bench';

export interface SupervisedOptions {
  readonly node: string;
  /** Critical programs that do nothing. */
  readonly programs: number;
  /** `required.d/NAME` or `wanted.d/NAME`, and what its shell does. */
  readonly hooks?: Readonly<Record<string, string>>;
  /** More sections for supervisord; `folder` is a folder of its own. */
  readonly sections?: (folder: string) => string;
  /** More lines of critical_processes. */
  readonly critical?: readonly string[];
  readonly checksToml?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class SupervisedAgent {
  readonly folder: string;
  readonly #redis = new RedisServer();
  readonly #options: SupervisedOptions;
  #supervisord: Supervisord | undefined;
  supervisordPid = 0;
  pid = 0;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(SAFE_PLACE, 'ctrkit-supervised-'));
    chmodSync(this.folder, 0o755);
  }

  /** Resolves when the agent has reported a health. */
  async start(): Promise<void> {
    this.#writeConfig();
    await this.#redis.start();
    const supervisord = new Supervisord(() => this.#listSections());
    this.#supervisord = supervisord;
    await supervisord.waitUntilUp();
    await until('the agent reports', async () => (await this.readHeartbeat('status')) !== '', {
      everyMs: 200,
      describe: () => this.readLog(),
    });
    const found = childrenOf(process.pid).find(({ command }) => command.includes(supervisord.directory));
    this.supervisordPid = found?.pid ?? 0;
    this.pid = await until(
      'the agent runs',
      () =>
        childrenOf(this.supervisordPid).find(({ command }) => command.includes('load.cjs ctrkit_agent'))?.pid,
    );
  }

  /** A field of the last heartbeat. */
  readHeartbeat(field: string): Promise<string> {
    return this.#redis.cli('-n', '6', 'HGET', `CONTAINER_HEALTH|${FEATURE}`, field);
  }

  /** What the agent has said. */
  readLog(): string {
    return readFileSync(join(this.folder, 'agent.log'), 'utf8');
  }

  readSupervisordLog(): string {
    return this.#supervisord?.log() ?? '';
  }

  /** Empty for a process that is gone. */
  readCommand(pid: number): string {
    return childrenOf(this.supervisordPid).find((child) => child.pid === pid)?.command ?? '';
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  async stop(): Promise<void> {
    await this.#supervisord?.stop();
    await this.#redis.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeConfig(): void {
    const { programs, hooks = {}, critical = [], checksToml = '' } = this.#options;
    for (const name of ['run', 'sv', 'etc/checks/required.d', 'etc/checks/wanted.d'])
      mkdirSync(join(this.folder, name), { recursive: true, mode: 0o755 });
    const names = Array.from({ length: programs }, (_, i) => `program:app${i}`);
    writeFileSync(join(this.folder, 'sv/critical_processes'), `${[...names, ...critical].join('\n')}\n`);
    writeFileSync(join(this.folder, 'etc/checks.toml'), checksToml);
    for (const [name, script] of Object.entries(hooks)) {
      const path = join(this.folder, 'etc/checks', name);
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
    }
  }

  #listSections(): string {
    const { programs, sections, node, env = {} } = this.#options;
    const settings = {
      CTRKIT_NODE: node,
      CTRKIT_REDIS: this.#redis.url,
      CTRKIT_RUN_DIR: join(this.folder, 'run'),
      CTRKIT_CONFIG_DIR: join(this.folder, 'etc'),
      CTRKIT_SUPERVISOR_DIR: join(this.folder, 'sv'),
      CTRKIT_CONTAINER_ID: '0123456789ab',
      ...env,
    };
    const words = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
    const environment = `environment=${words.join(',')}`;
    const gate = `${KIT}/container_startup -f ${FEATURE} -o local -v 1.0.0`;
    return [
      program('start', gate, `startsecs=0\nautorestart=false\nexitcodes=0\n${environment}`),
      ...Array.from({ length: programs }, (_, i) => program(`app${i}`, 'sleep infinity')),
      sections?.(this.folder) ?? '',
      `[eventlistener:ctrkit_agent]
command=${KIT}/ctrkit_agent
events=SUPERVISOR_STATE_CHANGE_STOPPING,PROCESS_STATE_RUNNING,PROCESS_STATE_BACKOFF,PROCESS_STATE_STOPPING,PROCESS_STATE_STOPPED,PROCESS_STATE_EXITED,PROCESS_STATE_FATAL,PROCESS_STATE_UNKNOWN,PROCESS_COMMUNICATION_STDOUT,PROCESS_GROUP
buffer_size=5000
stdout_logfile=NONE
stderr_logfile=${this.folder}/agent.log
${environment}
`,
    ].join('\n');
  }
}

/** A section of supervisord's configuration. */
export const program = (name: string, command: string, more = ''): string =>
  `[program:${name}]\ncommand=${command}\nstdout_logfile=NONE\nstderr_logfile=NONE\n${more}\n`;
