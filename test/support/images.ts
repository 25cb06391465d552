/**
 * The images of the docker tests and what runs from them: made by test/support/machine/build-images, labelled
 * with the process that started them, removed by `removeAll` or, after a killed run, by the next one.
 */
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll } from './processes.ts';
import { until } from './until.ts';
import { docker, dockerOutput, isRunning, runProgram, type CommandResult } from './docker.ts';

export const IMAGES = { database: 'ctrkit/database', snmp: 'ctrkit/snmp', lldp: 'ctrkit/lldp' } as const;

export type Feature = 'snmp' | 'lldp';

/** Tags of each feature's image; any other version is a container's environment (`env: { IMAGE_VERSION: … }`). */
export type FeatureTag = '1.0.0' | '2.0.0';

/** Its value is the process id of the test file; test/support/machine/run looks for it too. */
export const LABEL = 'ctrkit-test';
const PREFIX = `ctrkit-test-${process.pid}-`;

export interface Container {
  /** 12 hex digits, as STATE_DB has it. */
  readonly id: string;
  readonly name: string;
}

export interface Database extends Container {
  /** Folder of the host that is /var/run/redis in this container and in every one that is given it. */
  readonly directory: string;
  /** The same socket, as a process of the host reaches it. */
  readonly socketPath: string;
}

export interface ContainerOptions {
  /** Its folder is mounted as /var/run/redis; without it there is no such folder. */
  readonly database?: Pick<Database, 'directory'>;
  /** RUNTIME_OWNER; not set where this is absent, which SONiC's start.sh reads as kube. */
  readonly owner?: 'local' | 'kube';
  readonly tag?: FeatureTag;
  /** Instead of the feature's own, one with a slow application say; `tag` is then not looked at. */
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** As `docker run --network`. */
  readonly network?: string;
  /** Each as `docker run --volume`. */
  readonly mounts?: readonly string[];
  /** The grace period of `docker stop`, Docker's own 10 s without it. */
  readonly stopTimeoutS?: number;
  /** Further words for `docker run`, `-t` for instance. */
  readonly args?: readonly string[];
}

const ownContainers = new Set<string>();
const ownDirectories = new Set<string>();
const ownImages = new Set<string>();
let lastNumber = 0;
let leftoversRemoved: Promise<void> | undefined;

const removeLeftovers = async (): Promise<void> => {
  const format = `{{.ID}} {{.Label "${LABEL}"}}`;
  const listed = await dockerOutput(['ps', '-a', '--filter', `label=${LABEL}`, '--format', format]);
  const left = listed.split('\n').map((line) => line.split(' '));
  const dead = left.flatMap(([id, pid]) =>
    id !== undefined && pid !== undefined && !isRunning(Number(pid)) ? [id] : [],
  );
  if (dead.length > 0) await docker(['rm', '-f', '-v', ...dead]);
  const images = await dockerOutput([
    'images',
    '--filter',
    'reference=ctrkit-test-*',
    '--format',
    '{{.Repository}}',
  ]);
  for (const image of images.split('\n')) {
    const pid = /^ctrkit-test-(\d+)-/.exec(image)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await docker(['rmi', image]);
  }
  for (const name of await readdir(tmpdir())) {
    const pid = /^ctrkit-test-(\d+)-/.exec(name)?.[1];
    // A daemon of a killed run still writes there.
    if (pid !== undefined && !isRunning(Number(pid))) endAll(join(tmpdir(), name));
  }
};

const runContainer = async (role: string, args: readonly string[]): Promise<Container> => {
  leftoversRemoved ??= removeLeftovers();
  await leftoversRemoved;
  lastNumber += 1;
  const name = `${PREFIX}${role}-${lastNumber}`;
  // Before it is made: `docker run` can fail and leave the container.
  ownContainers.add(name);
  const fixed = ['run', '-d', '--name', name, '--label', `${LABEL}=${process.pid}`];
  const id = await dockerOutput([...fixed, ...args]);
  return { id: id.slice(0, 12), name };
};

/** A folder of the host for /var/run/redis, removed with everything else. */
export const makeDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), PREFIX));
  ownDirectories.add(directory);
  return directory;
};

/**
 * Builds an image of this test file's own from the text of a Dockerfile, which may copy from the folder `context`.
 * Returns its name.
 */
export const buildImage = async (role: string, dockerfile: string, context?: string): Promise<string> => {
  const image = `${PREFIX}${role}`;
  ownImages.add(image);
  const from = context === undefined ? ['-'] : ['-f', '-', context];
  const { code, stdout, stderr } = await runProgram(
    'docker',
    ['build', '-t', image, ...from],
    300_000,
    dockerfile,
  );
  if (code !== 0) throw new Error(`docker build of ${image} ended with ${code}:\n${stdout}${stderr}`);
  return image;
};

/** Starts a database and waits until it serves; with the folder of an earlier one, in that one's place. */
export const startDatabase = async (directory?: string): Promise<Database> => {
  const folder = directory ?? (await makeDirectory());
  const container = await runContainer('database', ['-v', `${folder}:/var/run/redis`, IMAGES.database]);
  const database = { ...container, directory: folder, socketPath: join(folder, 'redis.sock') };
  await waitForDatabase(database);
  return database;
};

/** Waits until a database, new or started again, has marked CONFIG_DB as initialized. */
const waitForDatabase = async (database: Database): Promise<void> => {
  const query = ['redis-cli', '-s', '/var/run/redis/redis.sock', '-n', '4', 'get', 'CONFIG_DB_INITIALIZED'];
  const isReady = async (): Promise<boolean> => (await execIn(database, query)).stdout.trim() === '1';
  await until('the database serves', isReady, {
    retriesErrors: true,
    describe: () => describeLogs([database]),
  });
};

const containerArguments = (role: string, options: ContainerOptions): string[] => {
  const owner = options.owner === undefined ? {} : { RUNTIME_OWNER: options.owner };
  const env = Object.entries({ ...owner, ...options.env });
  const shared = options.database === undefined ? [] : [`${options.database.directory}:/var/run/redis`];
  const mounts = [...shared, ...(options.mounts ?? [])];
  return [
    ...env.flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...mounts.flatMap((mount) => ['-v', mount]),
    ...(options.network === undefined ? [] : ['--network', options.network]),
    ...(options.stopTimeoutS === undefined ? [] : ['--stop-timeout', String(options.stopTimeoutS)]),
    ...(options.args ?? []),
    options.image ?? `ctrkit/${role}:${options.tag ?? '1.0.0'}`,
  ];
};

/**
 * Starts a feature's container, or under any other role's name that of the `image` given, and waits for nothing: whether
 * it goes is what the test is about.
 */
export const startContainer = (role: string, options: ContainerOptions): Promise<Container> =>
  runContainer(role, containerArguments(role, options));

/** Runs a command in a container. */
export const execIn = (container: Container, command: readonly string[]): Promise<CommandResult> =>
  docker(['exec', container.id, ...command]);

/** Both streams of a container's log, by time of arrival here. */
export const readLogs = async (container: Container, lines: number | 'all' = 'all'): Promise<string> => {
  const { stdout, stderr } = await docker(['logs', '--tail', String(lines), container.id]);
  return stdout + stderr;
};

/** Far beyond what a stop takes on a loaded machine: what is killed after it would not have ended. */
const GRACE_S = 120;

/**
 * `docker stop`; returns how long it took, in milliseconds, and the container's exit code: 137 if it did not end by itself
 * within `graceS` seconds.
 */
export const stopContainer = async (
  container: Container,
  graceS = GRACE_S,
): Promise<{ tookMs: number; exitCode: number }> => {
  const before = performance.now();
  await dockerOutput(['stop', '-t', String(graceS), container.id], (graceS + 60) * 1_000);
  const tookMs = performance.now() - before;
  return {
    tookMs,
    exitCode: Number(await dockerOutput(['inspect', '-f', '{{.State.ExitCode}}', container.id])),
  };
};

/** For the message of a wait that was in vain: their last lines of log. */
export const describeLogs = async (containers: readonly Container[]): Promise<string> => {
  const lines: string[] = [];
  for (const container of containers)
    lines.push(`--- log of ${container.name} (${container.id})`, await readLogs(container, 60));
  return lines.join('\n');
};

/** Removes what this test file started; for `after`, and between tests where they must not meet. */
export const removeAll = async (): Promise<void> => {
  if (ownContainers.size > 0) await docker(['rm', '-f', '-v', ...ownContainers]);
  ownContainers.clear();
  if (ownImages.size > 0) await docker(['rmi', '-f', ...ownImages]);
  ownImages.clear();
  for (const directory of ownDirectories) endAll(directory);
  ownDirectories.clear();
};
