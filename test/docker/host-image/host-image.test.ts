import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { docker, dockerOutput } from '../../support/docker.ts';
import { LABEL, type Container } from '../../support/images.ts';
import { hostScenario, type Host } from '../support/host.ts';

const POLICY = { active_time_to_mark_good: '3s', tag_new_as_local: 'true' };
const ENGINE = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') || '/var/run/docker.sock';
/** As the head of docker/host/Dockerfile has it. */
const RIGHTS = '--pid host --cap-add SYS_ADMIN --cap-add SYS_PTRACE --security-opt apparmor=unconfined';

/** The daemon in the image, with folders of the scenario's own in place of the host's. */
async function runHostImage(here: Host, env: Readonly<Record<string, string>>): Promise<Container> {
  const { directory } = here;
  const name = `ctrkit-test-${process.pid}-host`;
  const mounts = {
    [ENGINE]: '/var/run/docker.sock',
    [directory]: '/var/run/redis',
    [`${directory}/state`]: '/var/lib/ctrkit',
    [`${directory}/run`]: '/run/ctrkit',
    [`${directory}/templates`]: '/usr/share/sonic/templates:ro',
  };
  const id = await dockerOutput([
    'run',
    '-d',
    '--name',
    name,
    '--label',
    `${LABEL}=${process.pid}`,
    ...RIGHTS.split(' '),
    ...Object.entries(mounts).flatMap(([from, to]) => ['-v', `${from}:${to}`]),
    ...Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    'ctrkit/host',
  ]);
  return { id: id.slice(0, 12), name };
}

hostScenario(
  'the image of the host side certifies, answers `ctrkit status` and `container id`, restarts services in the host’s own mounts, and ends at SIGTERM',
  { policy: POLICY },
  async (here, t) => {
    const { directory, feature } = here;
    mkdirSync(`${directory}/templates`);
    writeFileSync(
      `${directory}/templates/ctr_image_names.json`,
      JSON.stringify({ [feature]: here.localRepository }),
    );
    // Only the host has it: what runs it is in the host's mounts.
    const restart = `${directory}/restart`;
    writeFileSync(restart, `#!/bin/sh\necho "$@" >>${directory}/restarted\n`);
    chmodSync(restart, 0o755);
    const v1 = await here.startLocal('1.0.0');
    const host = await runHostImage(here, {
      // This process stands for the host's process 1.
      CTRKIT_RESTART_COMMAND: `nsenter --target ${process.pid} --mount -- ${restart} {feature}`,
    });
    await here.untilGolden(v1);

    const ctrkit = (...args: string[]) => docker(['exec', host.id, ...args]);
    const listed = await ctrkit('ctrkit', 'status', '--json');
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, new RegExp(`"${feature}"`));
    assert.doesNotMatch(listed.stdout + listed.stderr, /does not run/);
    const found = await ctrkit('container', 'id', feature);
    assert.deepEqual([found.code, found.stdout.trim()], [0, feature], found.stderr);
    // The image has no kubelet.conf, and whether the switch has joined is not for it to say.
    assert.deepEqual(await here.state.hgetall('KUBERNETES_MASTER|SERVER'), { connected: 'true' });
    const seen = await here.command('ctrkit', 'status');
    assert.doesNotMatch(seen.stdout + seen.stderr, /does not run/, 'the host’s own ctrkit finds the daemon');

    const v2 = await here.buildImage('2.0.0');
    await here.setConfig({ set_owner: 'kube' });
    await here.kubelet.deploy(v2);
    await here.until('the restart is asked for', async () => {
      const { stdout } = await docker(['exec', host.id, 'sh', '-c', 'cat /var/run/redis/restarted']);
      return stdout.includes(feature);
    });
    assert.equal(readFileSync(`${directory}/restarted`, 'utf8').split('\n')[0], feature);
    await here.unit('restart');
    await here.untilRuns('kube', '2.0.0');
    await here.untilGolden(v2);

    const waiting = once(spawn('docker', ['wait', host.id]), 'exit');
    const before = performance.now();
    await dockerOutput(['kill', '--signal', 'TERM', host.id]);
    await waiting;
    t.diagnostic(`SIGTERM to end: ${Math.round(performance.now() - before)} ms`);
    assert.equal(await dockerOutput(['inspect', '-f', '{{.State.ExitCode}}', host.id]), '0');
  },
);

test('the tar out of the image, as its Dockerfile gives it, brings a host the commands, and touches no folder of its own', () => {
  const root = mkdtempSync(join(tmpdir(), 'ctrkit-host-'));
  try {
    mkdirSync(`${root}/usr/lib`, { recursive: true, mode: 0o750 });
    const text = readFileSync(new URL('../../../docker/host/Dockerfile', import.meta.url), 'utf8');
    const [command = '', end = ''] = text
      .split('\n')
      .filter((line, i, all) => /tar -C \/ -c/.test(line) || /tar -C \/ -c/.test(all[i - 1] ?? ''))
      .map((line) => line.replace(/^#\s+/, ''));
    const line = `${command}\n${end}`.replace('tar -x -C /', `tar -x -C ${root}`);
    const { status, stderr } = spawnSync('sh', ['-ec', line], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0, stderr);
    for (const name of ['usr/local/bin/container', 'usr/bin/ctrkit']) {
      const ran = spawnSync(`${root}/${name}`, ['--help'], { encoding: 'utf8', env: {}, timeout: 30_000 });
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(ran.stdout, /^Usage: /);
    }
    assert.equal(statSync(`${root}/usr/lib`).mode & 0o777, 0o750);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
