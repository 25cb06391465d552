import assert from 'node:assert/strict';
import { docker, dockerOutput } from '../../support/docker.ts';
import { execIn, type Container } from '../../support/images.ts';
import { assertCountsOn, inspectAgent } from '../support/agent.ts';
import { listCommands } from '../support/assertions.ts';
import { CHECKS_FILE, EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { checkIn, putHook } from '../support/checks.ts';
import { askAll, ProbeWatch } from '../support/probe-watch.ts';
import { probe, scenario, type Row, type Switch } from '../support/switch.ts';

const env = { CTRKIT_HEARTBEAT_INTERVAL: '1s' };
const WELL = { startup: 0, readiness: 0, liveness: 0 };

const CHECKS = `
[defaults]
periodSeconds = 1
[hooks]
"required.d/hangs" = { timeoutSeconds = 1 }
"required.d/forks" = { timeoutSeconds = 1 }
"required.d/escapes" = { timeoutSeconds = 1 }
"required.d/prints" = { periodSeconds = 3 }
"required.d/deleted" = { timeoutSeconds = 60 }
`;

/** Each sleeps for a time of its own, by which it is found again. */
const BAD_HOOKS = {
  hangs: {
    script: 'exec sleep 7001',
    result: 'failing',
    message: /^did not end within 1 s$/,
  },
  forks: {
    script: 'echo forked >&2\nsleep 7002 &\n(sleep 7003 & sleep 7004) &\nwait',
    result: 'failing',
    message: /^did not end within 1 s: forked$/,
  },
  // What has left the hook's session is out of reach, and holds its output: it ends by itself.
  escapes: {
    script: 'setsid sleep 4 &\nexec sleep 7005',
    result: 'failing',
    message: /^did not end within 1 s$/,
  },
  prints: {
    script: 'yes plenty | head -c 100000000 && : >/run/printed',
    result: 'ok',
    message: /^plenty$/,
  },
  'not-executable': {
    script: 'exit 0',
    mode: '644',
    result: 'failing',
    message: /^not run: it is not executable: chmod \+x /,
  },
  'written-by-others': {
    script: ': >/run/written-by-others-ran',
    mode: '777',
    result: 'failing',
    message: /^not run: others than root may write \/etc\/ctrkit\/.*chmod go-w/,
  },
} as const;

/** Runs until it is let go; the hook is deleted meanwhile. */
const DELETED =
  ': >/run/deleted-runs\nuntil [ -e /run/deleted-may-end ]; do sleep 0.1; done\n: >/run/deleted-ended';

const PRIVATE_DIRTY_LIMIT_KB = 40_000;

const isThere = async (container: Container, path: string): Promise<boolean> =>
  (await execIn(container, ['test', '-e', path])).code === 0;

async function startWithHooks(here: Switch, files: Row = EACH_SECOND): Promise<Container> {
  await here.startDatabase();
  const container = await here.start('local', { env, mounts: await mountTexts(files) });
  await here.untilStatus(container, 'healthy');
  return container;
}

/** Where the heartbeat does not say what is to be said: the checks that are not so, or not yet. */
function listOthers(health: Row): string[] {
  return Object.entries(BAD_HOOKS).flatMap(([name, { result, message }]) => {
    const check = checkIn(health, `required.d/${name}`);
    return check?.result === result && message.test(check.message)
      ? []
      : [`${name} ${JSON.stringify(check)}`];
  });
}

async function untilAllTold(here: Switch): Promise<Row> {
  let last: unknown;
  try {
    return await here.until('each hook has its own result', async () => {
      const health = await here.health();
      last = listOthers(health);
      return listOthers(health).length === 0 && health;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${String(last)}`, { cause: error });
  }
}

scenario(
  'hooks that hang, fork, escape, print 100 MB, can or may not be run, or are deleted leave the agent well and each its own result',
  async (here, t) => {
    const container = await startWithHooks(here, { [CHECKS_FILE]: CHECKS });
    const before = await inspectAgent(container);
    const recorder = await here.record();
    const watch = new ProbeWatch(container);
    await putHook(container, 'required.d/good', 'echo fine');
    await putHook(container, 'required.d/deleted', DELETED);
    for (const [name, hook] of Object.entries(BAD_HOOKS))
      await putHook(container, `required.d/${name}`, hook.script, 'mode' in hook ? hook.mode : '755');
    await here.until('the hook to delete runs', () => isThere(container, '/run/deleted-runs'));
    await dockerOutput(['exec', container.id, 'rm', '/etc/ctrkit/checks/required.d/deleted']);

    const told = await untilAllTold(here);
    assert.equal(told['status'], 'unhealthy');
    const beats = recorder.heartbeats.length;
    await here.until('ten more heartbeats', async () => recorder.heartbeats.length >= beats + 10);
    const after = await here.health();
    assert.deepEqual(listOthers(after), []);
    assert.deepEqual(
      [checkIn(after, 'required.d/good'), checkIn(after, 'required.d/deleted')],
      [{ ...checkIn(after, 'required.d/good'), result: 'ok', message: 'fine' }, undefined],
    );
    assert.deepEqual(await askAll(container), { startup: 0, readiness: 1, liveness: 1 });
    assert.equal(await isThere(container, '/run/deleted-ended'), false, 'the deleted hook was killed');
    await dockerOutput(['exec', container.id, 'touch', '/run/deleted-may-end']);
    await here.until('the deleted hook has ended by itself', () => isThere(container, '/run/deleted-ended'));

    const agent = await inspectAgent(container);
    t.diagnostic(`agent: ${before.privateDirtyKb} kB private dirty before, ${agent.privateDirtyKb} kB after`);
    assert.equal(agent.pid, before.pid, 'another agent');
    assert.ok(agent.privateDirtyKb < PRIVATE_DIRTY_LIMIT_KB, `${agent.privateDirtyKb} kB private dirty`);
    for (const name of Object.keys(BAD_HOOKS))
      await dockerOutput(['exec', container.id, 'rm', `/etc/ctrkit/checks/required.d/${name}`]);
    await here.untilStatus(container, 'healthy');
    assert.deepEqual(await askAll(container), WELL);
    await here.until('nothing of a killed hook runs', async () =>
      (await listCommands(container)).every((line) => !/\b(sleep|setsid|yes|head|cat)\b/.test(line)),
    );
    assert.equal(await isThere(container, '/run/written-by-others-ran'), false);
    assert.ok(await isThere(container, '/run/printed'), 'nobody read all of the output');
    await watch.end();
    t.diagnostic(`slowest answer of ${watch.answers.length}: ${watch.slowestMs} ms`);
    assertCountsOn(recorder.heartbeats);
  },
);

scenario(
  'a wanted check that fails degrades and does nothing else, and is healthy again when it is mended',
  async (here) => {
    const container = await startWithHooks(here);
    const watch = new ProbeWatch(container);
    const absent = '[ ! -e /run/peer-is-away ] || { echo "the peer is away"; exit 20; }';
    await putHook(container, 'wanted.d/peer', absent);
    const isPeer = (health: Row, result: string) => checkIn(health, 'wanted.d/peer')?.result === result;
    const healthy = await here.until('the peer is asked', async () => {
      const health = await here.health();
      return isPeer(health, 'ok') && health;
    });

    await dockerOutput(['exec', container.id, 'touch', '/run/peer-is-away']);
    const degraded = await here.untilStatus(container, 'degraded');
    assert.equal(degraded['reason'], 'wanted.d/peer: the peer is away');
    assert.ok(isPeer(degraded, 'failing'));
    assert.equal(degraded['healthy_since_ms'], healthy['healthy_since_ms'], 'the healthy clock was set back');
    assert.deepEqual(await probe(container, 'readiness'), { code: 0, stdout: '' });

    await dockerOutput(['exec', container.id, 'rm', '/run/peer-is-away']);
    const mended = await here.untilStatus(container, 'healthy');
    assert.deepEqual([mended['reason'], isPeer(mended, 'ok')], ['', true]);
    assert.equal(mended['healthy_since_ms'], healthy['healthy_since_ms'], 'the healthy clock was set back');
    await watch.end();
    assert.deepEqual(watch.kinds, ['0/0/0']);
  },
);

scenario('the probe answers a user that is not root, with yes and with the reason of a no', async (here) => {
  const container = await startWithHooks(here);
  const ask = (command: readonly string[]) => docker(['exec', '-u', 'nobody', container.id, ...command]);
  for (const name of ['startup', 'readiness', 'liveness'] as const)
    assert.deepEqual(await ask(['health_probe', name]), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(await ask(['/usr/bin/readiness_probe.sh']), { code: 0, stdout: '', stderr: '' });

  await putHook(container, 'required.d/link', 'echo "no link"; exit 21');
  await here.untilStatus(container, 'unhealthy');
  const no = { code: 21, stdout: 'not ready (21): required.d/link: no link\n', stderr: '' };
  assert.deepEqual(await ask(['health_probe', 'readiness']), no);
});
