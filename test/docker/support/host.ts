/**
 * The host's side of one switch, for the scenarios of golden images: the real ctrkitd, `container` and `ctrkit` of
 * dist/host, the real engine and Redis, images of several versions, and stand-ins for systemd (unit.sh) and kubelet.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { docker, dockerOutput, type CommandResult } from '../../support/docker.ts';
import { LABEL, makeDirectory, removeAll, startDatabase, type Database } from '../../support/images.ts';
import { MARK } from '../../support/processes.ts';
import { Kubelet } from './kubelet.ts';
import { until } from '../../support/until.ts';

const HOST = fileURLToPath(new URL('../../../dist/host', import.meta.url));
const UNIT = fileURLToPath(new URL('unit.sh', import.meta.url));
const NODE = fileURLToPath(new URL('../../../dist/node/usr/lib/ctrkit/node', import.meta.url));
/** How long a condition may take on a busy machine; where time is the point, the test measures it by itself. */
const DEADLINE_MS = 90_000;
const HEARTBEAT = '500ms';

export type Row = Readonly<Record<string, string>>;

export interface HostOptions {
  /** CONFIG_DB IMAGE_MGMT|GLOBAL; what the scenario is about. */
  readonly policy: Row;
  /** Environment of the daemon beside that of every scenario. */
  readonly env?: Row;
}

/** A test with a switch of its own. */
export function hostScenario(
  title: string,
  options: HostOptions,
  play: (here: Host, t: TestContext) => Promise<void>,
): void {
  test(title, async (t) => playOn(new Host(await makeDirectory(), options), t, play));
}

/** Its failure shows every log and what STATE_DB says; afterwards nothing of it is left. */
export async function playOn<T extends Host>(
  here: T,
  t: TestContext,
  play: (here: T, t: TestContext) => Promise<void>,
): Promise<void> {
  try {
    await here.begin();
    await play(here, t);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message}\n${await here.describe()}`, { cause: error });
  } finally {
    await here.end();
    await removeAll();
  }
}

let lastHost = 0;

export class Host {
  /** Unique on this engine: a container, a unit and an image repository bear it. */
  readonly feature: string;
  readonly localRepository: string;
  /** Where Kubernetes' images come from. */
  readonly remoteRepository: string;
  readonly directory: string;
  readonly stateDir: string;
  readonly kubelet: Kubelet;
  /** Words before the daemon's own that end in `exec`, a namespace say: the process has to stay the same one. */
  daemonPrefix: readonly string[] = [];
  readonly #options: HostOptions;
  #database: Database | undefined;
  #daemon: ChildProcess | undefined;
  #clients: Redis[] = [];
  #images = new Set<string>();

  constructor(directory: string, options: HostOptions) {
    lastHost += 1;
    // Letters only: a digit at the end would be an ASIC's number.
    const unique = `${process.pid}${lastHost}`.replaceAll(
      /\d/g,
      (digit) => 'abcdefghij'[Number(digit)] ?? '',
    );
    this.feature = `snmp-${unique}`;
    this.localRepository = `ctrkit-test-${process.pid}-local-${unique}`;
    this.remoteRepository = `registry.test:5000/ctrkit-test-${process.pid}/${unique}`;
    this.directory = directory;
    this.stateDir = `${directory}/state`;
    this.#options = options;
    this.kubelet = new Kubelet(this);
  }

  get database(): Database {
    assert.ok(this.#database);
    return this.#database;
  }

  get config(): Redis {
    return this.client(0);
  }

  get state(): Redis {
    return this.client(1);
  }

  async begin(): Promise<void> {
    mkdirSync(`${this.directory}/run`);
    symlinkSync(UNIT, `${this.directory}/systemctl`);
    writeFileSync(`${this.directory}/names.json`, JSON.stringify({ [this.feature]: this.localRepository }));
    this.#database = await startDatabase(this.directory);
    await this.connect();
    await this.setConfig({ state: 'enabled', set_owner: 'local', auto_restart: 'enabled' });
    const { policy } = this.#options;
    if (Object.keys(policy).length > 0) await this.config.hset('IMAGE_MGMT|GLOBAL', policy);
    await this.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
  }

  /** The environment of everything on the host. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      [MARK]: this.directory,
      CTRKIT_NODE: NODE,
      CTRKIT_REDIS: `unix://${this.directory}/redis.sock`,
      CTRKIT_STATE_DIR: this.stateDir,
      CTRKIT_RUN_DIR: `${this.directory}/run`,
      CTRKIT_IMAGE_NAMES: `${this.directory}/names.json`,
      CTRKIT_RESTART_COMMAND: `${this.directory}/systemctl restart {feature}`,
      CTRKIT_FALLBACK_GRACE: '0',
      // The scenario says itself whether there is a master.
      CTRKIT_KUBECONFIG: 'none',
      CTRKIT_FALLBACK_COOL_DOWN: '0',
      CTRKIT_REVERT_TO_LOCAL: '300s',
      UNIT_DIR: this.directory,
      UNIT_HOST: HOST,
      UNIT_CREATE: [...this.containerWords('local'), `${this.localRepository}:latest`].join(' '),
    };
  }

  /** What every container of the feature is started with. */
  containerWords(owner: 'local' | 'kube'): string[] {
    return [
      `--label ${LABEL}=${process.pid}`,
      `-e RUNTIME_OWNER=${owner}`,
      `-e CTRKIT_HEARTBEAT_INTERVAL=${HEARTBEAT}`,
      `-v ${this.directory}:/var/run/redis`,
    ];
  }

  /** What CONFIG_DB FEATURE|f says. */
  async setConfig(values: Row): Promise<void> {
    await this.config.hset(`FEATURE|${this.feature}`, values);
  }

  /**
   * An image of this version: the real snmp image under this feature's name, with `lines` of a Dockerfile beside. Returns
   * its id. Tagged `name`, the version's tag in the remote repository without it.
   */
  async buildImage(
    version: string,
    { lines = '', name }: { lines?: string; name?: string } = {},
  ): Promise<string> {
    const tag = name ?? `${this.remoteRepository}:${version}`;
    const text = [
      'FROM ctrkit/snmp:1.0.0',
      `RUN sed -i 's/-f snmp -o/-f ${this.feature} -o/' /usr/bin/start.sh`,
      lines,
      `ENV IMAGE_VERSION=${version}`,
      `LABEL ${LABEL}=${process.pid}`,
    ].join('\n');
    await new Promise<void>((resolve, reject) => {
      const child = execFile(
        'docker',
        ['build', '-q', '-t', tag, '-'],
        { timeout: 300_000 },
        (error, _out, stderr) =>
          error === null ? resolve() : reject(new Error(`docker build of ${tag}: ${stderr}`)),
      );
      child.stdin?.end(text);
    });
    const id = await dockerOutput(['inspect', '-f', '{{.Id}}', tag]);
    this.#images.add(id);
    return id;
  }

  /** The switch's own image, `<local>:latest`, and its unit started: the way a switch comes. */
  async startLocal(version: string): Promise<string> {
    const id = await this.buildImage(version, { name: `${this.localRepository}:latest` });
    await dockerOutput(['tag', id, `${this.localRepository}:${version}`]);
    await this.unit('start');
    await this.untilRuns('local', version);
    return id;
  }

  async unit(verb: 'start' | 'stop' | 'restart'): Promise<void> {
    const { code, stderr } = await this.run(UNIT, [verb, this.feature]);
    assert.equal(code, 0, stderr);
  }

  /** The unit and what it has started end without a word, as when the power goes. */
  async killUnit(): Promise<void> {
    const pid = Number(readIfThere(`${this.directory}/${this.feature}.pid`));
    assert.ok(pid > 1, 'no unit runs');
    // It leads a session of its own.
    process.kill(-pid, 'SIGKILL');
    await rm(`${this.directory}/${this.feature}.pid`);
  }

  /** A command of the host's overlay: container, ctrkit. */
  command(name: 'container' | 'ctrkit', ...args: string[]): Promise<CommandResult> {
    return this.run(`${HOST}/usr/bin/${name}`, args);
  }

  startDaemon(...args: string[]): ChildProcess {
    const [file = '', ...words] = [...this.daemonPrefix, `${HOST}/usr/bin/ctrkitd`, ...args];
    const child = spawn(file, words, {
      env: { ...this.env, ...this.#options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.pipe(createWriteStream(`${this.directory}/ctrkitd.log`, { flags: 'a' }));
    this.#daemon = child;
    return child;
  }

  async stopDaemon(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#daemon;
    this.#daemon = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  daemonLog(): string {
    return readIfThere(`${this.directory}/ctrkitd.log`);
  }

  /** The ledger's entry of the feature, undefined before the first. Until one is certified, the shipped image is golden. */
  ledger():
    | (Record<string, unknown> & {
        golden?: { imageId: string; version: string; source: string } | undefined;
      })
    | undefined {
    const text = readIfThere(`${this.stateDir}/ledger.json`);
    if (text === '') return undefined;
    type Entry = NonNullable<ReturnType<Host['ledger']>>;
    const { features } = JSON.parse(text) as { features: Record<string, Entry | undefined> };
    const entry = features[this.feature];
    return entry && { ...entry, golden: entry.golden ?? (entry['shipped'] as Entry['golden']) };
  }

  /** The ledger's fallbacks, without when and why. */
  fallbacks(): { imageId: string; version: string; isDone: boolean }[] {
    const list = (this.ledger()?.['fallbacks'] ?? []) as Record<string, never>[];
    return list.map(({ imageId, version, isDone }) => ({ imageId, version, isDone }) as never);
  }

  /** What the unit has said, one line each; of the command that it runs too. */
  unitLog(): string[] {
    return readIfThere(`${this.directory}/${this.feature}.log`).split('\n');
  }

  /** How often the daemon has had the service restarted. */
  restarts(): number {
    return this.unitLog().filter((line) => line.endsWith('restart asked for')).length;
  }

  /** The daemon's view of the feature. */
  view():
    { certification: { kind: string; text: string }; fallback: { kind: string; text: string } } | undefined {
    const text = readIfThere(`${this.directory}/run/ctrkitd.json`);
    if (text === '') return undefined;
    return (JSON.parse(text) as { features: Record<string, never> }).features[this.feature];
  }

  /** What the daemon says that it can't do at present. */
  daemonProblems(): readonly string[] {
    const text = readIfThere(`${this.directory}/run/ctrkitd.json`);
    return text === '' ? ['no view yet'] : (JSON.parse(text) as { problems: readonly string[] }).problems;
  }

  status(): Promise<Row> {
    return this.state.hgetall(`FEATURE|${this.feature}`);
  }

  health(): Promise<Row> {
    return this.state.hgetall(`CONTAINER_HEALTH|${this.feature}`);
  }

  label(name: string): Promise<string | null> {
    return this.state.hget('KUBE_LABELS|SET', `${this.feature}_${name}`);
  }

  /** What `look` returns, as soon as that is neither false nor undefined. */
  /** Docker, a database or a container that does not answer yet is no failure. */
  until<T>(
    what: string,
    look: () => Promise<T | false | undefined>,
    everyMs = 50,
  ): Promise<Exclude<T, false | undefined>> {
    return until(what, look, { everyMs, retriesErrors: true });
  }

  untilRuns(owner: 'local' | 'kube', version: string): Promise<Row> {
    return this.until(`${owner} runs version ${version} and is healthy`, async () => {
      const [status, health] = [await this.status(), await this.health()];
      // By its heartbeat: whoever waits writes its own version into the record.
      const isOwn = status['current_owner'] === owner && health['version'] === version;
      return isOwn && health['token'] === status['claim_token'] && health['status'] === 'healthy' && status;
    });
  }

  untilGolden(imageId: string): Promise<true> {
    return this.until(`${imageId} is golden`, async () => this.ledger()?.golden?.imageId === imageId);
  }

  untilHeld(reason: string, version: string): Promise<Row> {
    return this.until(`version ${version} is held: ${reason}`, async () => {
      for (const key of await this.state.keys(`CONTAINER_HOLD|${this.feature}|*`)) {
        const row = await this.state.hgetall(key);
        if (row['reason'] === reason && row['version'] === version) return row;
      }
      return undefined;
    });
  }

  /** The id of the image that a name stands for, undefined if there is none. */
  async imageOf(name: string): Promise<string | undefined> {
    const { code, stdout } = await docker(['image', 'inspect', '-f', '{{.Id}}', name]);
    return code === 0 ? stdout.trim() : undefined;
  }

  async hasImage(id: string): Promise<boolean> {
    return (await this.imageOf(id)) !== undefined;
  }

  /** STATE_DB as after a cold boot. */
  async flushState(): Promise<void> {
    await this.state.flushdb();
  }

  /** Every log, the ledger, and what STATE_DB says; for failure messages, so it never fails itself. */
  async describe(): Promise<string> {
    const files = ['ctrkitd.log', `${this.feature}.log`, 'state/ledger.json', 'run/ctrkitd.json'];
    const lines = files.flatMap((name) => [
      `--- ${name}`,
      readIfThere(`${this.directory}/${name}`).slice(-8_000),
    ]);
    for (const key of (await this.#clients[1]?.keys('*').catch(() => [])) ?? []) {
      const row = await this.#clients[1]?.hgetall(key).catch((error: Error) => error.message);
      lines.push(`--- STATE_DB ${key} ${JSON.stringify(row)}`);
    }
    const listed = await docker(['ps', '-a', '--filter', `label=${LABEL}=${process.pid}`]).catch(
      () => undefined,
    );
    lines.push('--- docker ps -a', listed?.stdout ?? '', ...(await this.kubelet.describe()));
    return lines.join('\n');
  }

  async end(): Promise<void> {
    await this.stopDaemon('SIGKILL');
    await this.kubelet.stop();
    await this.unit('stop').catch(() => undefined);
    for (const client of this.#clients) client.disconnect();
    const listed = await dockerOutput(['ps', '-aq', '--filter', `label=${LABEL}=${process.pid}`]);
    const ids = listed.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await docker(['rm', '-f', '-v', ...ids]);
    if (this.#images.size > 0) await docker(['rmi', '-f', ...this.#images]);
  }

  private run(file: string, args: readonly string[]): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const options = { env: this.env, timeout: DEADLINE_MS, maxBuffer: 16 << 20 };
      execFile(file, [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(error);
      });
    });
  }

  private client(index: 0 | 1): Redis {
    const client = this.#clients[index];
    assert.ok(client, 'the database of this switch does not run');
    return client;
  }

  private async connect(): Promise<void> {
    this.#clients = [4, 6].map((db) =>
      new Redis({ path: this.database.socketPath, db, commandTimeout: DEADLINE_MS }).on(
        'error',
        () => undefined,
      ),
    );
    for (const client of this.#clients) await client.ping();
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
