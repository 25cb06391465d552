/**
 * A pod of which only the outside is real: a container that sleeps, of a tiny image, and the rows that its gate and its
 * agent would have written. It is up within a moment and does what the scenario says.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { BOOT_ID, bootMs } from '../../support/boot-clock.ts';
import { docker, dockerOutput } from '../../support/docker.ts';
import { LABEL } from '../../support/images.ts';
import type { Host, Row } from './host.ts';

const BASE = 'ctrkit/debian:bookworm';
const SLEEP = ['sleep', 'infinity'];

/** An image of its own, made in no time, with these names. Returns its id. */
export async function makeTinyImage(
  version: string,
  [first = '', ...others]: readonly string[],
): Promise<string> {
  const text = `FROM ${BASE}\nLABEL ${LABEL}=${process.pid} version=${version} nonce=${randomUUID()}\n`;
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      'docker',
      ['build', '-q', '-t', first, '-'],
      { timeout: 60_000 },
      (error, _out, said) =>
        error === null ? resolve() : reject(new Error(`docker build of ${first}: ${said}`)),
    );
    child.stdin?.end(text);
  });
  for (const other of others) await dockerOutput(['tag', first, other]);
  return dockerOutput(['image', 'inspect', '-f', '{{.Id}}', first]);
}

/** All that `makeTinyImage` of this test file has made; their containers have to be gone. */
export async function removeTinyImages(): Promise<void> {
  const listed = await dockerOutput(['images', '-aq', '--filter', `label=${LABEL}=${process.pid}`]);
  const ids = [...new Set(listed.split('\n'))].filter((id) => id !== '');
  if (ids.length > 0) await docker(['rmi', '-f', ...ids]);
}

export interface SleeperOptions {
  /** For `docker run`. */
  readonly words?: readonly string[];
  /** Instead of sleeping. */
  readonly command?: readonly string[];
}

/** A container that sleeps. Returns its id, 64 digits. */
export function runSleeper(name: string, image: string, options: SleeperOptions = {}): Promise<string> {
  const { words = [], command = SLEEP } = options;
  const fixed = ['run', '-d', '--name', name, '--label', `${LABEL}=${process.pid}`];
  return dockerOutput([...fixed, ...words, image, ...command]);
}

/** A container that has run and has ended, as the local one of a feature that Kubernetes took over. */
export async function createSleeper(name: string, image: string): Promise<void> {
  await dockerOutput(['create', '--name', name, '--label', `${LABEL}=${process.pid}`, image, ...SLEEP]);
  await dockerOutput(['start', name]);
  await dockerOutput(['kill', name]);
}

export interface PodOptions {
  readonly everyMs?: number;
  /** The promise. */
  readonly intervalMs?: number;
  /** Of several pods. */
  readonly number?: number;
}

export class StandInPod {
  readonly #here: Host;
  readonly #options: Required<PodOptions>;
  #timer: NodeJS.Timeout | undefined;
  #id = '';
  #token = '';
  #version = '';
  #seq = 0;
  #healthySinceMs = 0;
  #starts = 0;
  /** Boot clock: the first healthy heartbeat of this start. */
  claimedMs = 0;
  bootId = BOOT_ID;
  /** What its heartbeats say instead of being healthy. */
  ailment: Row = {};

  constructor(here: Host, options: PodOptions = {}) {
    this.#here = here;
    this.#options = { everyMs: 200, intervalMs: 2_000, number: 1, ...options };
  }

  get id(): string {
    return this.#id;
  }

  get token(): string {
    return this.#token;
  }

  /** In place of the one before, as kubelet does it: by the image's id. It beats until told otherwise. */
  async deploy(imageId: string, version: string, options: SleeperOptions = {}): Promise<void> {
    await this.run(imageId, version, options);
    await this.claim();
    await this.startBeating();
  }

  /** Its container alone. */
  async run(imageId: string, version: string, options: SleeperOptions = {}): Promise<void> {
    await this.remove();
    this.#starts += 1;
    this.#version = version;
    const name = `k8s_${this.#here.feature}_stand-in-${this.#options.number}_${process.pid}_${this.#starts}`;
    this.#id = await runSleeper(name, imageId, options);
  }

  /** What the gate writes when it lets the application go; a new token each time. */
  async claim(): Promise<void> {
    const id = this.#id.slice(0, 12);
    this.#token = randomUUID();
    this.#seq = 0;
    this.claimedMs = bootMs();
    await this.#here.state.hset(`FEATURE|${this.#here.feature}`, {
      current_owner: 'kube',
      docker_id: id,
      container_id: id,
      container_version: this.#version,
      remote_state: 'running',
      system_state: 'up',
      update_time: '2026-01-02 03:04:05',
      claim_token: this.#token,
      claim_boot_id: this.bootId,
      claim_ms: `${this.claimedMs}`,
    });
  }

  async startBeating(): Promise<void> {
    this.stopBeating();
    this.#healthySinceMs = bootMs();
    await this.beat();
    // A scenario that fails before it stops the beats must not keep the file's process for ever.
    this.#timer = setInterval(() => void this.beat().catch(() => undefined), this.#options.everyMs).unref();
  }

  stopBeating(): void {
    clearInterval(this.#timer);
  }

  async beat(): Promise<void> {
    this.#seq += 1;
    await this.#here.state.hset(`CONTAINER_HEALTH|${this.#here.feature}`, {
      token: this.#token,
      docker_id: this.#id.slice(0, 12),
      owner: 'kube',
      version: this.#version,
      boot_id: this.bootId,
      status: 'healthy',
      reason: '',
      seq: `${this.#seq}`,
      interval_ms: `${this.#options.intervalMs}`,
      beat_ms: `${bootMs()}`,
      started_ms: `${this.claimedMs}`,
      healthy_since_ms: `${this.#healthySinceMs}`,
      restarts: '0',
      checks: '[]',
      updated_ts: '1',
      ...this.ailment,
    });
  }

  /** Another heartbeat, and the daemon has had time to read the one before. */
  async untilBeaten(): Promise<void> {
    const seq = this.#seq;
    await this.#here.until('it has beaten twice', async () => this.#seq >= seq + 2);
  }

  /** Killed and gone, without a word. */
  async remove(): Promise<void> {
    this.stopBeating();
    if (this.#id !== '') await docker(['rm', '-f', this.#id]);
    this.#id = '';
  }
}
