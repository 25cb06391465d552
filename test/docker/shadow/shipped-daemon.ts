/**
 * Stands in for the shipped ctrmgrd beside a shadow: restarts the service when it changes hands, and when its time is
 * over tags whatever runs as the local image, writes it down as stable and removes all but that and the one before
 * (sonic.md, "State machine as shipped", "Image tags"; D17, D18).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { docker, dockerOutput } from '../../support/docker.ts';
import type { Host } from '../support/host.ts';

const LOOK_EVERY_MS = 300;

export class ShippedDaemon {
  readonly #here: Host;
  #isEnded = false;
  #task: Promise<void> | undefined;

  constructor(here: Host) {
    this.#here = here;
  }

  start(): void {
    this.#task = this.run();
  }

  async stop(): Promise<void> {
    this.#isEnded = true;
    await this.#task;
  }

  /** The 600 s after which what runs is stable, however it runs. */
  async endOfTimer(): Promise<void> {
    const { feature, localRepository, state } = this.#here;
    const before = await this.#here.status();
    const id = before['docker_id'] ?? '';
    const image = await dockerOutput(['inspect', '-f', '{{.Image}}', id]);
    const last = before['container_stable_version'] ?? '';
    await dockerOutput(['tag', image, `${localRepository}:latest`]);
    await docker(['rm', feature]);
    await state.hset(`FEATURE|${feature}`, {
      container_stable_version: before['container_version'] ?? '',
      container_last_version: last,
    });
  }

  /** By force and by id, as shipped. */
  async remove(imageId: string): Promise<void> {
    await dockerOutput(['rmi', '-f', imageId]);
  }

  /** What `container wait` writes when Kubernetes takes too long. */
  async giveUp(): Promise<void> {
    await this.#here.state.hset(`FEATURE|${this.#here.feature}`, { remote_state: 'none' });
  }

  private async run(): Promise<void> {
    while (!this.#isEnded) {
      const [status, setOwner] = [
        await this.#here.status(),
        await this.#here.config.hget(`FEATURE|${this.#here.feature}`, 'set_owner'),
      ];
      const isTaken = (status['current_owner'] ?? 'none') !== 'none';
      if (setOwner === 'kube' && isTaken && status['remote_state'] === 'pending')
        await this.#here.unit('restart');
      await sleep(LOOK_EVERY_MS);
    }
  }
}
