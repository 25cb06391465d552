/** A container of an image of some layout: its supervisord with the overlay's agent, its programs and its lists. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Kit, type Container } from './kit.ts';
import { PrivateRedis } from './private-redis.ts';
import type { Program } from './program.ts';
import { baseConfig } from './supervisord.ts';
import { until } from './until.ts';

type Files = Readonly<Record<string, string>>;

export interface ImageOptions {
  readonly env?: Files;
  /** Sections of supervisord's configuration; `{here}` is the folder of the files. */
  readonly programs?: string;
  /** By name, in the folder that stands for /etc/supervisor and /etc/ctrkit; a script is made executable. */
  readonly files?: Files;
  /** A shell's line that runs supervisord, which is `"$@"`. */
  readonly entrypoint?: string;
}

/** Its Redis is empty but for what a test writes. */
export class ImageContainer {
  readonly redis: PrivateRedis;
  readonly here: Container;
  readonly folder: string;
  readonly #kit: Kit;
  #supervisord: Program | undefined;

  private constructor(redis: PrivateRedis, kit: Kit, env: Files) {
    this.redis = redis;
    this.#kit = kit;
    this.here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url, ...env });
    this.folder = join(this.here.runFolder, 'etc');
    mkdirSync(this.folder);
  }

  static async start(
    t: TestContext,
    { env = {}, programs = '', files = {}, entrypoint = 'exec "$@"' }: ImageOptions,
  ): Promise<ImageContainer> {
    const redis = await PrivateRedis.start(t);
    const image = new ImageContainer(redis, new Kit(t), env);
    for (const [name, text] of Object.entries(files)) image.write(name, text);
    image.startSupervisord(programs, entrypoint);
    return image;
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    writeFileSync(join(this.folder, name), this.#fill(text), { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }

  /** What the agent has written to its log. */
  get log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  get supervisord(): Program {
    assert.ok(this.#supervisord);
    return this.#supervisord;
  }

  /** Resolves when the agent has said so. */
  async waitForLog(text: string | RegExp): Promise<void> {
    const matches = () => (typeof text === 'string' ? this.log.includes(text) : text.test(this.log));
    await until(() => `the agent says ${String(text)}; it said ${this.log}`, matches);
  }

  /** Ends with what health_probe ends with. */
  probe(name: string): { readonly code: number | null; readonly text: string } {
    const probe = join(this.#kit.overlay, 'usr/bin/health_probe');
    const { status, stdout } = spawnSync(probe, [name], { env: this.here.env, encoding: 'utf8' });
    return { code: status, text: stdout };
  }

  async waitForProbe(name: string, code: number): Promise<void> {
    await until(
      () => `${name} is ${code}: ${this.probe(name).text} ${this.log}`,
      () => this.probe(name).code === code,
    );
  }

  async waitForStatus(status: string): Promise<Files> {
    const read = async () => this.redis.row('CONTAINER_HEALTH|snmp');
    return until(
      () => `status ${status}. ${this.log}`,
      async () => {
        const row = await read();
        return row['status'] === status && row;
      },
    );
  }

  /** The process of a program of supervisord; undefined while it has none. */
  pidOf(program: string): number | undefined {
    const url = `unix://${this.here.runFolder}/supervisor.sock`;
    const { stdout } = spawnSync('supervisorctl', ['--serverurl', url, 'pid', program], { encoding: 'utf8' });
    return Number(stdout) > 0 ? Number(stdout) : undefined;
  }

  async waitForPid(program: string): Promise<number> {
    return until(
      () => `${program} runs. ${this.supervisord.said}`,
      () => this.pidOf(program),
    );
  }

  private startSupervisord(programs: string, entrypoint: string): void {
    const section = readFileSync(join(this.#kit.overlay, 'etc/supervisor/conf.d/ctrkit.conf'), 'utf8')
      .replace('command=/usr/bin/', `command=${this.#kit.overlay}/usr/bin/`)
      .replace('stderr_logfile=/dev/fd/2', `stderr_logfile=${this.#logFile}`);
    const config = join(this.here.runFolder, 'supervisord.conf');
    writeFileSync(config, `${baseConfig(this.here.runFolder)}${section}\n${this.#fill(programs)}`);
    this.#supervisord = this.#kit.run(
      ['sh', '-c', this.#fill(entrypoint), 'sh', 'supervisord', '--configuration', config],
      this.here.env,
    );
  }

  /** The places that a test can't know. */
  #fill(text: string): string {
    return text.replaceAll('{here}', this.folder).replaceAll('{overlay}', this.#kit.overlay);
  }

  get #logFile(): string {
    return join(this.here.runFolder, 'agent.log');
  }
}
