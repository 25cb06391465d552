/** A shadow between recorders: the engine's socket, a Redis account that can only read, and a restart that leaves a file. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dockerOutput } from '../../support/docker.ts';
import { LABEL } from '../../support/images.ts';
import type { Host } from '../support/host.ts';
import { EngineRecorder } from './engine-recorder.ts';
import { makeReadOnlyAccount, readRefusals } from './read-only-account.ts';

export class Watched {
  readonly #here: Host;
  readonly #engine: EngineRecorder;

  private constructor(here: Host) {
    this.#here = here;
    this.#engine = new EngineRecorder(`${here.directory}/engine.sock`);
  }

  /** `env` is what the scenario's daemons get beside the rest. */
  static async start(here: Host, env: Record<string, string>): Promise<Watched> {
    const watched = new Watched(here);
    await watched.#engine.start();
    Object.assign(env, {
      CTRKIT_REDIS: await makeReadOnlyAccount(here.state, here.database.socketPath),
      DOCKER_HOST: `unix://${watched.#engine.socketPath}`,
      CTRKIT_RESTART_COMMAND: `touch ${here.directory}/restarted-{feature}`,
    });
    return watched;
  }

  /** What was refused or asked for beyond reading, so far. */
  async touches(): Promise<string[]> {
    const { feature, directory, stateDir, state } = this.#here;
    return [
      ...(await readRefusals(state)),
      ...this.#engine.changes,
      ...[`${directory}/restarted-${feature}`, stateDir, `${directory}/run/ctrkitd.json`].filter((path) =>
        existsSync(path),
      ),
    ];
  }

  async assertUntouched(): Promise<void> {
    assert.deepEqual(await this.touches(), []);
    for (const path of ['/events', '/containers/json', '/images/json'])
      assert.ok(
        this.#engine.requests.some((request) => request.includes(path)),
        `the engine was asked for ${path}`,
      );
    assert.doesNotMatch(this.#here.daemonLog(), /NOPERM|failed:/);
  }

  stop(): void {
    this.#engine.stop();
  }
}

/** This scenario's containers and images with their names, and its files; not what a shadow may leave. */
export async function listWorld({ directory }: Host): Promise<string[]> {
  const filter = `label=${LABEL}=${process.pid}`;
  const containers = await dockerOutput(['ps', '-a', '--filter', filter, '--format', '{{.ID}} {{.Names}}']);
  const images = await dockerOutput([
    'images',
    '--filter',
    filter,
    '--format',
    '{{.ID}} {{.Repository}}:{{.Tag}}',
  ]);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !/^(?:run\/shadow(?:\/ctrkitd(?:\.json|-\w+\.lock))?|ctrkitd\.log)$/.test(path),
  );
  return [...containers.split('\n'), ...images.split('\n'), ...files].toSorted();
}
