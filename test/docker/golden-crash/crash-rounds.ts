/** A switch that gets one new version after the other, and a daemon that is killed all along. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { docker, dockerOutput } from '../../support/docker.ts';
import type { Host } from '../support/host.ts';
import { createSleeper, makeTinyImage, StandInPod } from '../support/stand-in-pod.ts';

export const POLICY = {
  active_time_to_mark_good: '500ms',
  tag_new_as_local: 'true',
  purge_older_image: 'true',
  purge_local_copy: 'true',
};

interface Kept {
  readonly imageId: string;
  readonly version: string;
}

export interface CrashLedger {
  readonly golden?: Kept;
  readonly previous?: Kept;
  readonly shipped?: Kept;
}

export class CrashRounds {
  readonly here: Host;
  readonly pod: StandInPod;
  /** Image ids by version number. */
  readonly #ids: string[] = [];
  #unrelated: string[] = [];
  #kills = 0;

  constructor(here: Host) {
    this.here = here;
    this.pod = new StandInPod(here);
  }

  get kills(): number {
    return this.#kills;
  }

  /** Version 0 is the switch's own, version 1 is golden; what looks like the feature's and is not is there too. */
  async begin(): Promise<void> {
    const { here } = this;
    const { localRepository: local, remoteRepository: remote } = here;
    this.#ids.push(await makeTinyImage('0.0.0', [`${local}:latest`, `${local}:0.0.0`]));
    this.#unrelated = [`${remote}-watchdog:0.0.1`, `${local}-sidecar:0.0.1`, `${local}-sidecar:latest`];
    for (const name of this.#unrelated) await makeTinyImage('0.0.1', [name]);
    await here.setConfig({ set_owner: 'kube' });
    here.startDaemon();
    await here.untilGolden(this.id(0));
    await this.deployNext();
    await this.untilSettled();
  }

  /** A new version with two names, over the one that runs. */
  async deployNext(): Promise<void> {
    const { here, pod } = this;
    const number = this.#ids.length;
    const version = `${number}.0.0`;
    const names = [`${here.remoteRepository}:${version}`, `${here.remoteRepository}:${number}.0.1`];
    const id = await makeTinyImage(version, names);
    this.#ids.push(id);
    // Kubernetes took over: the local container has stopped, and would start the image before.
    await docker(['rm', '-f', here.feature]);
    await createSleeper(here.feature, `${here.localRepository}:latest`);
    await pod.deploy(id, version);
  }

  id(number: number): string {
    return this.#ids.at(number) ?? '';
  }

  ledger(): CrashLedger {
    const ledger = this.here.ledger() as CrashLedger | undefined;
    assert.ok(ledger, 'there is a ledger');
    return ledger;
  }

  async killAndStart(): Promise<void> {
    this.#kills += 1;
    await this.here.stopDaemon('SIGKILL');
    await this.assertSafe();
    this.here.startDaemon();
  }

  /** At any moment: one golden image that is there, and the switch could start something that was good. */
  async assertSafe(): Promise<void> {
    const { golden, previous, shipped } = this.ledger();
    assert.ok(golden, 'there is a golden image');
    assert.notEqual(golden.imageId, previous?.imageId, 'golden and previous are two images');
    const kept = [golden, previous, shipped].flatMap((one) => one?.imageId ?? []);
    assert.ok([this.id(-1), this.id(-2)].includes(golden.imageId), `golden is ${golden.version}`);
    for (const id of kept) assert.ok(await this.here.hasImage(id), `${id} was removed`);
    const local = (await this.here.imageOf(`${this.here.localRepository}:latest`)) ?? 'none';
    assert.ok(kept.includes(local), `the local image is ${local}, kept are ${kept.join(', ')}`);
    for (const name of this.#unrelated) assert.ok(await this.here.imageOf(name), `${name} was removed`);
  }

  /** Everything that a certification brings is done. */
  async untilSettled(): Promise<void> {
    const { here } = this;
    await here.untilGolden(this.id(-1));
    await here.until('the golden image is the local one, and nothing older is left', async () => {
      const isTagged = (await here.imageOf(`${here.localRepository}:latest`)) === this.id(-1);
      const left = await this.#listOlder();
      const { code } = await docker(['container', 'inspect', here.feature]);
      return isTagged && left.length === 0 && code !== 0;
    });
    await here.until('STATE_DB mirrors the ledger', async () => {
      const { golden, previous = this.ledger().shipped } = this.ledger();
      const status = await here.status();
      return (
        status['container_stable_version'] === golden?.version &&
        status['container_last_version'] === (previous?.version ?? '')
      );
    });
    await this.assertSafe();
    const { previous, shipped } = this.ledger();
    assert.equal((previous ?? shipped)?.imageId, this.id(-2));
  }

  /** The versions before the previous one that the engine still has. The switch's own image stays: it is on the ladder. */
  async #listOlder(): Promise<string[]> {
    const left = (await dockerOutput(['images', '-aq', '--no-trunc'])).split('\n');
    return this.#ids.slice(1, -2).filter((id) => left.includes(id));
  }
}

/** An effect that was there before a kill is not seen again: none is waited for longer than this after the certification. */
const UNSEEN_AFTER_MS = 6_000;

/** What the engine tells of: `create` and `destroy` also of pins; `golden` stands in the ledger. */
export type Effect = 'tag' | 'create' | 'destroy' | 'untag' | 'delete' | 'golden';

/** The newest version is the golden one in the ledger. */
const isCertified = (rounds: CrashRounds): boolean => rounds.ledger().golden?.imageId === rounds.id(-1);

/** Tells what the engine does to images and removes of containers, the moment it does. */
export class EffectWatch {
  readonly #child: ChildProcess;
  #onEffect: ((effect: Effect) => void) | undefined;

  constructor() {
    const filters = ['type=image', 'type=container'].flatMap((filter) => ['--filter', filter]);
    this.#child = spawn('docker', ['events', ...filters, '--format', '{{.Action}}'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { stdout } = this.#child;
    assert.ok(stdout);
    createInterface(stdout).on('line', (line) => this.#onEffect?.(line.trim() as Effect));
  }

  /** Resolves with whichever of these is seen first, undefined if none is; the ledger is looked at all the time. */
  async next(wanted: ReadonlySet<Effect>, rounds: CrashRounds): Promise<Effect | undefined> {
    let timer: NodeJS.Timeout | undefined;
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Effect | undefined>((resolve) => {
        this.#onEffect = (effect) => wanted.has(effect) && resolve(effect);
        timer = setInterval(() => {
          if (!isCertified(rounds)) return;
          if (wanted.has('golden')) resolve('golden');
          else limit ??= setTimeout(() => resolve(undefined), UNSEEN_AFTER_MS);
        }, 1);
      });
    } finally {
      clearInterval(timer);
      clearTimeout(limit);
      this.#onEffect = undefined;
    }
  }

  close(): void {
    this.#child.kill();
  }
}
