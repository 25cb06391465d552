/**
 * The real engine for the contract's suite: images of a few bytes or of the test images' base, labelled with the process
 * that made them and removed by it or, after a killed run, by the next one.
 */
import { createDockerEngine } from '../../../src/host/adapters/docker/docker-engine.ts';
import type { ContainerEngine } from '../../../src/ports/container-engine.ts';
import type { EngineBackend, MadeContainer, PulledImage } from '../../contract/container-engine.ts';
import { docker, dockerOutput, isRunning } from '../../support/docker.ts';
import { IMAGES, removeAll } from '../../support/images.ts';
import { Registry } from '../../support/registry.ts';
import { execFile } from 'node:child_process';

const LABEL = 'ctrkit-test';
const SOCKET = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') || '/var/run/docker.sock';

/** Ends with the code that is written to its pipe, with 0 when it is asked to stop. */
const PROGRAM = `trap 'exit 0' TERM
mkfifo /tmp/end && exec 3<>/tmp/end
read -r code <&3
[ "$code" != memory ] || exec tail /dev/zero
exit "$code"`;

const dockerfile = (number: number): string => `FROM ${IMAGES.database}
LABEL ${LABEL}=${process.pid} number=${number}
ENV COLOUR=blue
ENTRYPOINT []
CMD ${JSON.stringify(['sh', '-c', PROGRAM])}
`;

/** Nothing can run from it, so that it is pushed and pulled in no time. */
const emptyDockerfile = (number: number): string =>
  `FROM scratch\nLABEL ${LABEL}=${process.pid} number=${number}\nCMD ["/none"]\n`;

function build(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('docker', ['build', '-q', '-'], { timeout: 120_000 }, (error, stdout) =>
      error === null ? resolve(stdout.trim()) : reject(error),
    );
    child.stdin?.on('error', () => undefined).end(text);
  });
}

async function removeImages(ofProcess: (pid: number) => boolean): Promise<void> {
  const listed = await dockerOutput(['images', '-q', '--no-trunc', '--filter', `label=${LABEL}`]);
  for (const id of new Set(listed.split('\n').filter(Boolean))) {
    const format = `{{index .Config.Labels "${LABEL}"}}`;
    const { stdout } = await docker(['image', 'inspect', '-f', format, id]);
    if (ofProcess(Number(stdout))) await docker(['rmi', '-f', id]);
  }
}

export class RealEngine implements EngineBackend {
  readonly #registry = new Registry();
  readonly #containers: string[] = [];
  #made = 0;

  async start(): Promise<void> {
    await removeImages((pid) => !isRunning(pid));
    await this.#registry.start();
  }

  async stop(): Promise<void> {
    if (this.#containers.length > 0) await docker(['rm', '-f', '-v', ...this.#containers]);
    await removeAll();
    await removeImages((pid) => pid === process.pid);
    await this.#registry.stop();
  }

  open(): ContainerEngine {
    return createDockerEngine(SOCKET);
  }

  repository(role: string): string {
    return `${LABEL}-${process.pid}-${role}`;
  }

  makeImage(references: readonly string[]): Promise<string> {
    this.#made += 1;
    return this.buildAs(dockerfile(this.#made), references);
  }

  async makeLabelledImage(reference: string): Promise<void> {
    this.#made += 1;
    await this.buildAs(`${emptyDockerfile(this.#made)}LABEL colour=blue\n`, [reference]);
  }

  async pullImage(role: string): Promise<PulledImage> {
    this.#made += 1;
    const repository = `${this.#registry.host}/${LABEL}/${role}`;
    const tag = `${repository}:1`;
    await this.buildAs(emptyDockerfile(this.#made), [tag]);
    await dockerOutput(['push', '-q', tag]);
    await dockerOutput(['rmi', tag]);
    await dockerOutput(['pull', '-q', tag]);
    const format = '{{.Id}} {{index .RepoDigests 0}}';
    const [id = '', digest = ''] = (await dockerOutput(['image', 'inspect', '-f', format, tag])).split(' ');
    return { id, tag, digest };
  }

  async makeContainer(image: string, state: 'running' | 'created'): Promise<MadeContainer> {
    this.#made += 1;
    const name = `${LABEL}-${process.pid}-engine-${this.#made}`;
    this.#containers.push(name);
    const verb = state === 'running' ? ['run', '-d'] : ['create'];
    const limits = ['--memory', '24m', '--memory-swap', '24m'];
    const label = ['--label', `${LABEL}=${process.pid}`];
    const id = await dockerOutput([...verb, '--name', name, ...label, ...limits, image]);
    return { id, name };
  }

  end(container: MadeContainer, exitCode: number): Promise<void> {
    return this.tell(container, String(exitCode));
  }

  exhaustMemory(container: MadeContainer): Promise<void> {
    return this.tell(container, 'memory');
  }

  async tryToStart(id: string): Promise<void> {
    await docker(['start', id]);
  }

  private async tell({ id }: MadeContainer, word: string): Promise<void> {
    const write = `until test -p /tmp/end; do sleep 0.05; done; echo ${word} >/tmp/end`;
    await docker(['exec', id, 'timeout', '20', 'sh', '-c', write]);
    if (word !== 'memory') await dockerOutput(['wait', id]);
  }

  private async buildAs(text: string, references: readonly string[]): Promise<string> {
    const id = await build(text);
    for (const reference of references) await dockerOutput(['tag', id, reference]);
    return id;
  }
}
