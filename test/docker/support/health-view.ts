/** What the tests see of a container's health: its heartbeats, the probe's answers, and their course. */
import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeDirectory, type Container } from '../../support/images.ts';
import { assertCountsOn } from './agent.ts';
import { checkIn } from './checks.ts';
import { askAll } from './probe-watch.ts';
import type { Recorder, Write } from './recorder.ts';
import type { Row, Switch } from './switch.ts';

/** The exit codes of startup, readiness and liveness. */
export async function probeAll(container: Container): Promise<number[]> {
  const { startup, readiness, liveness } = await askAll(container);
  return [startup, readiness, liveness];
}

/** The heartbeat as soon as this check of it says so. */
export const untilCheckSays = (here: Switch, name: string, text: RegExp): Promise<Row> =>
  here.until(`${name} says ${String(text)}`, async () => {
    const row = await here.health();
    return text.test(checkIn(row, name)?.message ?? '') && row;
  });

/** Every heartbeat, in order. */
export const heartbeats = (recorder: Recorder, feature = 'snmp'): Write[] =>
  recorder.writes.filter(
    ({ db, key, name }) => db === 6 && name === 'hset' && key === `CONTAINER_HEALTH|${feature}`,
  );

/** The statuses that it was recorded with, each as often as it came anew. */
export const statusCourse = (recorder: Recorder): string[] =>
  heartbeats(recorder)
    .map(({ fields }) => fields['status'] ?? '')
    .filter((status, i, all) => status !== all[i - 1]);

/** No heartbeat is missing, and none is of another start. */
export function assertUnbroken(recorder: Recorder): void {
  const beats = heartbeats(recorder).map(({ fields }) => fields);
  assertCountsOn(beats);
  assert.equal(new Set(beats.map(({ token }) => token)).size, 1);
}

/** The run folder of a container, on the host: every line for the probe is seen as it is put there. */
export class ProbeLines {
  readonly mount: string;
  /** The exit codes of startup, readiness and liveness, each set as often as it came anew. */
  readonly answers: string[] = [];

  private constructor(folder: string) {
    this.mount = `${folder}:/run/ctrkit`;
  }

  static async watch(t: TestContext): Promise<ProbeLines> {
    const folder = await makeDirectory();
    const lines = new ProbeLines(folder);
    const watcher = watch(folder, (_, name) => {
      if (name === 'health') void lines.add(join(folder, name)).catch(() => undefined);
    });
    t.after(() => watcher.close());
    return lines;
  }

  private async add(file: string): Promise<void> {
    const answers = (await readFile(file, 'latin1')).split(' ').slice(1, 4).join(' ');
    if (answers !== this.answers.at(-1)) this.answers.push(answers);
  }
}
