/** What every image has to go through, whatever its shape: held, stopped, let go, killed, and stopped. */
import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { execIn, stopContainer, type Container } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { assertClaimed, assertReleased, listCommands } from '../support/assertions.ts';
import { probeAll } from '../support/health-view.ts';
import { ProbeWatch } from '../support/probe-watch.ts';
import { kill, scenario, type Row, type Switch } from '../support/switch.ts';
import { APP_COMMAND, APP_PID_FILE, buildLayout, type Layout } from './layout-images.ts';

/** A short lease: the records of what was killed are soon overdue. */
const INTERVAL: Row = { CTRKIT_HEARTBEAT_INTERVAL: '1s' };
const HELD = '0,12,0';
const READY = '0,0,0';

type Owner = 'local' | 'kube';

/** Of this shape, built and started; its checks run each second. */
export async function startLayout(
  here: Switch,
  layout: Layout,
  { owner, args = [], env = {} }: { owner: Owner; args?: readonly string[]; env?: Row },
): Promise<Container> {
  const image = await buildLayout(layout);
  const mounts = await mountTexts(EACH_SECOND);
  return here.start(owner, { image, args, mounts, env: { ...INTERVAL, ...layout.env, ...env } });
}

const untilProbes = (here: Switch, container: Container, answers: string): Promise<true> =>
  here.until(
    `the probes say ${answers}`,
    async () => (await probeAll(container)).join() === answers || undefined,
    100,
  );

export async function countApps(container: Container): Promise<number> {
  return (await listCommands(container)).filter((line) => line.includes(APP_COMMAND)).length;
}

/** Held in every respect, before any agent may be there. */
export async function untilHeld(here: Switch, container: Container): Promise<void> {
  await here.untilHeld(container, 'feature-disabled');
  await untilProbes(here, container, HELD);
  assert.equal(await countApps(container), 0, 'the application runs');
}

/** As the holder, checked and well, by another claim than `before`. Returns its token. */
export async function untilWell(here: Switch, container: Container, before = ''): Promise<string> {
  const { token = '' } = await here.until(`${container.id} is well`, async () => {
    const row = await here.health();
    const isOwn = row['docker_id'] === container.id && row['token'] !== before;
    return isOwn && row['status'] === 'healthy' && row;
  });
  await untilProbes(here, container, READY);
  assert.equal(await countApps(container), 1);
  return token;
}

export async function lift(here: Switch): Promise<void> {
  await here.config.hset('FEATURE|snmp', 'state', 'enabled');
  here.startHost();
}

/** By itself. Returns its exit code. */
export async function untilEnded(here: Switch, container: Container): Promise<number> {
  const format = '{{.State.Status}} {{.State.ExitCode}}';
  const state = await here.until('the container has ended', async () => {
    const said = await dockerOutput(['inspect', '-f', format, container.id]);
    return said.startsWith('exited ') && said;
  });
  return Number(state.split(' ')[1]);
}

const startAgain = (container: Container): Promise<string> => dockerOutput(['start', container.id]);

/** By its own word: among the host's processes others may have its name. */
const killApplication = (container: Container): Promise<string> =>
  dockerOutput(['exec', container.id, 'sh', '-c', `kill -KILL "$(cat ${APP_PID_FILE})"`]);

/** Whoever is process 1 gets the orphans of the others. */
async function assertReaps(here: Switch, container: Container): Promise<void> {
  const orphan = 'for _ in 1 2 3; do (sleep 0.1 & sleep 0.1 & echo); done';
  await dockerOutput(['exec', container.id, 'sh', '-c', orphan]);
  const count = 'cat /proc/[0-9]*/stat 2>/dev/null | grep -c "(sleep)"';
  await here.until(
    'the orphans are reaped',
    async () => (await execIn(container, ['sh', '-c', count])).stdout.trim() === '0',
  );
}

/** `docker stop`, held: at once, where process 1 listens, and the record is as it was. */
async function stopHeld(here: Switch, container: Container, { heldExit }: Layout): Promise<void> {
  const before = await here.status();
  const { exitCode } = await stopContainer(container, heldExit === 137 ? 1 : undefined);
  assert.equal(exitCode, heldExit);
  assert.deepEqual(await here.status(), before);
}

/** From held to well; kubelet has no reason to restart it at any time. */
async function letGo(here: Switch, container: Container): Promise<void> {
  const watch = new ProbeWatch(container);
  await here.until('the watch has its first answer', async () => watch.answers.length > 0);
  await lift(here);
  await untilWell(here, container);
  await watch.end();
  assert.equal(watch.kinds[0], '0/12/0');
  assert.deepEqual([...new Set(watch.answers.map(({ liveness }) => liveness))], [0]);
}

/** The application, then the container, are killed; each time the next start claims anew. Well before and after. */
async function killBoth(here: Switch, container: Container, { crashExit }: Layout): Promise<void> {
  const claimed = await here.status();
  await killApplication(container);
  assert.equal(await untilEnded(here, container), crashExit);
  await assertReleased(here, claimed, othersOf(claimed));
  await startAgain(container);
  const second = await untilWell(here, container, claimed['claim_token']);

  const running = await here.status();
  await kill(container);
  assert.deepEqual(await here.status(), running, 'the killed container has changed its record');
  await startAgain(container);
  await untilWell(here, container, second);
}

const othersOf = ({ system_state }: Row): Row => (system_state === undefined ? {} : { system_state });

export const playKube = (layout: Layout, args: readonly string[] = []): void =>
  scenario(
    `${layout.title}, owner kube: held and live, ready after go, claims anew after each kill, releases (G6)`,
    async (here, t) => {
      await here.startDatabaseForKube();
      await here.config.hset('FEATURE|snmp', { state: 'disabled', auto_restart: 'enabled' });
      const fromMs = bootMs();
      const container = await startLayout(here, layout, { owner: 'kube', args });
      await untilHeld(here, container);
      // Among the host's processes somebody else is process 1.
      const isProcess1 = args.length === 0;
      if (isProcess1) await assertReaps(here, container);
      await stopHeld(here, container, layout);

      await startAgain(container);
      await untilHeld(here, container);
      await letGo(here, container);
      const others = { system_state: 'up' };
      await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs, others });
      if (isProcess1) await assertReaps(here, container);
      await killBoth(here, container, layout);
      const claimed = await here.status();
      await here.stop(container);
      await assertReleased(here, claimed, others);
      t.diagnostic(`${layout.name}, kube: ${bootMs() - fromMs} ms`);
    },
  );

export const playLocal = (layout: Layout): void =>
  scenario(
    `${layout.title}, owner local: ready, claims anew after each kill, releases (G23, G24)`,
    async (here, t) => {
      await here.startDatabase();
      await here.config.hset('FEATURE|snmp', 'auto_restart', 'enabled');
      const fromMs = bootMs();
      const container = await startLayout(here, layout, { owner: 'local' });
      await untilWell(here, container);
      await assertClaimed(here, container, { owner: 'local', version: '1.0.0', fromMs });
      await killBoth(here, container, layout);
      const claimed = await here.status();
      await here.stop(container);
      await assertReleased(here, claimed);
      t.diagnostic(`${layout.name}, local: ${bootMs() - fromMs} ms`);
    },
  );
