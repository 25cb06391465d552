import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { dockerOutput } from '../../support/docker.ts';
import { buildImage, makeDirectory, type Container } from '../../support/images.ts';
import { assertCountsOn } from '../support/agent.ts';
import { CHECKS_FILE, MORE_PROGRAMS_FILE, mountTexts } from '../support/altered-files.ts';
import { checkIn } from '../support/checks.ts';
import { ProbeWatch } from '../support/probe-watch.ts';
import type { Recorder } from '../support/recorder.ts';
import { scenario, type Row, type Switch } from '../support/switch.ts';

const YEAR_S = 365 * 24 * 3600;
const MAX_AGE_S = 10;

/** Debian's libfaketime under every process: the wall clock that they are told is off by what a file says. */
const DOCKERFILE = `FROM ctrkit/snmp:1.0.0
RUN if ! dpkg -s libfaketime >/dev/null 2>&1; then \\
      apt-get update && apt-get install -y --no-install-recommends libfaketime; \\
    fi
ENV LD_PRELOAD=/usr/\\$LIB/faketime/libfaketimeMT.so.1 \\
    FAKETIME_TIMESTAMP_FILE=/faketime/offset \\
    FAKETIME_NO_CACHE=1 \\
    DONT_FAKE_MONOTONIC=1
`;

/** Beats, and writes a file with the time of the clock that it is told. */
const WORKER = `
[program:worker]
command=/bin/sh -c 'while sleep 0.5; do touch /run/worker; printf "<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->"; done'
stdout_capture_maxbytes=1KB
stdout_logfile=NONE
`;
const CHECKS = `
[defaults]
periodSeconds = 1
[checks]
work = { file = "/run/worker", maxAgeSeconds = ${MAX_AGE_S}, kind = "wanted" }
`;

/** What everything in a container takes the wall clock for. */
class FakedClock {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get mount(): string {
    return `${this.#directory}:/faketime:ro`;
  }

  /** Seconds from the real one. */
  async set(offsetS: number): Promise<void> {
    await writeFile(`${this.#directory}/new`, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
    await rename(`${this.#directory}/new`, `${this.#directory}/offset`);
  }
}

async function startFaked(here: Switch, clock: FakedClock): Promise<Container> {
  await here.startDatabase();
  await here.config.hset('HEARTBEAT|worker', { heartbeat_interval: '6000', alert_interval: '12000' });
  const mounts = await mountTexts({
    [CHECKS_FILE]: CHECKS,
    [MORE_PROGRAMS_FILE]: WORKER,
    '/etc/supervisor/watchdog_processes': 'program:worker\n',
  });
  const image = await buildImage('faketime', DOCKERFILE);
  const env = { CTRKIT_HEARTBEAT_INTERVAL: '1s' };
  return here.start('local', { image, env, mounts: [...mounts, clock.mount] });
}

/** By how much the agent's wall clock is off when it writes a heartbeat, in years. */
const yearsOff = (beat: Row | undefined): number =>
  Math.round((Number(beat?.['updated_ts']) - Date.now() / 1000) / YEAR_S);

/** The clock is set; and then the agent goes on for longer than anything that it watches may be silent. */
async function step(
  here: Switch,
  by: { clock: FakedClock; recorder: Recorder; years: number },
): Promise<void> {
  const { clock, recorder, years } = by;
  await clock.set(years * YEAR_S);
  await here.until(
    `the agent's clock is off by ${years} years`,
    async () => yearsOff(recorder.heartbeats.at(-1)) === years,
  );
  const beats = recorder.heartbeats.length;
  await here.until('it beats on', async () => recorder.heartbeats.length > beats + MAX_AGE_S + 3);
}

scenario(
  'a wall clock that is set forth and back by a year changes no check, no status, no answer and no duration',
  async (here) => {
    const clock = new FakedClock(await makeDirectory());
    await clock.set(0);
    const container = await startFaked(here, clock);
    const healthy = await here.untilStatus(container, 'healthy');
    const recorder = await here.record();
    const watch = new ProbeWatch(container);
    for (const years of [1, -1, 0]) await step(here, { clock, recorder, years });
    await watch.end();

    assert.deepEqual(watch.kinds, ['0/0/0']);
    const { heartbeats } = recorder;
    assertCountsOn(heartbeats);
    const said = new Set(
      heartbeats.map(
        ({ status, reason, restarts, healthy_since_ms: since }) => `${status} ${reason} ${restarts} ${since}`,
      ),
    );
    assert.deepEqual([...said], [`healthy  0 ${healthy['healthy_since_ms']}`]);
    assert.deepEqual(
      heartbeats.filter(({ checks = '' }) => /"(failing|unknown)"|beats late/.test(checks)),
      [],
    );
    const beatMs = heartbeats.map((beat) => Number(beat['beat_ms']));
    const gaps = beatMs.slice(1).map((ms, i) => ms - (beatMs[i] ?? NaN));
    assert.ok(
      Math.min(...gaps) > 0 && Math.max(...gaps) < 600_000,
      `from beat to beat: ${gaps.join(' ')} ms`,
    );

    // What is too old is told all the same, though its time is a year ahead.
    await clock.set(YEAR_S);
    await dockerOutput(['exec', container.id, 'supervisorctl', 'stop', 'worker']);
    const degraded = await here.untilStatus(container, 'degraded');
    assert.match(
      checkIn(degraded, 'work')?.message ?? '',
      /^\/run\/worker: has not changed for \d+ s, more than 10 s$/,
    );
  },
);
