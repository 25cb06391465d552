/** Stands in for kubelet: keeps one pod of the feature running, whatever the switch thinks of it. */
import { spawn } from 'node:child_process';
import { dockerOutput, docker } from '../../support/docker.ts';
import { readLogs } from '../../support/images.ts';

const RESTART_AFTER_MS = 1_000;

export interface PodHost {
  readonly feature: string;
  containerWords(owner: 'kube'): string[];
}

export class Kubelet {
  readonly #host: PodHost;
  readonly #ids: string[] = [];
  /** Counts deployments: what an earlier one still waits for is void. */
  #deployment = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: PodHost) {
    this.#host = host;
  }

  /** The newest container's id, 64 digits. */
  get id(): string {
    return this.#ids.at(-1) ?? '';
  }

  /** How many containers it has started. */
  get starts(): number {
    return this.#ids.length;
  }

  /** The pod of this image in place of the one before, which gets SIGTERM. With the image's id, as kubelet starts it. */
  async deploy(imageId: string, words: readonly string[] = []): Promise<string> {
    await this.stop();
    this.#deployment += 1;
    return this.start(this.#deployment, imageId, words);
  }

  /** A second pod beside the one before, which goes on, but is not started again once it has ended. */
  async roll(imageId: string, words: readonly string[] = []): Promise<string> {
    this.#deployment += 1;
    return this.start(this.#deployment, imageId, words);
  }

  /** No pod any more. */
  async stop(): Promise<void> {
    this.#deployment += 1;
    clearTimeout(this.#timer);
    if (this.id !== '') await docker(['stop', this.id]);
  }

  async describe(): Promise<string[]> {
    const lines: string[] = [];
    for (const id of this.#ids.slice(-3)) {
      const log = await readLogs({ id, name: id }, 40).catch((error: Error) => error.message);
      lines.push(`--- log of pod ${id.slice(0, 12)}`, log);
    }
    return lines;
  }

  private async start(deployment: number, imageId: string, words: readonly string[]): Promise<string> {
    const name = `k8s_${this.#host.feature}_pod_sonic_${process.pid}_${this.#ids.length}`;
    const all = this.#host.containerWords('kube').flatMap((word) => word.split(' '));
    const id = await dockerOutput(['run', '-d', '--name', name, ...all, ...words, imageId]);
    this.#ids.push(id);
    const child = spawn('docker', ['wait', id], { stdio: 'ignore' });
    child.once('exit', () => {
      if (deployment !== this.#deployment) return;
      this.#timer = setTimeout(() => {
        if (deployment === this.#deployment)
          void this.start(deployment, imageId, words).catch(() => undefined);
      }, RESTART_AFTER_MS);
    });
    return id;
  }
}
